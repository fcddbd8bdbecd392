import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import type { Clock } from "../../../base/clock.ts";
import { TokenBucket } from "../../../base/tokenBucket.ts";
import type { Logger } from "../../../base/logger.ts";
import { endMarked, MARKER_NAME, signalQuietly } from "../../offspring.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type { SpawnPlan } from "../../isolation/isolation.ts";

export interface AgentExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Set when the program could not be started at all. */
  readonly startError?: string;
  /** What its box has to say about its end, in a sentence. */
  readonly verdict?: string;
}

export interface AgentProcessOptions {
  readonly plan: SpawnPlan;
  /** A value unique to this process that its whole offspring carries in its environment. */
  readonly marker: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Values that no log line and no sentence may show. */
  readonly secrets: readonly string[];
  /** Standard error as it comes, not cleaned. */
  readonly onStderr: (text: string) => void;
  /** Called before the process is ended in the polite way, which waits for it. */
  readonly onEnding?: (() => Promise<void>) | undefined;
}

const pipeDrainMs = 200;
const graceAfterCloseMs = 500;
const graceAfterTermMs = 2_000;
const maxTail = 8 * 1024;
const maxLoggedLines = 2_000;
/** Of standard error, in a second. A program that writes more waits in its own write. */
const stderrBytesPerSecond = 4 * 1024 * 1024;
const stderrPauseMs = 50;

/** One agent's process and all that it starts. Its standard streams carry ACP; standard error goes to the host's log. */
export class AgentProcess {
  readonly #options: AgentProcessOptions;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exited: Promise<AgentExit>;
  #hasExited = false;
  #tail = "";
  #loggedLines = 0;
  readonly #stderr: TokenBucket;
  #ending: Promise<void> | undefined;

  constructor(options: AgentProcessOptions) {
    this.#options = options;
    this.#stderr = new TokenBucket(options.clock, stderrBytesPerSecond, stderrBytesPerSecond);
    const { file, args, env, cwd } = options.plan;
    this.#child = spawn(file, args, {
      cwd,
      env: { ...env, [MARKER_NAME]: options.marker },
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own, so that a signal reaches what it started and none of ours.
      detached: true,
    });
    const ended = new Promise<AgentExit>((resolve) => {
      const end = (exit: AgentExit) => {
        this.#hasExited = true;
        resolve(exit);
      };
      this.#child.once("error", (error) => end({ exitCode: null, signal: null, startError: error.message }));
      // Its last words may still be in the pipe; but what it started may hold the pipe open for ever.
      this.#child.once("exit", (exitCode, signal) => {
        options.clock.setTimeout(() => end({ exitCode, signal }), pipeDrainMs);
      });
      this.#child.once("close", (exitCode, signal) => end({ exitCode, signal }));
    });
    const { box } = options.plan;
    this.exited = ended.then(async (exit) => {
      const verdict = await box?.verdict();
      return verdict === undefined ? exit : { ...exit, verdict };
    });
    void this.exited.then(async () => {
      // The control group tells what was used, and goes with the box.
      await options.onEnding?.();
      await box?.end();
    });
    box?.exceeded.addEventListener("abort", () => void this.end(true), { once: true });
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (chunk: string) => this.#heard(chunk));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  streams(): { input: WritableStream<Uint8Array>; output: ReadableStream<Uint8Array> } {
    return {
      input: Writable.toWeb(this.#child.stdin),
      output: Readable.toWeb(this.#child.stdout) as ReadableStream<Uint8Array>,
    };
  }

  /** The last words on standard error, fit to show. */
  get lastWords(): string {
    const lines = this.#tail
      .split(/[\r\n]+/)
      .map((line) => cleanText(line, this.#options.secrets))
      .filter((line) => line !== "");
    return lines.slice(-3).join(" ").slice(-500);
  }

  #heard(chunk: string): void {
    this.#tail = (this.#tail + chunk).slice(-maxTail);
    this.#options.onStderr(chunk);
    this.#throttle(chunk.length);
    if (this.#loggedLines >= maxLoggedLines) return;
    for (const line of chunk.split(/[\r\n]+/)) {
      if (line.trim() === "") continue;
      this.#loggedLines += 1;
      this.#options.logger.debug("agent stderr", { line: cleanText(line, this.#options.secrets) });
    }
    if (this.#loggedLines >= maxLoggedLines)
      this.#options.logger.warn("agent stderr is no longer logged: too many lines");
  }

  #throttle(length: number): void {
    if (this.#stderr.take(length)) return;
    const { stderr } = this.#child;
    stderr.pause();
    const resume = () => {
      if (this.#stderr.take(length)) stderr.resume();
      else this.#options.clock.setTimeout(resume, stderrPauseMs);
    };
    this.#options.clock.setTimeout(resume, stderrPauseMs);
  }

  /**
   * Ends the process and everything it started: end of input, then SIGTERM and SIGKILL to the group, then SIGKILL to
   * whatever left the group. Resolves when nothing is left (or, after two seconds of trying, with a warning in the log).
   * @param atOnce skips the polite part
   */
  end(atOnce = false): Promise<void> {
    if (atOnce) this.#signal("SIGKILL");
    this.#ending ??= this.#end(atOnce);
    return this.#ending;
  }

  async #end(atOnce: boolean): Promise<void> {
    if (!atOnce) {
      await this.#options.onEnding?.();
      this.#child.stdin.end();
      if (!(await this.#exitsWithin(graceAfterCloseMs))) {
        this.#signal("SIGTERM");
        await this.#exitsWithin(graceAfterTermMs);
      }
    }
    this.#signal("SIGKILL");
    await this.exited;
    const isAllGone = await endMarked(this.#options.marker, this.#options.clock);
    await this.#options.plan.box?.end();
    if (!isAllGone) this.#options.logger.warn("an agent's processes could not all be ended", { pid: this.pid });
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    if (this.#hasExited) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#options.clock.setTimeout(() => resolve(false), ms);
    void this.exited.then(() => resolve(true));
    try {
      return await promise;
    } finally {
      timer.dispose();
    }
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    // The group outlives its leader as long as one member does.
    if (this.#child.pid !== undefined) signalQuietly(-this.#child.pid, signal);
  }
}
