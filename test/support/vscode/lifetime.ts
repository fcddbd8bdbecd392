import { spawn } from "node:child_process";
import { constants } from "node:os";

/** May return a promise, which is then waited for. */
type Step = () => unknown;

const STEP_LIMIT_MS = 10_000;
const alive = new Set<Lifetime>();
let isListening = false;

/**
 * Ends what a run has started, newest first, whatever happens: on `end()` and on SIGINT, SIGTERM and SIGHUP. A step
 * that fails or hangs does not keep the others from running.
 */
export class Lifetime {
  #steps: Step[] = [];

  constructor() {
    alive.add(this);
    listenForSignals();
  }

  /** Adds a step; the returned function runs it early, once. */
  defer(step: Step): () => Promise<void> {
    const once: Step = () => {
      this.#steps = this.#steps.filter((other) => other !== once);
      return step();
    };
    this.#steps.push(once);
    return async () => {
      if (this.#steps.includes(once)) await within(once, STEP_LIMIT_MS);
    };
  }

  async end(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) await within(step, STEP_LIMIT_MS);
    alive.delete(this);
  }
}

async function within(step: Step, limitMs: number): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  try {
    await Promise.race([Promise.resolve().then(step), expired]);
  } catch (error) {
    console.error(`clean-up: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function listenForSignals(): void {
  if (isListening) return;
  isListening = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      void Promise.all([...alive].map((lifetime) => lifetime.end())).then(() =>
        process.exit(128 + constants.signals[signal]),
      );
    });
  }
}

/** Kills a process group that was started with `detached: true`, at once. One that is gone already is fine. */
export function killGroup(pid: number): void {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/**
 * Kills the process group and removes the folder if this process is killed outright: a small shell waits on a pipe
 * whose other end closes with this process. Returns how to let go of it.
 */
export function guardAgainstKill(pid: number, folder: string): () => void {
  if (process.platform === "win32") return () => {};
  const script = 'read -r word || true; if [ "$word" != done ]; then kill -9 "-$1"; rm -rf "$2"; fi';
  const guard = spawn("sh", ["-c", script, "guard", String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  return () => guard.stdin.end("done\n");
}
