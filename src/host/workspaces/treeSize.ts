import { lstat, opendir } from "node:fs/promises";
import path from "node:path";

export interface TreeSize {
  readonly entries: number;
  /** On disk, not as files say of themselves: a file full of nothing takes no room. */
  readonly bytes: number;
}

export interface TreeLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Counts what is below a directory, following no link; stops as soon as a limit is passed. */
export async function treeSize(directory: string, limits: TreeLimits): Promise<TreeSize> {
  const waiting = [directory];
  let entries = 0;
  let bytes = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const listing = await opendir(next).catch(() => undefined);
    if (listing === undefined) continue;
    const files: string[] = [];
    for await (const entry of listing) {
      entries += 1;
      const file = path.join(next, entry.name);
      if (entry.isDirectory()) waiting.push(file);
      else files.push(file);
      if (entries > limits.maxEntries) return { entries, bytes };
    }
    for (const size of await Promise.all(files.map(sizeOf))) bytes += size;
    if (bytes > limits.maxBytes) return { entries, bytes };
  }
  return { entries, bytes };
}

export async function directoryBytes(directory: string): Promise<number> {
  return (await treeSize(directory, { maxEntries: Infinity, maxBytes: Infinity })).bytes;
}

/** In the unit that POSIX gives file sizes on disk in. */
const blockBytes = 512;

/** What is written and removed meanwhile counts nothing. */
async function sizeOf(file: string): Promise<number> {
  const stat = await lstat(file).catch(() => undefined);
  return (stat?.blocks ?? 0) * blockBytes;
}
