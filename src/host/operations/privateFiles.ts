import { chmodSync, existsSync, lstatSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";

/** What in a data directory holds people's work or lets somebody in; everything else is below one of these. */
const privateNames = [
  "log.db",
  "log.db-wal",
  "log.db-shm",
  "log.lock",
  "token",
  "tokens",
  "run",
  "sessions",
  "mirrors",
];

/** What of the directory other users of the machine can reach. Nothing, as long as they can't enter it. */
export function openToOthers(dataDir: string): string[] {
  if (process.platform === "win32" || !isOpen(dataDir)) return [];
  return [dataDir, ...privateNames.map((name) => path.join(dataDir, name)).filter(isOpen)];
}

/**
 * Closes the directory and what is in it, and answers with what could be reached: that somebody has can't be ruled out.
 * Throws AppError `permission.denied` when the host may not close it.
 */
export function closeToOthers(dataDir: string): string[] {
  const reachable = openToOthers(dataDir);
  if (process.platform === "win32") return reachable;
  for (const file of [dataDir, ...privateNames.map((name) => path.join(dataDir, name))].filter(isOpen)) {
    try {
      chmodSync(file, lstatSync(file).mode & 0o700);
    } catch (error) {
      const sentence = `Other users can read ${file}, and the host can't change that. Run "chmod go-rwx ${file}" as its owner.`;
      throw new AppError("permission.denied", sentence, { cause: error });
    }
  }
  return reachable;
}

function isOpen(file: string): boolean {
  return existsSync(file) && (lstatSync(file).mode & 0o077) !== 0;
}
