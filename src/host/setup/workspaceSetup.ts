import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { FleetSetup } from "../../protocol/fleetSetup.ts";
import { terminalUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import type { Isolation } from "../isolation/isolation.ts";
import { AgentLog } from "../providers/acp/agentLog.ts";
import type { MachineMeter } from "../machine/machineMeter.ts";
import { AgentProcess } from "../providers/acp/agentProcess.ts";
import { cleanEnvironment, makeHomeDirectory } from "../workspaces/environment.ts";
import { cleanText } from "../workspaces/gitFailure.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import type { Setup } from "./setup.ts";

export interface WorkspaceSetupOptions {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isolation: Isolation;
  readonly newId: () => string;
  /** Where programs are looked for. */
  readonly searchPath: string | undefined;
  readonly timeoutMs: number;
  /** How a session's workspace is set up. */
  readonly setupOf: (sessionId: string) => Promise<Setup>;
  /** Told of the program that sets a workspace up. */
  readonly meter?: Pick<MachineMeter, "watch">;
}

/** The channels of the session that the set-up is for. */
export interface SetupTarget {
  readonly id: string;
  readonly session: string;
  readonly chat: string;
  readonly fleet: string;
}

const maxLastWords = 500;

/**
 * Runs the set-up of a workspace once, inside the session's isolation and before its agent's first turn. What it writes is
 * a terminal of the session without input. One that failed, or that a host's end cut short, runs again when the session
 * goes on.
 */
export class WorkspaceSetup {
  readonly #options: WorkspaceSetupOptions;

  constructor(options: WorkspaceSetupOptions) {
    this.#options = options;
  }

  /** @param onStart called when there is something to run. Throws `setup.failed`, `isolation.missing` or `cancelled`. */
  async run(
    target: SetupTarget,
    workspace: Workspace,
    { onStart, signal }: { readonly onStart: () => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const { channels, clock, setupOf } = this.#options;
    const fleet = channels.state("fleetSession", target.fleet);
    // A session that has worked already was set up, or began before there was anything to do.
    if (fleet === undefined || fleet.setup?.status === "done") return;
    const hasWorked = fleet.checkpoints.length > 0 && fleet.forkedFrom === undefined;
    if (fleet.setup === undefined && hasWorked) return;
    const { script, source } = await setupOf(target.id);
    if (script === undefined) return;
    onStart();
    const log = await this.#openLog(target);
    const tell = (setup: Omit<FleetSetup, "source" | "log">) => {
      if (!channels.isLoaded(target.fleet)) return;
      channels.dispatch(target.fleet, { type: "x-fleet/setupChanged", setup: { ...setup, source, log } });
    };
    tell({ status: "running" });
    const startedAt = clock.elapsed();
    try {
      await this.#execute(target, workspace, script, log, signal);
      tell({ status: "done", durationMs: Math.round(clock.elapsed() - startedAt), exitCode: 0 });
    } catch (error) {
      const exitCode = AppError.is(error, "setup.failed") ? error.details["exitCode"] : undefined;
      const code = typeof exitCode === "number" ? { exitCode } : {};
      if (!signal.aborted) tell({ status: "failed", durationMs: Math.round(clock.elapsed() - startedAt), ...code });
      throw error;
    }
  }

  async #execute(
    target: SetupTarget,
    { paths }: Workspace,
    script: string,
    log: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { channels, clock, logger, isolation, newId, searchPath, timeoutMs } = this.#options;
    const { root, home } = paths;
    await makeHomeDirectory(home, ["tmp"]);
    const env = { ...cleanEnvironment(home, searchPath), ...paths.env, CI: "1" };
    const command = ["/bin/sh", "-ec", `exec 2>&1 </dev/null\n${script}`];
    const plan = await isolation.plan({ sessionId: target.id, command, env, root, home });
    if (signal.aborted) {
      await plan.box?.end();
      throw cancelled();
    }
    let tail = "";
    const output = new AgentLog(clock, [], (data) => {
      tail = (tail + data).slice(-maxLastWords);
      if (channels.isLoaded(log)) channels.dispatch(log, { type: "terminal/data", data });
    });
    const onStderr = (text: string) => output.write(text);
    const marker = newId();
    const process = new AgentProcess({ plan, marker, clock, logger, secrets: [], onStderr });
    this.#options.meter?.watch(target.id, { marker, cgroups: plan.box?.cgroups });
    let ended: "timeout" | "cancelled" | undefined;
    const end = (why: "timeout" | "cancelled") => {
      ended ??= why;
      void process.end(true);
    };
    const onAbort = () => end("cancelled");
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = clock.setTimeout(() => end("timeout"), timeoutMs);
    try {
      await forward(process, output);
      const exit = await process.exited;
      output.flush();
      if (ended === "cancelled") throw cancelled();
      if (ended === "timeout") throw tooLong(timeoutMs);
      if (exit.exitCode !== 0) throw failed(exit.verdict ?? exit.startError ?? tail, exit.exitCode);
    } finally {
      timer.dispose();
      signal.removeEventListener("abort", onAbort);
      output.dispose();
      // What it left running in the background is no part of the workspace.
      await process.end(true);
    }
  }

  async #openLog(target: SetupTarget): Promise<string> {
    const { channels } = this.#options;
    const uri = terminalUri(target.id, "setup");
    if (await channels.load(uri)) {
      channels.dispatch(uri, { type: "terminal/cleared" });
      return uri;
    }
    channels.create(uri, "terminal", {
      title: "Set-up",
      content: [],
      lifecycle: { status: "running" },
      claim: { kind: "session", session: target.session, chat: target.chat },
      isPty: false,
    });
    return uri;
  }
}

async function forward(process: AgentProcess, output: AgentLog): Promise<void> {
  const decoder = new TextDecoder();
  const exited = process.exited.then(() => ({ done: true as const, value: undefined }));
  const reader = process.streams().output.getReader();
  for (;;) {
    // A program that it left in the background may hold the pipe open for ever.
    const { done, value } = await Promise.race([reader.read(), exited]);
    if (done) return;
    output.write(decoder.decode(value, { stream: true }));
  }
}

function failed(words: string, exitCode: number | null): AppError {
  const said = cleanText(words);
  const how = exitCode === null ? "it was ended" : `exit code ${exitCode}`;
  const sentence = `The set-up of the workspace failed (${how})${said === "" ? "" : `: ${said}`} Its terminal "Set-up" has all that it wrote. Correct .muster/setup.sh on the base branch or the host's configuration, then start the agent again.`;
  return new AppError("setup.failed", sentence, { details: { exitCode } });
}

function tooLong(timeoutMs: number): AppError {
  const minutes = Math.round(timeoutMs / 6_000) / 10;
  return new AppError(
    "setup.failed",
    `The set-up of the workspace took longer than the ${minutes} minutes that this host allows and was ended. Make it shorter, or raise "repositories.setupMinutes" in the host's configuration.`,
  );
}

function cancelled(): AppError {
  return new AppError("cancelled", "The set-up of the workspace was stopped.");
}
