import { lstat, copyFile, mkdir, readdir, readlink, symlink, utimes, chmod } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { backUpLog } from "../log/sqliteBackup.ts";
import { systemReason } from "../systemReason.ts";

export interface BackupReport {
  readonly files: number;
  readonly bytes: number;
}

/** The log is copied as one piece; the lock and the reserve mean nothing elsewhere. */
const ownWay = /^(log\.db(-wal|-shm|-journal)?|log\.lock|ballast)$/;

/**
 * Copies a data directory, whose host may be running, into `target`, which must be new or empty. The log comes first and
 * the files after it: whatever the log knows of is there. Links are copied as links. Restoring is moving it back.
 */
export async function backUp(dataDir: string, target: string): Promise<BackupReport> {
  if (`${target}${path.sep}`.startsWith(`${dataDir}${path.sep}`)) {
    throw new AppError(
      "request.invalid",
      `${target} is inside of ${dataDir}. Name a directory elsewhere, on another disk.`,
    );
  }
  try {
    return await copyAll(dataDir, target);
  } catch (error) {
    if (AppError.is(error)) throw error;
    const sentence = `The backup in ${target} is not whole, remove it: ${systemReason(error)}.`;
    throw new AppError("internal", sentence, { cause: error });
  }
}

async function copyAll(dataDir: string, target: string): Promise<BackupReport> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  await chmod(target, 0o700);
  backUpLog(dataDir, target);
  const report = { files: 1, bytes: (await lstat(path.join(target, "log.db"))).size };
  for (const name of await readdir(dataDir)) {
    const from = path.join(dataDir, name);
    if (!ownWay.test(name)) await copy(from, path.join(target, name), report);
  }
  return report;
}

async function copy(from: string, to: string, report: { files: number; bytes: number }): Promise<void> {
  const stat = await lstat(from).catch(ifGone);
  if (stat === undefined) return;
  if (stat.isSymbolicLink()) {
    const link = await readlink(from).catch(ifGone);
    if (link !== undefined) await symlink(link, to);
  } else if (stat.isDirectory()) {
    await mkdir(to, { mode: (stat.mode & 0o777) | 0o700 });
    for (const name of (await readdir(from).catch(ifGone)) ?? [])
      await copy(path.join(from, name), path.join(to, name), report);
    await utimes(to, stat.atime, stat.mtime);
  } else if (stat.isFile()) {
    const isCopied = await copyFile(from, to).then(() => true, ifGone);
    if (isCopied !== true) return;
    await utimes(to, stat.atime, stat.mtime);
    report.files += 1;
    report.bytes += stat.size;
  }
}

/** Agents work meanwhile: what is no longer there is not missed. */
function ifGone(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
