import { type Dir, lstatSync, opendirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

export interface TreeSize {
  readonly entries: number;
  /** On disk, not as files say of themselves: a file full of nothing takes no room. */
  readonly bytes: number;
}

export interface TreeLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** So many are looked at before anything else may run: a look costs microseconds, handing each to another thread many more. */
const entriesASlice = 100;

/** Counts what is below a directory, following no link; stops as soon as a limit is passed. */
export async function treeSize(directory: string, limits: TreeLimits): Promise<TreeSize> {
  const waiting = [directory];
  let entries = 0;
  let bytes = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const listing = open(next);
    try {
      for (let entry = listing?.readSync(); entry; entry = listing?.readSync()) {
        entries += 1;
        const file = `${next}/${entry.name}`;
        if (entry.isDirectory()) waiting.push(file);
        else bytes += sizeOf(file);
        if (entries > limits.maxEntries || bytes > limits.maxBytes) return { entries, bytes };
        if (entries % entriesASlice === 0) await setImmediate();
      }
    } finally {
      listing?.closeSync();
    }
  }
  return { entries, bytes };
}

function open(directory: string): Dir | undefined {
  try {
    return opendirSync(directory, { bufferSize: entriesASlice });
  } catch {
    return undefined;
  }
}

export async function directoryBytes(directory: string): Promise<number> {
  return (await treeSize(directory, { maxEntries: Infinity, maxBytes: Infinity })).bytes;
}

/** In the unit that POSIX gives file sizes on disk in. */
const blockBytes = 512;

/** What is written and removed meanwhile counts nothing. */
function sizeOf(file: string): number {
  try {
    return lstatSync(file).blocks * blockBytes;
  } catch {
    return 0;
  }
}
