import type { FleetOverlap } from "../../protocol/fleetConflicts.ts";
import type { NamedChange } from "../workspaces/changes.ts";

/** Lines of the older side that a change touches; none for an insertion after line `start`. */
export interface Hunk {
  readonly start: number;
  readonly lines: number;
}

export interface Meeting {
  readonly overlap: FleetOverlap;
  readonly files: string[];
  readonly fileCount: number;
}

/** Enough to see what it is about; the rest is in the diffs. */
const maxFiles = 50;

export function meeting(overlap: FleetOverlap, files: readonly string[]): Meeting {
  const sorted = files.toSorted();
  return { overlap, files: sorted.slice(0, maxFiles), fileCount: sorted.length };
}

export const NO_MEETING = meeting("none", []);

/** Changes by path. */
export type ChangesByPath = ReadonlyMap<string, NamedChange>;

/** The files that both touch; a file of the one where the other has a directory counts too. */
export function sharedPaths(ours: ChangesByPath, theirs: ChangesByPath): readonly string[] {
  const [few, many] = ours.size <= theirs.size ? [ours, theirs] : [theirs, ours];
  const shared = new Set<string>();
  for (const path of few.keys()) if (many.has(path)) shared.add(path);
  for (const [inner, outer] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    for (const path of inner.keys()) if (parentsOf(path).some((parent) => outer.has(parent))) shared.add(path);
  }
  return Array.from(shared);
}

function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) parents.push(path.slice(0, at));
  return parents;
}

/** Git's own context of a change: what is nearer belongs together. */
const neighbourLines = 3;

/** Do two lists of changes to the same text touch the same or neighbouring lines? */
export function hunksMeet(ours: readonly Hunk[], theirs: readonly Hunk[]): boolean {
  return ours.some((a) =>
    theirs.some((b) => a.start <= endOf(b) + neighbourLines && b.start <= endOf(a) + neighbourLines),
  );
}

function endOf({ start, lines }: Hunk): number {
  return start + Math.max(0, lines - 1);
}
