import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/**
 * The beginning of a directory's name for `mkdtemp`, on the disk that holds people's files: the one for temporary files
 * may be in memory, where nothing has to be synced.
 */
export function dataDirectory(name: string): string {
  const parent = path.join(process.env["MUSTER_CACHE"] ?? path.join(homedir(), ".cache", "muster"), "bench");
  mkdirSync(parent, { recursive: true });
  return path.join(parent, `${name}-`);
}
