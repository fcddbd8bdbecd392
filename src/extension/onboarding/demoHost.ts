import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { NodeRuntime } from "./nodeRuntime.ts";

/** The one kind of agent of the demo. What it is stands in its name, so that it stands on every row. */
export const DEMO_AGENT = {
  id: "sample",
  displayName: "Sample agent (no model)",
  description: "Follows a script: no model, no account, no cost.",
} as const;

/** Files that Node runs. */
export interface DemoScripts {
  readonly host: string;
  readonly agent: string;
}

/** As the extension brings them along. */
export function demoScripts(extensionPath: string): DemoScripts {
  const folder = path.join(extensionPath, "dist", "host");
  return { host: path.join(folder, "main.mjs"), agent: path.join(folder, "sampleAgent.mjs") };
}

export interface DemoHostOptions {
  readonly node: NodeRuntime;
  readonly scripts: DemoScripts;
  /** Holds configuration, token, data and log; made if absent. */
  readonly folder: string;
  /** The only repository that agents may clone. */
  readonly repository: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface DemoHost {
  readonly url: string;
  readonly token: string;
  readonly exited: Promise<void>;
  /** Lets the host end in order. It also ends when this process does, however that happens. */
  stop(): void;
}

/** Ends the host with the pipe that its parent holds. */
const endWithParent =
  'data:text/javascript,process.stdin.on("end",()=>process.kill(process.pid,"SIGTERM")).on("error",()=>{}).resume()';
const Ready = z.looseObject({ ready: z.literal(true), url: z.string(), tokenFile: z.string() });
const paceMs = 250;

/** Starts the bundled host on loopback. Rejects with `demo.failed` when it ends before it is ready. */
export async function startDemoHost(options: DemoHostOptions): Promise<DemoHost> {
  const { node, scripts, folder, port } = options;
  await mkdir(folder, { recursive: true });
  const config = path.join(folder, "host.json");
  await writeFile(config, JSON.stringify(configOf(options), undefined, 2));
  const log = openSync(path.join(folder, "host.log"), "w");
  const files = [
    `--config=${config}`,
    `--data=${path.join(folder, "data")}`,
    `--token-file=${path.join(folder, "token")}`,
  ];
  const child = spawn(node.command, [`--import=${endWithParent}`, scripts.host, "serve", ...files, `--port=${port}`], {
    cwd: folder,
    env: { ...process.env, ...node.env },
    stdio: ["pipe", "pipe", log],
    windowsHide: true,
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const { url, tokenFile } = await ready(child);
  return {
    url,
    token: (await readFile(tokenFile, "utf8")).trim(),
    exited,
    stop: () => void child.kill("SIGTERM"),
  };
}

function configOf({ node, scripts, repository }: DemoHostOptions): unknown {
  return {
    // The agent is ours and does nothing but what its script says, also where no isolation layer is installed.
    isolation: "none",
    agents: [
      {
        ...DEMO_AGENT,
        command: [node.command, scripts.agent],
        env: {
          ...node.env,
          HOME: "${home}",
          PATH: "${env:PATH}",
          MUSTER_SAMPLE_PACE_MS: String(paceMs),
          MUSTER_SAMPLE_PRICE: "0",
        },
      },
    ],
    limits: { concurrentSessions: 3 },
    repositories: { allowLocal: [repository] },
  };
}

/** The host's one line on standard output. */
async function ready(child: ChildProcess): Promise<z.infer<typeof Ready>> {
  const { promise, resolve, reject } = Promise.withResolvers<z.infer<typeof Ready>>();
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString("utf8");
    const end = output.indexOf("\n");
    if (end === -1) return;
    const parsed = Ready.safeParse(parseJson(output.slice(0, end)));
    if (parsed.success) resolve(parsed.data);
  });
  const fail = (cause: unknown) =>
    reject(
      new AppError("demo.failed", "The demo host ended before it was ready. Nothing was changed; try again.", {
        cause,
      }),
    );
  child.once("error", fail);
  child.once("close", (code) => fail(new Error(`exit code ${code}`)));
  return promise;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
