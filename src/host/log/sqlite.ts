import { createHash, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { EventLog, LogRecord, LogSnapshot, ReadRange, VerifyReport } from "./log.ts";
import { CHAIN_START, recordHash } from "./recordHash.ts";

export interface SqliteLogOptions {
  /** Directory of `log.db`; made if absent. A local disk: SQLite's locks do not hold on network file systems. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reads beside a running writer: no lock is taken and `append` throws. */
  readonly readOnly?: boolean;
}

const PAGE = 500;
const SCHEMA_VERSION = "2";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS channels (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY, channel INTEGER NOT NULL REFERENCES channels (id),
    time INTEGER NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS records_by_channel ON records (channel, seq);
  CREATE TABLE IF NOT EXISTS snapshots (
    channel INTEGER PRIMARY KEY REFERENCES channels (id), seq INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
`;

interface Pending {
  readonly seq: number;
  readonly channel: string;
  readonly time: number;
  readonly body: string;
}

/** A channel's row id and the hash that its next record links to. */
interface ChannelRow {
  readonly id: number;
  hash: string;
}

/**
 * The embedded engine. Commits run on this thread: whatever was appended since the last commit leaves in the next one,
 * which starts as soon as the event loop is free, so the batch grows with the load and nobody waits for a timer.
 */
export class SqliteLog implements EventLog {
  readonly epoch: string;
  readonly #db: DatabaseSync;
  readonly #lock: DatabaseSync | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #rows = new Map<string, ChannelRow>();
  readonly #insert: StatementSync;
  readonly #upsertSnapshot: StatementSync;
  readonly #committed: Emitter<readonly LogRecord[]>;
  readonly #failures: Emitter<Error>;
  #lastSeq: number;
  #durableSeq: number;
  #pending: Pending[] = [];
  #snapshots = new Map<string, LogSnapshot>();
  #scheduled: NodeJS.Immediate | undefined;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #failed: Error | undefined;
  #closed = false;

  /** Throws AppError `conflict` when another process writes to this directory, `internal` when the file is not usable. */
  static open(options: SqliteLogOptions): SqliteLog {
    const sqlite = process.getBuiltinModule("node:sqlite");
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const lock = options.readOnly ? undefined : takeLock(sqlite.DatabaseSync, options.directory);
    try {
      const file = path.join(options.directory, "log.db");
      return new SqliteLog(new sqlite.DatabaseSync(file, { readOnly: options.readOnly ?? false }), lock, options);
    } catch (error) {
      lock?.close();
      if (AppError.is(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError("internal", `The log in ${options.directory} could not be opened: ${reason}.`, {
        cause: error,
      });
    }
  }

  private constructor(db: DatabaseSync, lock: DatabaseSync | undefined, options: SqliteLogOptions) {
    this.#db = db;
    this.#lock = lock;
    this.#clock = options.clock;
    this.#logger = options.logger;
    const report = (error: unknown) => this.#logger.error("log listener failed", { error: String(error) });
    this.#committed = new Emitter(report);
    this.#failures = new Emitter(report);
    db.exec("PRAGMA busy_timeout = 5000;");
    if (lock) {
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;");
      db.exec(SCHEMA);
      this.#meta("schema", SCHEMA_VERSION);
    }
    const schema = this.#readMeta("schema");
    if (schema !== SCHEMA_VERSION) {
      throw new AppError("internal", `The log has format ${schema ?? "none"}; this host reads ${SCHEMA_VERSION}.`);
    }
    this.epoch = lock ? this.#meta("epoch", randomUUID()) : (this.#readMeta("epoch") ?? "");
    this.#insert = db.prepare("INSERT INTO records (seq, channel, time, body, hash) VALUES (?, ?, ?, ?, ?)");
    this.#upsertSnapshot = db.prepare(
      "INSERT INTO snapshots (channel, seq, state) VALUES (?, ?, ?) ON CONFLICT (channel) DO UPDATE SET seq = excluded.seq, state = excluded.state",
    );
    const last = db.prepare("SELECT max(seq) AS seq FROM records").get();
    this.#lastSeq = typeof last?.["seq"] === "number" ? last["seq"] : 0;
    this.#durableSeq = this.#lastSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get durableSeq(): number {
    return this.#durableSeq;
  }

  get onCommitted() {
    return this.#committed.event;
  }

  get onFailed() {
    return this.#failures.event;
  }

  append(channel: string, body: string): number {
    this.#assertWritable();
    this.#lastSeq += 1;
    this.#pending.push({ seq: this.#lastSeq, channel, time: this.#clock.now(), body });
    this.#schedule();
    return this.#lastSeq;
  }

  saveSnapshot(channel: string, snapshot: LogSnapshot): void {
    this.#assertWritable();
    this.#snapshots.set(channel, snapshot);
    this.#schedule();
  }

  async flush(): Promise<void> {
    if (this.#failed) throw this.#failed;
    if (this.#pending.length === 0 && this.#snapshots.size === 0) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async *read(range: ReadRange): AsyncIterable<LogRecord> {
    const remaining = range.limit ?? Number.POSITIVE_INFINITY;
    const filter = range.channel === undefined ? "" : "AND r.channel = (SELECT id FROM channels WHERE uri = ?)";
    const select = this.#db.prepare(
      `SELECT r.seq, c.uri AS channel, r.time, r.body, r.hash FROM records r JOIN channels c ON c.id = r.channel
       WHERE r.seq > ? ${filter} ORDER BY r.seq LIMIT ?`,
    );
    let after = range.after;
    let left = remaining;
    while (left > 0) {
      const channel = range.channel === undefined ? [] : [range.channel];
      const page = select.all(after, ...channel, Math.min(PAGE, left)).map(toRecord);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.seq;
      left -= page.length;
    }
  }

  async channels(): Promise<readonly string[]> {
    return this.#db
      .prepare("SELECT uri FROM channels ORDER BY id")
      .all()
      .map((row) => String(row["uri"]));
  }

  async loadSnapshot(channel: string): Promise<LogSnapshot | undefined> {
    const row = this.#db
      .prepare("SELECT s.seq, s.state FROM snapshots s JOIN channels c ON c.id = s.channel WHERE c.uri = ?")
      .get(channel);
    return row === undefined ? undefined : { seq: Number(row["seq"]), state: String(row["state"]) };
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    this.#assertWritable();
    const id = createHash("sha256").update(bytes).digest("hex");
    try {
      this.#db.prepare("INSERT INTO blobs (id, bytes) VALUES (?, ?) ON CONFLICT (id) DO NOTHING").run(id, bytes);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#failed) throw this.#failed;
    return id;
  }

  async getBlob(id: string): Promise<Uint8Array | undefined> {
    const bytes = this.#db.prepare("SELECT bytes FROM blobs WHERE id = ?").get(id)?.["bytes"];
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  async verify(): Promise<VerifyReport> {
    const chains = new Map<string, string>();
    let records = 0;
    for await (const record of this.read({ after: 0 })) {
      const hash = recordHash(chains.get(record.channel) ?? CHAIN_START, record);
      if (hash !== record.hash) {
        const problem = `Record ${record.seq} of ${record.channel} does not fit the one before it: the log was changed or damaged.`;
        return { records, channels: chains.size, problem };
      }
      chains.set(record.channel, hash);
      records += 1;
    }
    return { records, channels: chains.size };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#failed) this.#commit();
    this.dispose();
  }

  dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#scheduled);
    this.#db.close();
    this.#lock?.close();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new AppError("cancelled", "The log was closed."));
  }

  #assertWritable(): void {
    if (this.#failed)
      throw new AppError("internal", "The log has failed; nothing more is stored.", { cause: this.#failed });
    if (this.#closed || this.#lock === undefined) throw new AppError("internal", "The log is not open for writing.");
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.#commit());
  }

  #commit(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const pending = this.#pending;
    const snapshots = this.#snapshots;
    const waiting = this.#waiting;
    this.#pending = [];
    this.#snapshots = new Map();
    this.#waiting = [];
    if (pending.length === 0 && snapshots.size === 0) {
      for (const waiter of waiting) waiter.resolve();
      return;
    }
    let records: LogRecord[];
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      records = pending.map((entry) => this.#write(entry));
      for (const [channel, snapshot] of snapshots) {
        this.#upsertSnapshot.run(this.#row(channel).id, snapshot.seq, snapshot.state);
      }
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#fail(error, waiting);
      return;
    }
    this.#durableSeq = records.at(-1)?.seq ?? this.#durableSeq;
    for (const waiter of waiting) waiter.resolve();
    if (records.length > 0) this.#committed.fire(records);
  }

  #write(entry: Pending): LogRecord {
    const row = this.#row(entry.channel);
    const hash = recordHash(row.hash, entry);
    this.#insert.run(entry.seq, row.id, entry.time, entry.body, hash);
    row.hash = hash;
    return { ...entry, hash };
  }

  #row(channel: string): ChannelRow {
    const known = this.#rows.get(channel);
    if (known) return known;
    this.#db.prepare("INSERT INTO channels (uri) VALUES (?) ON CONFLICT (uri) DO NOTHING").run(channel);
    const found = this.#db
      .prepare(
        "SELECT c.id, (SELECT hash FROM records r WHERE r.channel = c.id ORDER BY seq DESC LIMIT 1) AS hash FROM channels c WHERE c.uri = ?",
      )
      .get(channel);
    const hash = found?.["hash"];
    const row = { id: Number(found?.["id"]), hash: typeof hash === "string" ? hash : CHAIN_START };
    this.#rows.set(channel, row);
    return row;
  }

  /** After a failed commit the disk's content is unknown, and a second fsync may falsely succeed: never retry. */
  #fail(cause: unknown, waiting: readonly { reject: (error: Error) => void }[] = []): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const failure = new AppError("internal", `The log could not be written (${reason}). The host stops.`, { cause });
    this.#failed = failure;
    for (const waiter of [...waiting, ...this.#waiting.splice(0)]) waiter.reject(failure);
    this.#logger.error("log commit failed", { reason });
    this.#failures.fire(failure);
  }

  /** The stored value, or `value` stored first. */
  #meta(key: string, value: string): string {
    this.#db.prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING").run(key, value);
    return this.#readMeta(key) ?? value;
  }

  #readMeta(key: string): string | undefined {
    const value = this.#db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.["value"];
    return typeof value === "string" ? value : undefined;
  }
}

/**
 * One writer: an open exclusive transaction on a file of its own. The operating system ends it with the process, however
 * that dies, and `log.db` itself stays readable for `verify` and `export`.
 */
function takeLock(Database: typeof DatabaseSync, directory: string): DatabaseSync {
  const lock = new Database(path.join(directory, "log.lock"));
  try {
    lock.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE;");
    return lock;
  } catch (error) {
    lock.close();
    throw new AppError(
      "conflict",
      `Another host already uses ${directory}. Stop it, or choose another --data directory.`,
      {
        cause: error,
      },
    );
  }
}

function toRecord(row: Record<string, unknown>): LogRecord {
  return {
    seq: Number(row["seq"]),
    channel: String(row["channel"]),
    time: Number(row["time"]),
    body: String(row["body"]),
    hash: String(row["hash"]),
  };
}
