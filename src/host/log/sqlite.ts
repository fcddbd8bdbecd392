import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../base/appError.ts";
import type { Disposable } from "../../base/disposables.ts";
import { type Failpoint, noFailpoint } from "../../base/failpoint.ts";
import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { EventLog, LogRecord, LogSnapshot, ReadRange, VerifyReport } from "./log.ts";
import { blobId } from "./recordHash.ts";
import { Fence, isDiskFull, keepMeta, type LogFile, openLogFile, readMeta, unusable } from "./sqliteFile.ts";
import { SqliteReads, Statements } from "./sqliteReads.ts";
import { verifyFile } from "./sqliteVerify.ts";
import { type Removal, SqliteWrites } from "./sqliteWrites.ts";

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

const roomRetryMs = 500;
/**
 * A commit removes about as much as it stores, or this much: nobody waits long for it, and what is stored takes the pages
 * that become free, so that overwriting what was there costs the disk nothing.
 */
const leastRemovalBytes = 256 * 1024;

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
  readonly #reads: SqliteReads;
  readonly #writes: SqliteWrites;
  readonly #committed: Emitter<readonly LogRecord[]>;
  readonly #failures: Emitter<Error>;
  #lastSeq: number;
  #durableSeq: number;
  #pending: Omit<LogRecord, "hash">[] = [];
  #snapshots = new Map<string, LogSnapshot>();
  /** What is still to be removed of these channels. */
  readonly #removals = new Map<string, Removal>();
  #scheduled: NodeJS.Immediate | undefined;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #failed: Error | undefined;
  readonly #makeRoom: () => boolean;
  readonly #failpoint: Failpoint;
  readonly #onTimed: (seconds: number) => void;
  /** Set while what waits finds no room. */
  #roomRetry: Disposable | undefined;
  #closed = false;

  /** Throws AppError `conflict` when another process writes to this directory, `internal` when the file is not usable. */
  static open(options: SqliteLogOptions): SqliteLog {
    const file = openLogFile(options.directory, options.readOnly ?? false, options.makeRoom ?? (() => false));
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
    const statements = new Statements(db);
    this.#reads = new SqliteReads(statements);
    this.#writes = new SqliteWrites(db, statements, lock && new Fence(db, this.#makeRoom));
    const report = (error: unknown) => this.#logger.error("log listener failed", { error: String(error) });
    this.#committed = new Emitter(report);
    this.#failures = new Emitter(report);
    this.epoch = lock ? keepMeta(db, "epoch", randomUUID()) : (readMeta(db, "epoch") ?? "");
    this.#lastSeq = this.#reads.lastSeq();
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
    const known = this.#removals.get(channel);
    if (known?.isWhole) return;
    this.#removals.set(channel, { upTo: Math.max(upTo, known?.upTo ?? 0), isWhole: false });
    this.#schedule();
  }

  forget(channel: string): void {
    this.#assertWritable();
    this.#removals.set(channel, { upTo: this.#lastSeq, isWhole: true });
    this.#schedule();
  }

  async removals(): Promise<ReadonlyMap<string, number>> {
    return this.#reads.removals();
  }

  async scrub(): Promise<void> {
    do await this.flush();
    while (this.#removals.size > 0);
    // What was overwritten in the file is still in the write-ahead log until that is emptied.
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  async flush(): Promise<void> {
    if (this.#failed) throw this.#failed;
    if (this.#isIdle()) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  read(range: ReadRange): AsyncIterable<LogRecord> {
    return this.#reads.records(range);
  }

  async latest(channel: string): Promise<LogRecord | undefined> {
    return this.#reads.latest(channel);
  }

  lastBefore(time: number): AsyncIterable<LogRecord> {
    return this.#reads.lastBefore(time);
  }

  async channels(prefix?: string): Promise<readonly string[]> {
    return this.#reads.channels(prefix);
  }

  async loadSnapshot(channel: string): Promise<LogSnapshot | undefined> {
    return this.#reads.snapshot(channel);
  }

  snapshots(prefix: string): AsyncIterable<readonly [channel: string, snapshot: LogSnapshot | undefined]> {
    return this.#reads.snapshots(prefix);
  }

  async putBlob(channel: string, bytes: Uint8Array): Promise<string> {
    this.#assertWritable();
    const id = blobId(bytes);
    try {
      this.#writes.begin();
      this.#writes.blob(channel, id, bytes);
      this.#writes.commit();
    } catch (error) {
      if (!isDiskFull(error)) this.#fail(error);
      else {
        this.#writes.rollBack();
        throw new AppError("limit.exceeded", "The host's disk is full. Free some space on the host, then try again.");
      }
    }
    if (this.#failed) throw this.#failed;
    return id;
  }

  async getBlob(id: string): Promise<Uint8Array | undefined> {
    return this.#reads.blob(id);
  }

  async blobsOf(channel: string): Promise<readonly string[]> {
    return this.#reads.blobsOf(channel);
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

  #isIdle(): boolean {
    return this.#pending.length === 0 && this.#snapshots.size === 0 && this.#removals.size === 0;
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
    const waiting = this.#waiting;
    const isIdle = this.#isIdle();
    this.#pending = [];
    this.#snapshots = new Map();
    this.#waiting = [];
    if (isIdle) {
      for (const waiter of waiting) waiter.resolve();
      return;
    }
    let records: LogRecord[];
    let removed: readonly string[];
    const began = performance.now();
    try {
      this.#failpoint("log.writing");
      this.#writes.begin();
      for (const [channel, snapshot] of snapshots) this.#writes.snapshot(channel, snapshot);
      removed = this.#remove(pending.reduce((sum, { body }) => sum + body.length, 0));
      records = pending.map((entry) => this.#writes.record(entry));
      this.#failpoint("log.written");
      this.#writes.commit();
      this.#failpoint("log.synced");
    } catch (error) {
      if (!isDiskFull(error)) return this.#fail(error, waiting);
      this.#writes.rollBack();
      this.#pending = [...pending, ...this.#pending];
      this.#snapshots = new Map([...snapshots, ...this.#snapshots]);
      this.#waiting = [...waiting, ...this.#waiting];
      return this.#awaitRoom();
    }
    this.#onTimed((performance.now() - began) / 1_000);
    this.#roomRetry = undefined;
    this.#durableSeq = records.at(-1)?.seq ?? this.#durableSeq;
    for (const channel of removed) this.#removals.delete(channel);
    if (this.#removals.size > 0) this.#schedule();
    for (const waiter of waiting) waiter.resolve();
    if (records.length > 0) this.#committed.fire(records);
    this.#failpoint("log.told");
  }

  /** Removes as much as is stored beside it. Answers with the channels of which nothing is left to remove. */
  #remove(storedBytes: number): readonly string[] {
    let left = Math.max(storedBytes, leastRemovalBytes);
    const done: string[] = [];
    for (const [channel, removal] of this.#removals) {
      left = this.#writes.removal(channel, removal, left);
      if (left === 0) break;
      done.push(channel);
    }
    return done;
  }

  #awaitRoom(): void {
    const hasRoom = this.#makeRoom();
    if (!this.isFull) this.#logger.error("the disk is full", { waiting: this.#pending.length, hasRoom });
    this.#roomRetry = this.#clock.setTimeout(() => this.#commit(), hasRoom ? 0 : roomRetryMs);
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
