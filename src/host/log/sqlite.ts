import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { AppError } from "../../base/appError.ts";
import type { Disposable } from "../../base/disposables.ts";
import { type Failpoint, noFailpoint } from "../../base/failpoint.ts";
import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { EventLog, LogRecord, LogSnapshot, ReadRange, VerifyReport } from "./log.ts";
import { blobId, CHAIN_START, recordHash, snapshotHash } from "./recordHash.ts";
import { Fence, isDiskFull, keepMeta, type LogFile, openLogFile, readMeta, unusable } from "./sqliteFile.ts";
import { misfit, verifyFile } from "./sqliteVerify.ts";

export interface SqliteLogOptions {
  /** Directory of `log.db`; made if absent. A local disk: SQLite's locks do not hold on network file systems. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reads beside a running writer: no lock is taken and `append` throws. */
  readonly readOnly?: boolean;
  /** Called when the disk is full; true when it made some room. */
  readonly makeRoom?: () => boolean;
  /** Told how many seconds each commit took. */
  readonly onTimed?: (seconds: number) => void;
  readonly failpoint?: Failpoint;
}

const PAGE = 500;
const roomRetryMs = 500;
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
  readonly #statements = new Map<string, StatementSync>();
  readonly #insert: StatementSync;
  readonly #upsertSnapshot: StatementSync;
  readonly #committed: Emitter<readonly LogRecord[]>;
  readonly #failures: Emitter<Error>;
  #lastSeq: number;
  #durableSeq: number;
  #pending: Pending[] = [];
  #snapshots = new Map<string, LogSnapshot>();
  /** How far each of these channels is to be removed; with `forget` to its end. */
  #removals = new Map<string, number>();
  #scheduled: NodeJS.Immediate | undefined;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #failed: Error | undefined;
  readonly #makeRoom: () => boolean;
  readonly #failpoint: Failpoint;
  readonly #onTimed: (seconds: number) => void;
  /** Undefined for a reader. */
  readonly #fence: Fence | undefined;
  /** Set while what waits finds no room. */
  #roomRetry: Disposable | undefined;
  #closed = false;

  /** Throws AppError `conflict` when another process writes to this directory, `internal` when the file is not usable. */
  static open(options: SqliteLogOptions): SqliteLog {
    const file = openLogFile(options.directory, options.readOnly ?? false);
    try {
      return new SqliteLog(file, options);
    } catch (error) {
      file.db.close();
      file.lock?.close();
      throw unusable(options.directory, error);
    }
  }

  private constructor({ db, lock }: LogFile, options: SqliteLogOptions) {
    this.#db = db;
    this.#lock = lock;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#makeRoom = options.makeRoom ?? (() => false);
    this.#failpoint = options.failpoint ?? noFailpoint;
    this.#onTimed = options.onTimed ?? (() => {});
    this.#fence = lock && new Fence(db, this.#makeRoom);
    const report = (error: unknown) => this.#logger.error("log listener failed", { error: String(error) });
    this.#committed = new Emitter(report);
    this.#failures = new Emitter(report);
    this.epoch = lock ? keepMeta(db, "epoch", randomUUID()) : (readMeta(db, "epoch") ?? "");
    this.#insert = db.prepare("INSERT INTO records (seq, channel, time, body, hash) VALUES (?, ?, ?, ?, ?)");
    this.#upsertSnapshot = db.prepare(
      "INSERT INTO snapshots (channel, seq, state, hash) VALUES (?, ?, ?, ?) ON CONFLICT (channel) DO UPDATE SET seq = excluded.seq, state = excluded.state, hash = excluded.hash",
    );
    const last = db.prepare("SELECT max(seq) AS seq FROM records UNION ALL SELECT max(removed_to) FROM channels").all();
    this.#lastSeq = Math.max(0, ...last.map((row) => Number(row["seq"] ?? 0)));
    this.#durableSeq = this.#lastSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get durableSeq(): number {
    return this.#durableSeq;
  }

  get isFull(): boolean {
    return this.#roomRetry !== undefined;
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

  prune(channel: string, upTo: number): void {
    this.#assertWritable();
    this.#removals.set(channel, Math.max(upTo, this.#removals.get(channel) ?? 0));
    this.#schedule();
  }

  forget(channel: string): void {
    this.prune(channel, Number.POSITIVE_INFINITY);
  }

  async removals(): Promise<ReadonlyMap<string, number>> {
    const rows = this.#prepare("SELECT uri, removed_to FROM channels WHERE removed_count > 0").all();
    return new Map(rows.map((row) => [String(row["uri"]), Number(row["removed_to"])]));
  }

  async scrub(): Promise<void> {
    await this.flush();
    // What was overwritten in the file is still in the write-ahead log until that is emptied.
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  async flush(): Promise<void> {
    if (this.#failed) throw this.#failed;
    if (this.#isIdle()) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async *read(range: ReadRange): AsyncIterable<LogRecord> {
    const remaining = range.limit ?? Number.POSITIVE_INFINITY;
    const filter = range.channel === undefined ? "" : "AND r.channel = (SELECT id FROM channels WHERE uri = ?)";
    const select = this.#prepare(
      `SELECT r.seq, c.uri AS channel, r.time, r.body, r.hash FROM records r JOIN channels c ON c.id = r.channel
       WHERE r.seq > ? ${filter} ORDER BY r.seq LIMIT ?`,
    );
    let after = range.after;
    let left = remaining;
    let chain: string | undefined;
    while (left > 0) {
      const channel = range.channel === undefined ? [] : [range.channel];
      const page = select.all(after, ...channel, Math.min(PAGE, left)).map(toRecord);
      // A start finds nothing after most snapshots.
      if (range.channel !== undefined && page.length > 0) chain ??= this.#hashAt(range.channel, range.after);
      for (const record of page) {
        if (chain !== undefined && recordHash(chain, record) !== record.hash)
          throw damaged(record.channel, misfit(record));
        if (chain !== undefined) chain = record.hash;
        yield record;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.seq;
      left -= page.length;
    }
  }

  async latest(channel: string): Promise<LogRecord | undefined> {
    const row = this.#prepare(
      `SELECT r.seq, c.uri AS channel, r.time, r.body, r.hash FROM records r JOIN channels c ON c.id = r.channel
         WHERE c.uri = ? ORDER BY r.seq DESC LIMIT 1`,
    ).get(channel);
    return row && toRecord(row);
  }

  async channels(): Promise<readonly string[]> {
    return this.#prepare(
      "SELECT uri FROM channels c WHERE EXISTS (SELECT 1 FROM records WHERE channel = c.id) OR EXISTS (SELECT 1 FROM snapshots WHERE channel = c.id) ORDER BY id",
    )
      .all()
      .map((row) => String(row["uri"]));
  }

  async loadSnapshot(channel: string): Promise<LogSnapshot | undefined> {
    const row = this.#prepare(
      "SELECT s.seq, s.state, s.hash, c.removed_count FROM snapshots s JOIN channels c ON c.id = s.channel WHERE c.uri = ?",
    ).get(channel);
    if (row === undefined) return undefined;
    const snapshot = { seq: Number(row["seq"]), state: String(row["state"]) };
    if (snapshotHash(channel, snapshot) === row["hash"]) return snapshot;
    if (row["removed_count"] === 0) return undefined;
    throw damaged(channel, `The snapshot of ${channel} was changed or damaged, and the records before it are removed.`);
  }

  async putBlob(channel: string, bytes: Uint8Array): Promise<string> {
    this.#assertWritable();
    const id = blobId(bytes);
    try {
      this.#begin();
      this.#prepare("INSERT INTO blobs (id, bytes) VALUES (?, ?) ON CONFLICT (id) DO NOTHING").run(id, bytes);
      this.#prepare("INSERT INTO blob_users (blob, channel) VALUES (?, ?) ON CONFLICT DO NOTHING").run(
        id,
        this.#row(channel).id,
      );
      this.#db.exec("COMMIT");
    } catch (error) {
      if (!isDiskFull(error)) this.#fail(error);
      else {
        this.#rollBack();
        throw new AppError("limit.exceeded", "The host's disk is full. Free some space on the host, then try again.");
      }
    }
    if (this.#failed) throw this.#failed;
    return id;
  }

  async getBlob(id: string): Promise<Uint8Array | undefined> {
    const bytes = this.#prepare("SELECT bytes FROM blobs WHERE id = ?").get(id)?.["bytes"];
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  async blobsOf(channel: string): Promise<readonly string[]> {
    return this.#prepare(
      "SELECT blob FROM blob_users u JOIN channels c ON c.id = u.channel WHERE c.uri = ? ORDER BY blob",
    )
      .all(channel)
      .map((row) => String(row["blob"]));
  }

  verify(): Promise<VerifyReport> {
    return verifyFile(this.#db, this.read({ after: 0 }));
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
    this.#roomRetry?.dispose();
    this.#db.close();
    this.#lock?.close();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new AppError("cancelled", "The log was closed."));
  }

  #assertWritable(): void {
    if (this.#failed)
      throw new AppError("internal", "The log has failed; nothing more is stored.", { cause: this.#failed });
    if (this.#closed || this.#lock === undefined) throw new AppError("internal", "The log is not open for writing.");
  }

  /** Made once for each text: a start reads tens of thousands of channels. */
  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #isIdle(): boolean {
    return this.#pending.length === 0 && this.#snapshots.size === 0 && this.#removals.size === 0;
  }

  /** The hash that the first record after `seq` links to. */
  #hashAt(channel: string, seq: number): string {
    const row = this.#prepare(
      "SELECT coalesce((SELECT hash FROM records r WHERE r.channel = c.id AND r.seq <= ? ORDER BY r.seq DESC LIMIT 1), c.removed_hash) AS hash FROM channels c WHERE c.uri = ?",
    ).get(seq, channel);
    return String(row?.["hash"] ?? CHAIN_START);
  }

  #schedule(): void {
    if (!this.isFull) this.#scheduled ??= setImmediate(() => this.#commit());
  }

  #commit(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#roomRetry?.dispose();
    const pending = this.#pending;
    const snapshots = this.#snapshots;
    const removals = this.#removals;
    const waiting = this.#waiting;
    const isIdle = this.#isIdle();
    this.#pending = [];
    this.#snapshots = new Map();
    this.#removals = new Map();
    this.#waiting = [];
    if (isIdle) {
      for (const waiter of waiting) waiter.resolve();
      return;
    }
    let records: LogRecord[];
    const began = performance.now();
    try {
      this.#failpoint("log.writing");
      this.#begin();
      records = pending.map((entry) => this.#write(entry));
      for (const [channel, snapshot] of snapshots) {
        const hash = snapshotHash(channel, snapshot);
        this.#upsertSnapshot.run(this.#row(channel).id, snapshot.seq, snapshot.state, hash);
      }
      for (const [channel, upTo] of removals) removeRecords(this.#db, this.#row(channel).id, upTo);
      this.#failpoint("log.written");
      this.#db.exec("COMMIT");
      this.#failpoint("log.synced");
    } catch (error) {
      if (!isDiskFull(error)) return this.#fail(error, waiting);
      this.#rollBack();
      this.#pending = [...pending, ...this.#pending];
      this.#snapshots = new Map([...snapshots, ...this.#snapshots]);
      this.#removals = new Map([...removals, ...this.#removals]);
      this.#waiting = [...waiting, ...this.#waiting];
      return this.#awaitRoom();
    }
    this.#onTimed((performance.now() - began) / 1_000);
    this.#roomRetry = undefined;
    this.#durableSeq = records.at(-1)?.seq ?? this.#durableSeq;
    for (const waiter of waiting) waiter.resolve();
    if (records.length > 0) this.#committed.fire(records);
    this.#failpoint("log.told");
  }

  #begin(): void {
    this.#db.exec("BEGIN IMMEDIATE");
    this.#fence?.assertHeld();
  }

  /** Rows and hashes that were to be are not. */
  #rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    this.#rows.clear();
  }

  #awaitRoom(): void {
    const hasRoom = this.#makeRoom();
    if (!this.isFull) this.#logger.error("the disk is full", { waiting: this.#pending.length, hasRoom });
    this.#roomRetry = this.#clock.setTimeout(() => this.#commit(), hasRoom ? 0 : roomRetryMs);
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
    this.#prepare("INSERT INTO channels (uri) VALUES (?) ON CONFLICT (uri) DO NOTHING").run(channel);
    const found = this.#prepare(
      "SELECT c.id, coalesce((SELECT hash FROM records r WHERE r.channel = c.id ORDER BY seq DESC LIMIT 1), c.removed_hash) AS hash FROM channels c WHERE c.uri = ?",
    ).get(channel);
    const row = { id: Number(found?.["id"]), hash: String(found?.["hash"] ?? CHAIN_START) };
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
}

/** To the end of the channel when `upTo` is infinite, else as far as the snapshot makes up for it. */
function removeRecords(db: DatabaseSync, channel: number, upTo: number): void {
  const isWhole = upTo === Number.POSITIVE_INFINITY;
  const snapshot = db.prepare("SELECT seq FROM snapshots WHERE channel = ?").get(channel);
  const end = isWhole ? Number.MAX_SAFE_INTEGER : Math.min(upTo, Number(snapshot?.["seq"] ?? 0));
  const last = db
    .prepare("SELECT seq, hash FROM records WHERE channel = ? AND seq <= ? ORDER BY seq DESC LIMIT 1")
    .get(channel, end);
  if (last !== undefined) {
    const { changes } = db.prepare("DELETE FROM records WHERE channel = ? AND seq <= ?").run(channel, end);
    db.prepare(
      "UPDATE channels SET removed_to = ?, removed_hash = ?, removed_count = removed_count + ? WHERE id = ?",
    ).run(Number(last["seq"]), String(last["hash"]), changes, channel);
  }
  if (!isWhole) return;
  db.prepare("DELETE FROM snapshots WHERE channel = ?").run(channel);
  const blobs = db.prepare("SELECT blob FROM blob_users WHERE channel = ?").all(channel);
  db.prepare("DELETE FROM blob_users WHERE channel = ?").run(channel);
  const orphan = db.prepare("DELETE FROM blobs WHERE id = ? AND NOT EXISTS (SELECT 1 FROM blob_users WHERE blob = id)");
  for (const { blob } of blobs) orphan.run(String(blob));
}

function damaged(channel: string, sentence: string): AppError {
  return new AppError("internal", sentence, { details: { channel } });
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
