import { constants } from "node:fs";
import { access, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../base/clock.ts";
import { signalQuietly } from "../offspring.ts";

export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly cpus?: number | undefined;
}

/** The control group of one box. */
export interface Cgroup {
  /** Written to by a process that joins, one file a hierarchy. */
  readonly procsFiles: readonly string[];
  /** Where its memory and processor time are told, by controller. */
  readonly directories: Readonly<Partial<Record<Controller | "cpuacct", string>>>;
  /** How often the kernel ended one of its processes for want of memory. */
  memoryKills(): Promise<number>;
  /** Ends all its processes and removes it. False when some are still there after five seconds. */
  end(clock: Clock): Promise<boolean>;
}

export type Controller = "memory" | "pids" | "cpu";
export const CONTROLLERS: readonly Controller[] = ["memory", "pids", "cpu"];

/** Where the kernel tells about control groups; other places in tests. */
export interface CgroupSystem {
  readonly mountInfo: string;
  readonly ownGroups: string;
}
const linux: CgroupSystem = { mountInfo: "/proc/self/mountinfo", ownGroups: "/proc/self/cgroup" };

const cpuPeriodUs = 100_000;

interface Hierarchy {
  readonly version: 1 | 2;
  /** The directory below which the boxes' groups are made. */
  readonly base: string;
  readonly controllers: readonly string[];
}

/**
 * The control groups that this host may make: version 2 where its controllers are at hand, else those of version 1. Each
 * box gets a group of its own below the host's. Where a controller is missing, `missing` names it.
 */
export class Cgroups {
  readonly #hierarchies: readonly Hierarchy[];
  readonly missing: readonly Controller[];

  private constructor(hierarchies: readonly Hierarchy[]) {
    this.#hierarchies = hierarchies;
    const present = new Set(hierarchies.flatMap(({ controllers }) => controllers));
    this.missing = CONTROLLERS.filter((controller) => !present.has(controller));
  }

  static async find(system: CgroupSystem = linux): Promise<Cgroups> {
    const [mounts, groups] = await Promise.all([textOf(system.mountInfo), textOf(system.ownGroups)]);
    const found: Hierarchy[] = [];
    for (const { root, target, type, options } of parseMounts(mounts)) {
      const own = ownGroup(groups, type, options);
      if (own === undefined) continue;
      const directory = path.join(target, path.relative(root, own).startsWith("..") ? "." : path.relative(root, own));
      const hierarchy = type === "cgroup2" ? await unified(directory) : await legacy(directory, options);
      if (hierarchy) found.push(hierarchy);
    }
    return new Cgroups(found);
  }

  /** Undefined where this host may make none. */
  async create(name: string, limits: CgroupLimits): Promise<Cgroup | undefined> {
    if (this.#hierarchies.length === 0) return undefined;
    const made: { readonly directory: string; readonly hierarchy: Hierarchy }[] = [];
    for (const hierarchy of this.#hierarchies) {
      const directory = path.join(hierarchy.base, `muster-${name}`);
      await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
      made.push({ directory, hierarchy });
      await setLimits(directory, hierarchy, limits);
    }
    const of = (controller: string) => made.find(({ hierarchy }) => hierarchy.controllers.includes(controller));
    const memory = of("memory");
    return {
      procsFiles: made.map(({ directory }) => path.join(directory, "cgroup.procs")),
      directories: Object.fromEntries(
        [...CONTROLLERS, "cpuacct"].flatMap((name) => {
          const directory = of(name)?.directory;
          return directory === undefined ? [] : [[name, directory]];
        }),
      ),
      async memoryKills() {
        if (!memory) return 0;
        const file = memory.hierarchy.version === 2 ? "memory.events" : "memory.oom_control";
        return Number(/^oom_kill (\d+)$/m.exec(await textOf(path.join(memory.directory, file)))?.[1] ?? 0);
      },
      end: (clock) =>
        endAll(
          made.map(({ directory }) => directory),
          clock,
        ),
    };
  }

  /** Ends what an earlier host of the same data has left, by the prefix of its names. */
  async sweep(prefix: string, clock: Clock): Promise<void> {
    for (const { base } of this.#hierarchies) {
      const names = await readdir(base).catch(() => []);
      const left = names.filter((name) => name.startsWith(`muster-${prefix}`)).map((name) => path.join(base, name));
      await endAll(left, clock);
    }
  }
}

/** Controllers can be used below a group without processes of its own; the root group is exempt from that. */
async function unified(own: string): Promise<Hierarchy | undefined> {
  if (!(await isWritable(own))) return undefined;
  const available = words(await textOf(path.join(own, "cgroup.controllers")));
  const wanted = CONTROLLERS.filter((controller) => available.includes(controller));
  const enabled = () => textOf(path.join(own, "cgroup.subtree_control")).then(words);
  const enable = async () => {
    const already = await enabled();
    for (const controller of wanted.filter((each) => !already.includes(each))) {
      await writeFile(path.join(own, "cgroup.subtree_control"), `+${controller}`);
    }
  };
  try {
    await enable();
  } catch {
    // A service's own group holds the service: alone in it, the host moves to a group of its own beside its boxes.
    await moveAside(own)
      .then(enable)
      .catch(() => {});
  }
  const controllers = (await enabled()).filter((controller) => available.includes(controller));
  return { version: 2, base: own, controllers };
}

async function moveAside(own: string): Promise<void> {
  const inside = words(await textOf(path.join(own, "cgroup.procs")));
  if (inside.length !== 1 || inside[0] !== String(process.pid)) throw new Error("not alone in its control group");
  const host = path.join(own, "muster-host");
  await mkdir(host, { recursive: true });
  await writeFile(path.join(host, "cgroup.procs"), String(process.pid));
}

async function legacy(own: string, options: readonly string[]): Promise<Hierarchy | undefined> {
  const controllers = ["memory", "pids", "cpu", "cpuacct"].filter((controller) => options.includes(controller));
  return controllers.length > 0 && (await isWritable(own)) ? { version: 1, base: own, controllers } : undefined;
}

async function setLimits(directory: string, { version, controllers }: Hierarchy, limits: CgroupLimits): Promise<void> {
  const { memoryBytes, processes, cpus } = limits;
  const set = (name: string, value: string | number) => writeFile(path.join(directory, name), String(value));
  if (controllers.includes("pids")) await set("pids.max", processes);
  if (controllers.includes("memory")) {
    await set(version === 2 ? "memory.max" : "memory.limit_in_bytes", memoryBytes);
    // Without it the limit only moves memory to disk; not every kernel counts it.
    await (version === 2 ? set("memory.swap.max", 0) : set("memory.memsw.limit_in_bytes", memoryBytes)).catch(() => {});
  }
  if (cpus === undefined || !controllers.includes("cpu")) return;
  const quota = Math.round(cpus * cpuPeriodUs);
  await set(version === 2 ? "cpu.max" : "cpu.cfs_quota_us", version === 2 ? `${quota} ${cpuPeriodUs}` : quota);
}

/** False when some are still there after five seconds; then it is tried for another minute, in its own time. */
async function endAll(directories: readonly string[], clock: Clock): Promise<boolean> {
  const left = await removeGroups(directories, clock, { attempts: 100, pauseMs: 50 });
  if (left.length > 0) void removeGroups(left, clock, { attempts: 60, pauseMs: 1_000 });
  return left.length === 0;
}

/** Answers with those that are still there. */
async function removeGroups(
  directories: readonly string[],
  clock: Clock,
  { attempts, pauseMs }: { readonly attempts: number; readonly pauseMs: number },
): Promise<readonly string[]> {
  let left = directories;
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt += 1) {
    if (attempt > 0) {
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, pauseMs);
      });
    }
    for (const directory of left) {
      await writeFile(path.join(directory, "cgroup.kill"), "1", { flag: "r+" }).catch(() => {});
      const pids = words(await textOf(path.join(directory, "cgroup.procs")));
      for (const pid of pids) signalQuietly(Number(pid), "SIGKILL");
    }
    const gone = await Promise.all(left.map(isRemoved));
    left = left.filter((_directory, index) => !gone[index]);
  }
  return left;
}

async function isRemoved(directory: string): Promise<boolean> {
  return await rmdir(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
}

interface Mount {
  readonly root: string;
  readonly target: string;
  readonly type: "cgroup" | "cgroup2";
  readonly options: readonly string[];
}

/** `36 25 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory` */
function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", target = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") return [];
    return [{ root, target, type, options: options.split(",") }];
  });
}

/** `4:memory:/path`, and `0::/path` for version 2. */
function ownGroup(text: string, type: Mount["type"], options: readonly string[]): string | undefined {
  for (const line of text.split("\n")) {
    const [, controllers = "", ...rest] = line.split(":");
    const group = rest.join(":");
    if (group === "") continue;
    const isIt =
      type === "cgroup2"
        ? controllers === ""
        : controllers.split(",").some((each) => each !== "" && options.includes(each));
    if (isIt) return group;
  }
  return undefined;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, "utf8").catch(() => "");
}

async function isWritable(directory: string): Promise<boolean> {
  return await access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
}
