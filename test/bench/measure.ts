import { setImmediate as nextTick } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";

/**
 * Side-by-side measuring: whatever is compared runs in one process run, in alternating slices, and what counts is the
 * ratio of the medians. Absolute numbers say something about the machine of the day and are never judged.
 */

/** One way to do the work that is compared. Does one slice of it and returns what it cost. */
export type Arm<Cost> = () => Cost | Promise<Cost>;

export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One row of the report. `what` names both sides and the unit of `ours` and `peer`. */
export interface Measure {
  readonly what: string;
  readonly ours: number;
  readonly peer: number;
  /** `ours / peer`. */
  readonly ratio: number;
  readonly goal: string;
  readonly met: boolean;
}

/**
 * Runs every arm once a round and returns each arm's costs, round by round. The order turns from round to round, so that
 * no arm always follows the same neighbour. Rounds before the first one warm up and do not count.
 */
export async function interleave<Name extends string, Cost>(
  arms: Readonly<Record<Name, Arm<Cost>>>,
  rounds: number,
  warmUps = 1,
): Promise<Record<Name, Cost[]>> {
  const names = Object.keys(arms) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<Name, Cost[]>;
  for (let round = -warmUps; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round + warmUps) % names.length];
      if (name === undefined) continue;
      const cost = await arms[name]();
      if (round >= 0) costs[name].push(cost);
    }
  }
  return costs;
}

/** NaN for no values at all. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which the given part (0 to 1) of the values lies; between two values, their mean by distance. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Sets ours against the peer's: single costs, or the costs of the rounds, of which the medians count. */
export function compare(
  what: string,
  ours: number | readonly number[],
  peer: number | readonly number[],
  goal: Goal,
): Measure {
  const [own, other] = [typeof ours === "number" ? ours : median(ours), typeof peer === "number" ? peer : median(peer)];
  const ratio = own / other;
  const met = "atMost" in goal ? ratio <= goal.atMost : ratio >= goal.atLeast;
  const told = "atMost" in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`;
  return { what, ours: rounded(own), peer: rounded(other), ratio: rounded(ratio), goal: told, met };
}

/** CPU of this process over the work, its helper threads (garbage collection) included, in microseconds. */
export async function cpuOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  const pending = work();
  if (pending !== undefined) await pending;
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * Resident memory of this process, in bytes, after a collection where `--expose-gc` allows one. Without the room in which V8
 * makes objects: up to 32 MB, by how much was made lately and not by what is kept.
 */
export async function residentBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await nextTick();
  }
  const making = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return process.memoryUsage.rss() - (making?.physical_space_size ?? 0);
}

/** Milliseconds on the wall. */
export async function wallOf(work: () => void | Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

/** Three significant digits: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
