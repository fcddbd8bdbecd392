import { chmodSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { AppError } from "../../base/appError.ts";
import { resultCode, systemReason } from "../systemReason.ts";

const FORMAT = "3";

/** `removed_*` of a channel: how far its records were removed, the hash of the last of them, and how many they were. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS channels (
    id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, removed_to INTEGER NOT NULL DEFAULT 0,
    removed_hash TEXT NOT NULL DEFAULT '', removed_count INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY, channel INTEGER NOT NULL REFERENCES channels (id),
    time INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS records_by_channel ON records (channel, seq);
  CREATE TABLE IF NOT EXISTS snapshots (
    channel INTEGER PRIMARY KEY REFERENCES channels (id),
    seq INTEGER NOT NULL, state TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS blob_users (
    blob TEXT NOT NULL REFERENCES blobs (id), channel INTEGER NOT NULL REFERENCES channels (id),
    PRIMARY KEY (blob, channel)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS blobs_by_channel ON blob_users (channel);
`;

/**
 * EXTRA until the write-ahead log is in use: it alone syncs the directory after the rollback journal of the very first
 * write is gone. A journal that a power cut brings back would undo that write, and with it everything since.
 * What is deleted is overwritten.
 */
const DURABLE = `
  PRAGMA fullfsync = ON; PRAGMA synchronous = EXTRA; PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
`;

export interface LogFile {
  readonly db: DatabaseSync;
  /** Held for as long as somebody writes; absent for a reader. */
  readonly lock: DatabaseSync | undefined;
}

const files = ["log.db", "log.db-wal", "log.db-shm", "log.lock"];

/** SQLite makes what it adds later with the rights of the file that it belongs to. */
function makePrivate(file: string): void {
  if (process.platform !== "win32" && existsSync(file)) chmodSync(file, 0o600);
}

/**
 * Throws AppError `conflict` when another process writes to this directory, `internal` when the file is not usable.
 * @param makeRoom as in `SqliteLogOptions`
 */
export function openLogFile(directory: string, isReadOnly: boolean, makeRoom: () => boolean): LogFile {
  const { DatabaseSync: Database } = process.getBuiltinModule("node:sqlite");
  let lock: DatabaseSync | undefined;
  let db: DatabaseSync | undefined;
  try {
    if (!isReadOnly) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      lock = takeLock(Database, directory);
    }
    db = new Database(path.join(directory, "log.db"), { readOnly: isReadOnly });
    try {
      prepare(db, isReadOnly);
    } catch (error) {
      if (!lacksRoom(error) || !makeRoom()) throw error;
      prepare(db, isReadOnly);
    }
    if (!isReadOnly) for (const name of files) makePrivate(path.join(directory, name));
    return { db, lock };
  } catch (error) {
    db?.close();
    lock?.close();
    throw unusable(directory, error);
  }
}

export function unusable(directory: string, error: unknown): AppError {
  if (AppError.is(error)) return error;
  return new AppError("internal", `The log in ${directory} could not be opened: ${systemReason(error)}.`, {
    cause: error,
  });
}

/**
 * Whoever opens the log for writing takes the next number, and whoever writes must still have the last one: a writer that
 * lost its lock without noticing (the file of the lock was removed, the file system forgot it) writes nothing more.
 */
export class Fence {
  readonly #held: string;
  readonly #select: StatementSync;

  /** @param makeRoom as in `SqliteLogOptions` */
  constructor(db: DatabaseSync, makeRoom: () => boolean) {
    const take = () =>
      db.exec(
        "INSERT INTO meta (key, value) VALUES ('writer', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
      );
    try {
      take();
    } catch (error) {
      if (!isDiskFull(error) || !makeRoom()) throw error;
      take();
    }
    this.#held = readMeta(db, "writer") ?? "";
    this.#select = db.prepare("SELECT value FROM meta WHERE key = 'writer'");
  }

  /** Inside of the transaction that writes. Throws AppError `conflict`. */
  assertHeld(): void {
    if (this.#select.get()?.["value"] === this.#held) return;
    throw new AppError("conflict", "another host has taken over this data");
  }
}

/** SQLITE_FULL: a page could not be written. Unlike after a failed sync, what the disk holds is known. */
const diskFull = 13;
/** SQLITE_IOERR_SHMSIZE: the index of the write-ahead log, which is made when the log is opened, found no room. */
const noRoomForIndex = 4874;
/** SQLITE_BUSY: another process holds the lock. */
const busy = 5;

export function isDiskFull(error: unknown): boolean {
  return resultCode(error) === diskFull;
}

function lacksRoom(error: unknown): boolean {
  return isDiskFull(error) || resultCode(error) === noRoomForIndex;
}

/** The stored value, or `value` stored first. */
export function keepMeta(db: DatabaseSync, key: string, value: string): string {
  db.prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING").run(key, value);
  return readMeta(db, key) ?? value;
}

export function readMeta(db: DatabaseSync, key: string): string | undefined {
  const value = db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.["value"];
  return typeof value === "string" ? value : undefined;
}

function prepare(db: DatabaseSync, isReadOnly: boolean): void {
  db.exec("PRAGMA busy_timeout = 5000;");
  if (!isReadOnly) {
    db.exec(DURABLE);
    const isEmpty = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").get() === undefined;
    // In one piece: a file with half of its tables is no log.
    if (isEmpty) db.exec(`BEGIN; ${SCHEMA} INSERT INTO meta (key, value) VALUES ('schema', '${FORMAT}'); COMMIT;`);
  }
  const format = readMeta(db, "schema");
  if (format !== FORMAT) {
    const sentence = `The log has format ${format ?? "none"}; this host reads ${FORMAT}. Start the version of the host that wrote it.`;
    throw new AppError("internal", sentence);
  }
}

/**
 * One writer: an open exclusive transaction on a file of its own. The operating system ends it with the process, however
 * that dies, and `log.db` itself stays readable for `verify` and `export`. Nothing is ever stored in the file, and with
 * its journal in memory a full disk is no reason not to get it.
 */
function takeLock(Database: typeof DatabaseSync, directory: string): DatabaseSync {
  const lock = new Database(path.join(directory, "log.lock"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
    return lock;
  } catch (error) {
    lock.close();
    if (resultCode(error) !== busy) throw error;
    throw new AppError(
      "conflict",
      `Another host already uses ${directory}. Stop it, or choose another --data directory.`,
      { cause: error },
    );
  }
}
