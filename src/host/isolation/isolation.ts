import type { Clock } from "../../base/clock.ts";
import type { Isolation as IsolationKind } from "../../protocol/fleet.ts";
import { BubblewrapIsolation } from "./bubblewrap.ts";
import type { EgressGate } from "./egress/gate.ts";
import { type HomeFiles, writeHomeFiles } from "./homeFiles.ts";
import { type BoxConfig, defaultBox, defaultEgress, type EgressConfig } from "./isolationConfig.ts";

export type { IsolationKind };

export interface IsolatedProcess {
  /** Whose box it is; its user id, its limits and what it may connect to follow from it. */
  readonly sessionId: string;
  readonly command: readonly string[];
  /** The whole environment; nothing of the host's own is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Read-write, at the same path inside. */
  readonly root: string;
  readonly home: string;
  /** Made anew below `home` before it starts. */
  readonly files?: HomeFiles;
  /** Where it starts: `root`, or a directory below it. */
  readonly cwd?: string;
  /** Servers that it may connect to besides those of the configuration, as `egress.allow` holds them. */
  readonly hosts?: readonly string[];
  /** Ports of the host's loopback that it finds on its own, besides those of the configuration. */
  readonly hostPorts?: readonly number[];
  /** It confines its own commands further and needs name spaces for that, which other programs may not make. */
  readonly hasOwnSandbox?: boolean;
  /** It gets a terminal of its own, whose keys reach it as signals: it must stay in that terminal's session. */
  readonly hasTerminal?: boolean;
}

export interface SpawnPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What holds the process while it runs; absent where nothing does. */
  readonly box?: Box;
}

/** What a host keeps for one process in a box. */
export interface Box {
  /** Its control group's directories by controller ("memory", "pids", "cpu", "cpuacct"), where there are any. */
  readonly cgroups: Readonly<Record<string, string>>;
  /** The user that its processes are to the kernel; absent where that is the host's own. */
  readonly uid: number | undefined;
  /** Aborts when its files take more room than they may: whoever started the process has to end it. */
  readonly exceeded: AbortSignal;
  /** Why the box was ended, or what it ran out of, in a sentence; for whoever reads that its agent has ended. */
  verdict(): Promise<string | undefined>;
  /** Ends whatever still runs in it and gives everything back. To be called once the process has ended, or never started. */
  end(): Promise<void>;
}

/** How the programs of a workspace, agents and shells, are confined. */
export interface Isolation {
  readonly kind: IsolationKind;
  /**
   * Throws AppError `isolation.missing` when the layer that was asked for is not there: there is no running without it.
   * The caller ends `SpawnPlan.box`.
   */
  plan(process: IsolatedProcess): Promise<SpawnPlan>;
  /** What this machine cannot do of what the layer is meant to do, each in a sentence. Throws as `plan` does. */
  shortcomings(): Promise<readonly string[]>;
  /** Ends what an earlier host of the same data has left. */
  sweep(): Promise<void>;
}

export interface IsolationOptions {
  /** The host's data directory: other sessions, trusted git directories, the log, the token. Hidden from agents. */
  readonly dataDir: string;
  /** Further files and directories that agents must not see: the access token, the configuration. */
  readonly hidden: readonly string[];
  /** Where `bwrap` is looked for. */
  readonly path: string;
  readonly clock: Clock;
  readonly box?: BoxConfig;
  readonly egress?: EgressConfig;
  /** Asked about connections that no configuration allows; absent refuses them. */
  readonly gate?: EgressGate;
}

export function makeIsolation(kind: IsolationKind, options: IsolationOptions): Isolation {
  const { box = defaultBox, egress = defaultEgress } = options;
  return kind === "none" ? noIsolation : new BubblewrapIsolation({ ...options, box, egress });
}

const noIsolation: Isolation = {
  kind: "none",
  async plan({ command, env, root, home, files = {}, cwd = root }) {
    await writeHomeFiles(home, files);
    const [file = "", ...args] = command;
    return { file, args, env, cwd };
  },
  shortcomings: () => Promise.resolve([]),
  sweep: () => Promise.resolve(),
};
