import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { MARKER_NAME } from "../offspring.ts";
import type { ProcessLook } from "./processTree.ts";

/** Hundredths of a second: what Linux shows to programs, whatever its own clock does. */
const msPerTick = 10;

/**
 * What the operating system tells of processes and control groups. Where it tells nothing, there is nothing to look at: no
 * look ever fails.
 */
export interface MachinePort {
  /** All processes of this machine that carry a marker in their environment, by that marker. */
  look(): Promise<ReadonlyMap<string, readonly ProcessLook[]>>;
  /** What a control group has used since it was made, by its directories; `undefined` when that cannot be read. */
  lookAtGroup(directories: CgroupDirectories): Promise<GroupUse | undefined>;
}

/** By controller. In version 2 they are one and the same. */
export type CgroupDirectories = Readonly<Record<string, string>>;

export interface GroupUse {
  readonly cpuMs: number;
  readonly peakMemoryBytes: number | undefined;
}

/** Linux. Elsewhere there is no `/proc`, and every look is empty. */
export class ProcFs implements MachinePort {
  readonly #root: string;
  /** By process number: its marker, or how often it was seen without one. */
  #known = new Map<number, string | number>();

  constructor(root = "/proc") {
    this.#root = root;
  }

  async look(): Promise<ReadonlyMap<string, readonly ProcessLook[]>> {
    const entries = await readdir(this.#root).catch(() => []);
    const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
    const known = new Map<number, string | number>();
    const found = await Promise.all(
      pids.map(async (pid) => {
        const marker = await this.#markerOf(pid);
        known.set(pid, marker);
        const look = typeof marker === "string" ? await this.#lookAt(pid) : undefined;
        return look && typeof marker === "string" ? { marker, look } : undefined;
      }),
    );
    this.#known = known;
    const byMarker = new Map<string, ProcessLook[]>();
    for (const each of found) {
      if (!each) continue;
      const looks = byMarker.get(each.marker) ?? [];
      looks.push(each.look);
      byMarker.set(each.marker, looks);
    }
    return byMarker;
  }

  async lookAtGroup(directories: CgroupDirectories): Promise<GroupUse | undefined> {
    const { cpuacct, cpu = directories["pids"] ?? directories["memory"], memory } = directories;
    const nanoseconds = await readNumber(cpuacct, "cpuacct.usage");
    const cpuMs = nanoseconds === undefined ? await groupTime(cpu) : nanoseconds / 1_000_000;
    if (cpuMs === undefined) return undefined;
    const peak = (await readNumber(memory, "memory.peak")) ?? (await readNumber(memory, "memory.max_usage_in_bytes"));
    return { cpuMs, peakMemoryBytes: peak };
  }

  /** A process that is just being started shows its parent's environment, or none: the second look decides. */
  async #markerOf(pid: number): Promise<string | number> {
    const known = this.#known.get(pid) ?? 0;
    if (typeof known === "string" || known >= 2) return known;
    const environment = await readFile(path.join(this.#root, String(pid), "environ"), "utf8").catch(() => "");
    const prefix = `${MARKER_NAME}=`;
    const variable = environment.split("\0").find((each) => each.startsWith(prefix));
    return variable === undefined ? known + 1 : variable.slice(prefix.length);
  }

  async #lookAt(pid: number): Promise<ProcessLook | undefined> {
    const read = (file: string) => readFile(path.join(this.#root, String(pid), file), "utf8").catch(() => "");
    const [stat, status] = await Promise.all([read("stat"), read("status")]);
    return parseProcess(pid, stat, status);
  }
}

async function groupTime(directory: string | undefined): Promise<number | undefined> {
  const usec = /^usage_usec (\d+)$/m.exec(await readText(directory, "cpu.stat"))?.[1];
  return usec === undefined ? undefined : Number(usec) / 1_000;
}

async function readNumber(directory: string | undefined, file: string): Promise<number | undefined> {
  const text = await readText(directory, file);
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

async function readText(directory: string | undefined, file: string): Promise<string> {
  return directory === undefined ? "" : await readFile(path.join(directory, file), "utf8").catch(() => "");
}

/** From `/proc/<pid>/stat` and `/proc/<pid>/status`; `undefined` for a process that has ended meanwhile. */
export function parseProcess(pid: number, stat: string, status: string): ProcessLook | undefined {
  // The name may hold anything, parentheses and spaces included.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  const [parentPid, user, system, childUser, childSystem, startedAt] = [4, 14, 15, 16, 17, 22].map(field);
  if (!stat.includes(")") || startedAt === undefined || !Number.isFinite(startedAt)) return undefined;
  return {
    pid,
    startedAt,
    parentPid: parentPid ?? 0,
    ownMs: ((user ?? 0) + (system ?? 0)) * msPerTick,
    reapedMs: ((childUser ?? 0) + (childSystem ?? 0)) * msPerTick,
    memoryBytes: kilobytes(/^VmRSS:\s+(\d+) kB$/m.exec(status)),
    peakMemoryBytes: kilobytes(/^VmHWM:\s+(\d+) kB$/m.exec(status)),
  };
}

function kilobytes(found: RegExpExecArray | null): number {
  return Number(found?.[1] ?? 0) * 1_024;
}
