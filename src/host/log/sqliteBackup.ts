import { randomUUID } from "node:crypto";
import { chmodSync, closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";

/**
 * Writes the log as it is at this moment into another directory, beside a running writer, whom it does not hold up. The
 * copy has an epoch of its own: numbers that are given out after a restore mean something else than those that clients
 * have seen. On disk when it returns. Throws AppError `notFound`, `conflict` when there is a log already.
 */
export function backUpLog(directory: string, target: string): void {
  const [from, to] = [path.join(directory, "log.db"), path.join(target, "log.db")];
  if (!existsSync(from))
    throw new AppError("notFound", `There is no log in ${directory}. Name the host's directory with --data.`);
  if (existsSync(to)) throw new AppError("conflict", `There is a log in ${target} already. Name another directory.`);
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    source.exec("PRAGMA busy_timeout = 5000");
    source.prepare("VACUUM INTO ?").run(to);
  } finally {
    source.close();
  }
  chmodSync(to, 0o600);
  const copy = new DatabaseSync(to);
  try {
    copy.exec("PRAGMA synchronous = EXTRA");
    copy.prepare("UPDATE meta SET value = ? WHERE key = 'epoch'").run(randomUUID());
  } finally {
    copy.close();
  }
  for (const file of [to, target]) sync(file);
}

function sync(file: string): void {
  const descriptor = openSync(file, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
