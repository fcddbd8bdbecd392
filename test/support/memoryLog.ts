import { AppError } from "../../src/base/appError.ts";
import type { Clock } from "../../src/base/clock.ts";
import { Emitter } from "../../src/base/emitter.ts";
import type { EventLog, LogRecord, LogSnapshot, ReadRange, VerifyReport } from "../../src/host/log/log.ts";
import { blobId, CHAIN_START, recordHash } from "../../src/host/log/recordHash.ts";

/** What a `MemoryLog` leaves behind, for the next one to open. */
export interface MemoryDisk {
  readonly epoch: string;
  records: LogRecord[];
  readonly snapshots: Map<string, LogSnapshot>;
  readonly blobs: Map<string, { readonly bytes: Uint8Array; readonly channels: Set<string> }>;
  /** Of each channel that lost records: the last of them, and how many they were. */
  readonly removed: Map<string, { readonly seq: number; readonly hash: string; readonly count: number }>;
  isOpen: boolean;
  /** Who may write: the log that was opened last. */
  writer: number;
}

export function memoryDisk(epoch = "memory"): MemoryDisk {
  return { epoch, records: [], snapshots: new Map(), blobs: new Map(), removed: new Map(), isOpen: false, writer: 0 };
}

/** An event log without a file, for tests that are not about the disk. It passes the contract suite. */
export class MemoryLog implements EventLog {
  readonly #clock: Clock;
  readonly #schedule: (commit: () => void) => void;
  /** Hash of the last record of each channel. */
  readonly #heads = new Map<string, string>();
  readonly #disk: MemoryDisk;
  readonly #committed = new Emitter<readonly LogRecord[]>((error) => Promise.reject(error));
  readonly #failed = new Emitter<Error>((error) => Promise.reject(error));
  #pending: LogRecord[] = [];
  #snapshots = new Map<string, LogSnapshot>();
  #lastSeq: number;
  #durableSeq: number;
  #removals: { readonly channel: string; readonly upTo: number }[] = [];
  #isScheduled = false;
  #isOpen = true;
  readonly #writer: number;
  #failure: Error | undefined;

  /** `schedule` decides when what was appended becomes durable. */
  constructor(
    clock: Clock,
    disk: MemoryDisk = memoryDisk(),
    schedule: (commit: () => void) => void = (commit) => setImmediate(commit),
  ) {
    if (disk.isOpen) throw new Error("Another host already uses this log.");
    disk.isOpen = true;
    disk.writer += 1;
    this.#writer = disk.writer;
    this.#clock = clock;
    this.#disk = disk;
    this.#schedule = schedule;
    for (const [channel, { hash }] of disk.removed) this.#heads.set(channel, hash);
    for (const { channel, hash } of disk.records) this.#heads.set(channel, hash);
    this.#durableSeq = Math.max(0, ...disk.records.slice(-1).map(seqOf), ...Array.from(disk.removed.values(), seqOf));
    this.#lastSeq = this.#durableSeq;
  }

  get epoch(): string {
    return this.#disk.epoch;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get durableSeq(): number {
    return this.#durableSeq;
  }

  get isFull(): boolean {
    return false;
  }

  get onCommitted() {
    return this.#committed.event;
  }

  get onFailed() {
    return this.#failed.event;
  }

  append(channel: string, body: string): number {
    if (this.#failure) throw this.#failure;
    if (!this.#isOpen) throw new Error("The log is not open for writing.");
    this.#lastSeq += 1;
    const record = { seq: this.#lastSeq, channel, time: this.#clock.now(), body };
    const hash = recordHash(this.#heads.get(channel) ?? CHAIN_START, record);
    this.#heads.set(channel, hash);
    this.#pending.push({ ...record, hash });
    this.#commitSoon();
    return record.seq;
  }

  prune(channel: string, upTo: number): void {
    this.#removals.push({ channel, upTo });
    this.#commitSoon();
  }

  forget(channel: string): void {
    this.prune(channel, Number.POSITIVE_INFINITY);
  }

  async removals(): Promise<ReadonlyMap<string, number>> {
    return new Map(Array.from(this.#disk.removed, ([channel, { seq }]) => [channel, seq]));
  }

  async scrub(): Promise<void> {
    this.#commit();
  }

  async flush(): Promise<void> {
    this.#commit();
    if (this.#failure) throw this.#failure;
  }

  async *read({ after, channel, limit = Number.POSITIVE_INFINITY }: ReadRange): AsyncIterable<LogRecord> {
    const wanted = this.#disk.records.filter(
      (record) => record.seq > after && (channel ?? record.channel) === record.channel,
    );
    for (const record of wanted.slice(0, limit)) {
      if (channel !== undefined && !this.#fits(record)) throw damaged(record);
      yield record;
    }
  }

  async latest(channel: string): Promise<LogRecord | undefined> {
    return this.#disk.records.findLast((record) => record.channel === channel);
  }

  async *lastBefore(time: number): AsyncIterable<LogRecord> {
    for (const [, records] of Map.groupBy(this.#disk.records, (record) => record.channel)) {
      const last = records.at(-1);
      if (last !== undefined && last.time <= time) yield last;
    }
  }

  async channels(prefix = ""): Promise<readonly string[]> {
    const { records, snapshots } = this.#disk;
    const all = new Set([...records.map((record) => record.channel), ...snapshots.keys()]);
    return Array.from(all).filter((uri) => uri.startsWith(prefix));
  }

  async *snapshots(prefix: string): AsyncIterable<readonly [string, LogSnapshot | undefined]> {
    for (const uri of Array.from(this.#disk.snapshots.keys()).toSorted()) {
      if (uri.startsWith(prefix)) yield [uri, this.#disk.snapshots.get(uri)];
    }
  }

  saveSnapshot(channel: string, snapshot: LogSnapshot): void {
    if (this.#failure) throw this.#failure;
    if (!this.#isOpen) throw new Error("The log is not open for writing.");
    this.#snapshots.set(channel, snapshot);
    this.#commitSoon();
  }

  async loadSnapshot(channel: string): Promise<LogSnapshot | undefined> {
    return this.#disk.snapshots.get(channel);
  }

  async putBlob(channel: string, bytes: Uint8Array): Promise<string> {
    if (!this.#holds()) throw new Error("Another host has taken over.");
    const id = blobId(bytes);
    const blob = this.#disk.blobs.get(id) ?? { bytes, channels: new Set() };
    blob.channels.add(channel);
    this.#disk.blobs.set(id, blob);
    return id;
  }

  async getBlob(id: string): Promise<Uint8Array | undefined> {
    return this.#disk.blobs.get(id)?.bytes;
  }

  async blobsOf(channel: string): Promise<readonly string[]> {
    const own = Array.from(this.#disk.blobs).filter(([, { channels }]) => channels.has(channel));
    return own.map(([id]) => id).toSorted();
  }

  async verify(): Promise<VerifyReport> {
    const { records, removed } = this.#disk;
    const counts = {
      records: records.length,
      removed: Array.from(removed.values()).reduce((sum, { count }) => sum + count, 0),
      channels: new Set(records.map((record) => record.channel)).size,
    };
    const misfit = records.find((record) => !this.#fits(record));
    if (misfit) return { ...counts, problem: damaged(misfit).message };
    const missing = this.#durableSeq - counts.records - counts.removed;
    return missing === 0 ? counts : { ...counts, problem: `${missing} records are missing.` };
  }

  async close(): Promise<void> {
    this.#commit();
    this.dispose();
  }

  dispose(): void {
    this.#pending = [];
    this.#snapshots.clear();
    this.#removals = [];
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#holds()) this.#disk.isOpen = false;
  }

  #commitSoon(): void {
    if (!this.#isScheduled) this.#schedule(() => this.#commit());
    this.#isScheduled = true;
  }

  #commit(): void {
    this.#isScheduled = false;
    const records = this.#pending;
    const removals = this.#removals;
    const snapshots = this.#snapshots;
    this.#pending = [];
    this.#removals = [];
    this.#snapshots = new Map();
    if (!this.#holds()) return this.#fail(records.length + removals.length + snapshots.size);
    for (const [channel, snapshot] of snapshots) this.#disk.snapshots.set(channel, snapshot);
    this.#disk.records.push(...records);
    this.#durableSeq = records.at(-1)?.seq ?? this.#durableSeq;
    for (const { channel, upTo } of removals) this.#remove(channel, upTo);
    if (records.length > 0) this.#committed.fire(records);
  }

  #holds(): boolean {
    return this.#disk.writer === this.#writer;
  }

  #fail(waiting: number): void {
    if (waiting === 0 || this.#failure) return;
    this.#failure = new AppError("internal", "The log could not be written (another host has taken over).");
    this.#failed.fire(this.#failure);
  }

  #remove(channel: string, upTo: number): void {
    const { records, snapshots, blobs, removed } = this.#disk;
    const isWhole = upTo === Number.POSITIVE_INFINITY;
    const end = isWhole ? upTo : Math.min(upTo, snapshots.get(channel)?.seq ?? 0);
    const gone = records.filter((record) => record.channel === channel && record.seq <= end);
    const last = gone.at(-1);
    if (last) {
      const count = (removed.get(channel)?.count ?? 0) + gone.length;
      removed.set(channel, { seq: last.seq, hash: last.hash, count });
      this.#disk.records = records.filter((record) => !gone.includes(record));
    }
    if (!isWhole) return;
    snapshots.delete(channel);
    for (const [id, { channels }] of blobs) if (channels.delete(channel) && channels.size === 0) blobs.delete(id);
  }

  #fits(record: LogRecord): boolean {
    const { records, removed } = this.#disk;
    const before = records.findLast((each) => each.channel === record.channel && each.seq < record.seq);
    const link = before?.hash ?? removed.get(record.channel)?.hash ?? CHAIN_START;
    return recordHash(link, record) === record.hash;
  }
}

function seqOf({ seq }: { readonly seq: number }): number {
  return seq;
}

function damaged({ seq, channel }: LogRecord): AppError {
  return new AppError("internal", `Record ${seq} of ${channel} was changed.`, { details: { channel } });
}
