import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import path from "node:path";

export interface CopyLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Directories at the top that are not copied. */
  readonly without: readonly string[];
  /** Names that are others in the copy. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Copies the files of a directory that nothing writes meanwhile. Links are copied, never followed; sockets, pipes and
 * devices are left out. False when it is more than the limits allow: then part of it may have been copied.
 */
export async function copyTree(from: string, to: string, limits: CopyLimits): Promise<boolean> {
  const { maxEntries: entries, maxBytes: bytes, without, renamed } = limits;
  return await copyInto(from, to, { entries, bytes, renamed }, new Set(without));
}

async function copyInto(
  from: string,
  to: string,
  rest: { entries: number; bytes: number; readonly renamed: ReadonlyMap<string, string> },
  without: ReadonlySet<string>,
): Promise<boolean> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const { name } of await readdir(from, { withFileTypes: true })) {
    if (without.has(name)) continue;
    const source = path.join(from, name);
    const target = path.join(to, rest.renamed.get(name) ?? name);
    const stat = await lstat(source);
    rest.entries -= 1;
    if (stat.isFile()) rest.bytes -= stat.size;
    if (rest.entries < 0 || rest.bytes < 0) return false;
    if (stat.isDirectory()) {
      if (!(await copyInto(source, target, rest, noNames))) return false;
    } else if (stat.isSymbolicLink()) {
      await symlink(await readlink(source), target);
    } else if (stat.isFile()) {
      await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    }
  }
  return true;
}

const noNames: ReadonlySet<string> = new Set();
