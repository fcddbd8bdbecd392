import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathWithOwnNode, type Progress } from "../installCache.ts";
import { ensureCodeServer } from "./codeServer.ts";
import { guardAgainstKill, killGroup } from "./lifetime.ts";

export interface AgentHostOptions {
  /** Over the host's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of the log in `test-results/logs`. */
  readonly name?: string;
  readonly onProgress?: Progress;
}

/** VS Code's own agent host: a stranger that speaks the protocol, without an account. */
export interface VsCodeAgentHost {
  /** `ws://` address, without the token. */
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Its home directory, which it offers as the default one; a place for repositories. Removed by `dispose`. */
  readonly home: string;
  /** Kills it, terminals and all. Does nothing when it is down. */
  stop(): Promise<void>;
  /** Kills it and starts it again on the same port, with the same token and data. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

const checkout = path.resolve(import.meta.dirname, "../../..");
/** Whose variables would steer the host, or give it an account. */
const foreign = /^(VSCODE_|ELECTRON_|COPILOT_|GITHUB_|GH_|XDG_|NODE_OPTIONS$)/;

/** Why no agent host can be started on this machine; `undefined` when it can. Downloads it at the first call. */
export async function whyNoAgentHost(onProgress?: Progress): Promise<string | undefined> {
  try {
    await ensureCodeServer(onProgress);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split("\n")[0] : String(error);
  }
}

/**
 * Starts the agent host of VS Code's server on loopback, in its own process group, with empty data in a temporary
 * folder. No workbench is needed. Takes about two seconds; rejects with the end of the output when it does not come up.
 */
export async function startVsCodeAgentHost(options: AgentHostOptions = {}): Promise<VsCodeAgentHost> {
  const { serverMain } = await ensureCodeServer(options.onProgress);
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), "muster-agent-host-")));
  const home = path.join(directory, "home");
  await mkdir(home);
  const logs = path.join(checkout, "test-results", "logs");
  await mkdir(logs, { recursive: true });
  const token = randomBytes(16).toString("hex");
  const profile = ["--server-data-dir", path.join(directory, "data"), "--telemetry-level", "off"];
  const quiet = ["--accept-server-license-terms", "--disable-update-check"];
  const launch = (port: number) => {
    const loopback = ["--host", "127.0.0.1", "--port", "0", "--agent-host-port", String(port)];
    return launchServer({
      directory,
      log: path.join(logs, `${options.name ?? "vscode-agent-host"}.log`),
      args: [serverMain, ...loopback, "--connection-token", token, ...profile, ...quiet],
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
        PATH: pathWithOwnNode(),
        HOME: home,
        USERPROFILE: home,
        TMPDIR: directory,
        ...options.env,
      },
    });
  };
  const removed = () => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  try {
    let running: Running | undefined = await launch(0);
    const { port } = running;
    const stop = async () => {
      await running?.stop();
      running = undefined;
    };
    const restart = async () => {
      await stop();
      running = await launch(port);
    };
    const dispose = async () => {
      await stop();
      await removed();
    };
    return { url: `ws://127.0.0.1:${port}`, token, port, home, stop, restart, dispose };
  } catch (error) {
    await removed();
    throw error;
  }
}

interface Launch {
  readonly directory: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
}

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

async function launchServer({ directory, args, env, log }: Launch): Promise<Running> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env });
  const file = createWriteStream(log, { flags: "a" });
  let output = "";
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
  const hear = (chunk: Buffer) => {
    file.write(chunk);
    output = (output + chunk.toString("utf8")).slice(-20_000);
    const port = /Agent host server listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
    if (port !== undefined) resolve(Number(port));
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.on("error", reject);
  // Closed once every process that writes to it is gone: the port is free by then.
  const ended = new Promise<void>((done) => child.on("close", () => done()));
  child.on("exit", (code, signal) => {
    reject(new Error(`VS Code's agent host ended (${code ?? signal}) before it was ready:\n${output.slice(-2_000)}`));
  });
  const { pid } = child;
  const release = pid === undefined ? () => {} : guardAgainstKill(pid, directory);
  const stop = async () => {
    if (pid !== undefined) killGroup(pid);
    release();
    await ended;
    file.end();
  };
  try {
    return { port: await listening, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
