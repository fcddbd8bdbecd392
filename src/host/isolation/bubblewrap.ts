import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../base/appError.ts";
import { isExecutable } from "../executable.ts";
import { AddressRules } from "../workspaces/addressRules.ts";
import { cleanText } from "../workspaces/gitFailure.ts";
import { systemResolve } from "../workspaces/remoteAccess.ts";
import { boxArguments } from "./boxArguments.ts";
import { type BoxDirectory, openBoxDirectory } from "./boxDirectory.ts";
import { LiveBox } from "./box.ts";
import { boxMounts } from "./boxMounts.ts";
import { type Cgroup, Cgroups } from "./cgroups.ts";
import { admission } from "./egress/admission.ts";
import { EgressProxy } from "./egress/proxy.ts";
import type { IsolatedProcess, Isolation, IsolationOptions, SpawnPlan } from "./isolation.ts";
import type { BoxConfig, EgressConfig } from "./isolationConfig.ts";
import { SessionUids } from "./sessionUids.ts";

export interface BubblewrapOptions extends IsolationOptions {
  readonly box: BoxConfig;
  readonly egress: EgressConfig;
}

/** What is found out about the machine once, before the first box. */
interface Machine {
  readonly bwrap: string;
  readonly cgroups: Cgroups;
  readonly directory: BoxDirectory;
  /** Present on a host that runs as root. */
  readonly uids: SessionUids | undefined;
}

const mebibyte = 1024 * 1024;
const proxyPort = 17_831;

/**
 * Bubblewrap: the operating system read-only, a `/tmp` of its own, the session's checkout and home; own process, IPC, host
 * name and network name spaces, no capabilities, a system call filter, a control group, and no way out but the host's
 * proxy. On a host that runs as root, each session is a user of its own as well.
 */
export class BubblewrapIsolation implements Isolation {
  readonly kind = "bubblewrap";
  readonly #options: BubblewrapOptions;
  /** Of this data directory: tells this host's control groups from another's. */
  readonly #prefix: string;
  #machine: Promise<Machine> | undefined;

  constructor(options: BubblewrapOptions) {
    this.#options = options;
    this.#prefix = `${createHash("sha256").update(options.dataDir).digest("hex").slice(0, 8)}-`;
  }

  async plan(process: IsolatedProcess): Promise<SpawnPlan> {
    return await this.#plan(await this.#known(), process);
  }

  async shortcomings(): Promise<readonly string[]> {
    const { cgroups, directory, uids } = await this.#known();
    return [
      ...cgroups.missing.map((controller) => (uids && controller === "pids" ? countedByUser : lacks[controller])),
      ...(directory.seccompFile(false) === undefined
        ? [`system calls are not filtered on ${globalThis.process.arch}`]
        : []),
    ];
  }

  async sweep(): Promise<void> {
    const cgroups = await Cgroups.find();
    await cgroups.sweep(this.#prefix, this.#options.clock);
  }

  async #known(): Promise<Machine> {
    this.#machine ??= this.#look();
    return await this.#machine.catch((error: unknown) => {
      // Installing what is missing helps without a restart of the host.
      this.#machine = undefined;
      throw error;
    });
  }

  async #look(): Promise<Machine> {
    const { dataDir, path: searchPath, box } = this.#options;
    const bwrap = await findProgram("bwrap", searchPath);
    const isRoot = globalThis.process.getuid?.() === 0;
    if (isRoot) for (const file of ["/usr/bin/setpriv", "/usr/bin/prlimit"]) await needProgram(file);
    const machine = {
      bwrap,
      cgroups: await Cgroups.find(),
      directory: await openBoxDirectory(dataDir),
      uids: isRoot ? new SessionUids(path.join(dataDir, "sessions"), box.uids) : undefined,
    };
    await this.#tryOut(machine);
    return machine;
  }

  /** Starts one box: what works here shows only then. */
  async #tryOut(machine: Machine): Promise<void> {
    const trial = await realpath(await mkdtemp(machine.directory.trial));
    const [root, home] = [path.join(trial, "workspace"), path.join(trial, "home")];
    await mkdir(root);
    await mkdir(home);
    try {
      const command = ["/bin/sh", "-c", "true"];
      const plan = await this.#plan(machine, { sessionId: "trial", command, env: {}, root, home });
      try {
        await promisify(execFile)(plan.file, [...plan.args], { env: plan.env, cwd: "/", timeout: 20_000 });
      } finally {
        await plan.box?.end();
      }
    } catch (error) {
      if (AppError.is(error)) throw error;
      const said = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
      const reason = cleanText(said || (error instanceof Error ? error.message : String(error)));
      const sentence = `The host is set to isolate agents with bubblewrap, but bubblewrap does not work here: ${reason.trimEnd().replace(/\.$/, "")}. Allow unprivileged user namespaces, or choose "isolation": "none" in the host's configuration to run agents with the host's own rights.`;
      throw new AppError("isolation.missing", sentence, { cause: error });
    } finally {
      await rm(trial, { recursive: true, force: true });
    }
  }

  async #plan({ bwrap, cgroups, directory, uids }: Machine, process: IsolatedProcess): Promise<SpawnPlan> {
    const { box, egress, hidden, dataDir, clock } = this.#options;
    const { command, env, root, home, files = {}, cwd = root, hasTerminal = false } = process;
    const uid = await uids?.own([root, home]);
    const mounts = await boxMounts({
      command: [...command, globalThis.process.execPath],
      searchPath: env["PATH"] ?? "",
      readable: box.readable,
      hidden: [...hidden, dataDir],
    });
    const name = randomBytes(6).toString("hex");
    const hostPorts = Array.from(new Set([...egress.hostPorts, ...(process.hostPorts ?? [])]));
    const limits = { memoryBytes: box.memoryMegabytes * mebibyte, processes: box.processes, cpus: box.cpus };
    let cgroup: Cgroup | undefined;
    let proxy: EgressProxy | undefined;
    try {
      proxy = await EgressProxy.listen({
        ...this.#egressOf(process),
        socket: directory.socketOf(name),
        uid,
        hostPorts,
      });
      cgroup = await cgroups.create(this.#prefix + name, limits);
      const { file, args, inner } = await boxArguments({
        bwrap,
        box,
        mounts,
        hidden: [...hidden, dataDir],
        directory,
        process: { command, env, root, home, cwd, hasTerminal },
        nestedNamespaces: box.nestedNamespaces || process.hasOwnSandbox === true,
        files: { names: Object.keys(files), directory: await directory.lay(name, Object.values(files), uid) },
        uid,
        procsFiles: cgroup?.procsFiles ?? [],
        network: { socket: directory.socketOf(name), proxyPort: portBeside(hostPorts), hostPorts },
      });
      const mostOnDisk = { maxBytes: box.diskMegabytes * mebibyte, maxEntries: box.files };
      const disk = hasTerminal ? undefined : { directories: [root, home], limits: mostOnDisk };
      const clear = () => directory.clear(name);
      const live = new LiveBox({ cgroup, proxy, uid, clock, disk, clear, memoryMegabytes: box.memoryMegabytes });
      return { file, args, env: inner, cwd: "/", box: live };
    } catch (error) {
      await proxy?.close();
      await cgroup?.end(clock);
      await directory.clear(name);
      throw error;
    }
  }

  #egressOf({ sessionId, hosts = [] }: IsolatedProcess) {
    const { egress, gate } = this.#options;
    return {
      addresses: new AddressRules(egress.privateNetworks),
      resolve: systemResolve,
      admit: admission(sessionId, hosts, egress, gate),
    };
  }
}

const lacks = {
  memory: "the memory of a box is not limited (no memory controller of control groups at hand)",
  pids: "the processes of a box are not limited (no pids controller of control groups at hand)",
  cpu: "the processors of a box are not limited (no cpu controller of control groups at hand)",
};

const countedByUser =
  "the processes of a session are limited together, not box by box (no pids controller of control groups at hand)";

function portBeside(taken: readonly number[]): number {
  let port = proxyPort;
  while (taken.includes(port)) port += 1;
  return port;
}

async function findProgram(name: string, searchPath: string): Promise<string> {
  for (const directory of searchPath.split(path.delimiter)) {
    const file = path.join(directory, name);
    if (path.isAbsolute(file) && (await isExecutable(file))) return file;
  }
  throw new AppError(
    "isolation.missing",
    `The host isolates agents with bubblewrap, but "${name}" is not installed. Install bubblewrap, or choose "isolation": "none" in the host's configuration to run agents with the host's own rights.`,
  );
}

async function needProgram(file: string): Promise<void> {
  if (await isExecutable(file)) return;
  throw new AppError(
    "isolation.missing",
    `A host that runs as root gives each session a user of its own, for which ${file} is needed and not there. Install util-linux, or run the host as another user.`,
  );
}
