import { execFile, type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EgressGate } from "../../src/host/isolation/egress/gate.ts";
import {
  type IsolatedProcess,
  type Isolation,
  makeIsolation,
  type SpawnPlan,
} from "../../src/host/isolation/isolation.ts";
import { BoxConfig, EgressConfig } from "../../src/host/isolation/isolationConfig.ts";
import { systemClock } from "../../src/host/systemClock.ts";

/** A container may have the program and forbid what it does. */
const trial = ["--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "true"];
export const hasBubblewrap = spawnSync("bwrap", trial).status === 0;
if (!hasBubblewrap) {
  process.stderr.write(
    "SKIPPED: bubblewrap is missing or does not work, so nothing of the isolation is tested here.\n",
  );
}

export interface BoxOutcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BoxSettings {
  readonly box?: Partial<BoxConfig>;
  readonly egress?: Partial<EgressConfig>;
  readonly hidden?: readonly string[];
  readonly gate?: EgressGate;
  readonly path?: string;
}

/** A data directory with two sessions, as a host has it. */
export class BoxStage {
  readonly directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-box-")));
  readonly dataDir = path.join(this.directory, "data");
  readonly #plans: SpawnPlan[] = [];
  // The host's timers keep no process alive.
  readonly #alive = setInterval(() => {}, 60_000);

  constructor() {
    for (const session of ["one-00000000", "two-00000000"]) {
      for (const name of ["workspace", "home", "git"])
        mkdirSync(path.join(this.#sessionOf(session), name), { recursive: true });
      writeFileSync(path.join(this.#sessionOf(session), "workspace", "secret"), `secret of ${session}`);
    }
    writeFileSync(path.join(this.dataDir, "host.db"), "log");
  }

  get root(): string {
    return path.join(this.#sessionOf("one-00000000"), "workspace");
  }

  get home(): string {
    return path.join(this.#sessionOf("one-00000000"), "home");
  }

  isolation({
    box,
    egress,
    hidden = [],
    gate,
    path: searchPath = process.env["PATH"] ?? "",
  }: BoxSettings = {}): Isolation {
    return makeIsolation("bubblewrap", {
      dataDir: this.dataDir,
      hidden,
      path: searchPath,
      clock: systemClock,
      box: BoxConfig.parse(box ?? {}),
      egress: EgressConfig.parse(egress ?? {}),
      ...(gate && { gate }),
    });
  }

  async plan(
    isolation: Isolation,
    command: readonly string[],
    more: Partial<IsolatedProcess> = {},
  ): Promise<SpawnPlan> {
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.home, ...more.env };
    const own = { sessionId: "one-00000000", root: this.root, home: this.home };
    const plan = await isolation.plan({ ...own, ...more, command, env });
    this.#plans.push(plan);
    return plan;
  }

  start(plan: SpawnPlan): ChildProcess {
    return spawn(plan.file, [...plan.args], {
      env: plan.env,
      cwd: plan.cwd,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }

  /** Runs a command in a box of its own to its end. */
  async run(
    isolation: Isolation,
    command: readonly string[],
    more: Partial<IsolatedProcess> = {},
  ): Promise<BoxOutcome> {
    const plan = await this.plan(isolation, command, more);
    const { file, args, env, cwd } = plan;
    const outcome = await new Promise<BoxOutcome>((resolve) => {
      execFile(file, [...args], { env, cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : null) : 0;
        resolve({ code, signal: error?.signal ?? null, stdout, stderr });
      });
    });
    await plan.box?.end();
    return outcome;
  }

  async sh(isolation: Isolation, script: string, more: Partial<IsolatedProcess> = {}): Promise<string> {
    return (await this.run(isolation, ["/bin/sh", "-c", script], more)).stdout.trim();
  }

  async dispose(): Promise<void> {
    clearInterval(this.#alive);
    for (const plan of this.#plans) await plan.box?.end();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #sessionOf(session: string): string {
    return path.join(this.dataDir, "sessions", session);
  }
}
