import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AppError } from "../../base/appError.ts";

/** A program that runs the host, and what its environment needs besides. */
export interface NodeRuntime {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The host's log needs this module; Node has had it in the form that the host uses since 24. */
const probe = 'process.stdout.write(process.getBuiltinModule?.("node:sqlite") ? process.versions.node : "0")';
const oldestMajor = 24;
const patienceMs = 10_000;

/** Answers with Node's version; rejects when the program cannot be run. */
export type ProbeNode = (runtime: NodeRuntime) => Promise<string>;

/**
 * The first of the editor's own runtime and the `node` on the PATH that can run the host.
 * Rejects with `demo.failed` and what to install when neither can.
 */
export async function findNode(ask: ProbeNode = askNode): Promise<NodeRuntime> {
  // Electron is Node when it is told so; a remote editor's server is Node itself.
  const asNode = { ELECTRON_RUN_AS_NODE: "1" };
  const own: NodeRuntime = { command: process.execPath, env: process.versions["electron"] ? asNode : {} };
  for (const runtime of [own, { command: "node", env: {} }]) {
    const version = await ask(runtime).catch(() => "0");
    if (Number.parseInt(version, 10) >= oldestMajor) return runtime;
  }
  throw new AppError(
    "demo.failed",
    "The demo host needs Node {0} or later, and neither this editor (Node {1}) nor the PATH has it. Install Node from nodejs.org and start the demo again.",
    { values: [oldestMajor, process.versions.node] },
  );
}

async function askNode({ command, env }: NodeRuntime): Promise<string> {
  const { stdout } = await promisify(execFile)(command, ["-e", probe], {
    env: { ...process.env, ...env },
    timeout: patienceMs,
    windowsHide: true,
  });
  return stdout;
}
