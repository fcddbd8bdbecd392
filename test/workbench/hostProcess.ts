import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";
import type { AgentConfig } from "../support/realAgents/realAgents.ts";
import { guardAgainstKill, killGroup, type Lifetime } from "../support/vscode/lifetime.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
/** How long the host may take to end its agents. */
const GOODBYE_MS = 8_000;
const Ready = z.looseObject({ ready: z.literal(true), url: z.string(), tokenFile: z.string() });

export interface HostProcessOptions {
  /** Holds configuration, token and data; the caller removes it. */
  readonly folder: string;
  readonly agents: readonly AgentConfig[];
  readonly concurrentSessions?: number;
  /** Folders whose repositories may be cloned by path. */
  readonly allowLocal?: readonly string[];
  /** Gets what the host says on standard error. */
  readonly logFile: string;
  /** The port of a host that ran before, to come back on. */
  readonly port?: number;
}

export interface HostProcess {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Where it keeps its agents' workspaces, among other things. */
  readonly data: string;
  /** As `kill -9`: no goodbye, nothing flushed. */
  kill(): Promise<void>;
}

/** Starts the built host as a user would: `node dist/host/main.mjs serve`. It ends with `lifetime`. */
export async function startHostProcess(lifetime: Lifetime, options: HostProcessOptions): Promise<HostProcess> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const data = path.join(folder, "data");
  const config = path.join(folder, "host.json");
  await writeFile(
    config,
    JSON.stringify({
      // The agents are scripted, and the workbench runs where bubblewrap may be missing.
      isolation: "none",
      agents: options.agents,
      limits: { concurrentSessions: options.concurrentSessions ?? 4 },
      // Their git servers are on this machine.
      repositories: { allowLocal: options.allowLocal ?? [], privateNetworks: ["127.0.0.0/8"] },
    }),
  );
  const child = spawn(
    process.execPath,
    [
      path.join(checkout, "dist", "host", "main.mjs"),
      "serve",
      `--config=${config}`,
      `--data=${data}`,
      `--token-file=${path.join(folder, "token")}`,
      `--port=${options.port ?? 0}`,
    ],
    { stdio: ["ignore", "pipe", "pipe"], detached: true, cwd: folder },
  );
  const log = createWriteStream(options.logFile, { flags: "a" });
  child.stderr.pipe(log);
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const { pid } = child;
  const release = pid === undefined ? () => {} : guardAgainstKill(pid, folder);
  const kill = async () => {
    if (pid !== undefined) killGroup(pid);
    release();
    await exited;
  };
  lifetime.defer(async () => {
    child.kill("SIGTERM");
    const patience = setTimeout(() => pid !== undefined && killGroup(pid), GOODBYE_MS);
    await exited;
    clearTimeout(patience);
    await kill();
  });

  const { promise, resolve, reject } = Promise.withResolvers<z.infer<typeof Ready>>();
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString("utf8");
    const line = output.split("\n").find((text) => text.startsWith("{"));
    if (line === undefined || !output.includes("\n")) return;
    const ready = Ready.safeParse(JSON.parse(line));
    if (ready.success) resolve(ready.data);
  });
  child.on("error", reject);
  child.on("exit", (code) =>
    reject(new Error(`The host ended with code ${code} before it was ready; see ${options.logFile}.`)),
  );
  const { url, tokenFile } = await promise;
  return { url, token: (await readFile(tokenFile, "utf8")).trim(), port: Number(new URL(url).port), data, kill };
}
