import { createHash } from "node:crypto";
import type { Clock } from "../../src/base/clock.ts";
import { Emitter } from "../../src/base/emitter.ts";
import type { EventLog, LogRecord, LogSnapshot, ReadRange, VerifyReport } from "../../src/host/log/log.ts";
import { CHAIN_START, recordHash } from "../../src/host/log/recordHash.ts";

/** What a `MemoryLog` leaves behind, for the next one to open. */
export interface MemoryDisk {
  records: LogRecord[];
  readonly snapshots: Map<string, LogSnapshot>;
  readonly blobs: Map<string, Uint8Array>;
  isOpen: boolean;
}

export function memoryDisk(): MemoryDisk {
  return { records: [], snapshots: new Map(), blobs: new Map(), isOpen: false };
}

/** An event log without a file, for tests that are not about the disk. It passes the contract suite. */
export class MemoryLog implements EventLog {
  readonly epoch = "memory";
  readonly #clock: Clock;
  readonly #disk: MemoryDisk;
  readonly #committed = new Emitter<readonly LogRecord[]>((error) => Promise.reject(error));
  readonly #failed = new Emitter<Error>((error) => Promise.reject(error));
  #pending: LogRecord[] = [];
  #lastSeq: number;
  #isScheduled = false;

  constructor(clock: Clock, disk: MemoryDisk = memoryDisk()) {
    if (disk.isOpen) throw new Error("Another host already uses this log.");
    disk.isOpen = true;
    this.#clock = clock;
    this.#disk = disk;
    this.#lastSeq = this.durableSeq;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get durableSeq(): number {
    return this.#disk.records.at(-1)?.seq ?? 0;
  }

  get onCommitted() {
    return this.#committed.event;
  }

  get onFailed() {
    return this.#failed.event;
  }

  append(channel: string, body: string): number {
    if (!this.#disk.isOpen) throw new Error("The log is not open for writing.");
    this.#lastSeq += 1;
    const record = { seq: this.#lastSeq, channel, time: this.#clock.now(), body };
    const before = [...this.#disk.records, ...this.#pending].findLast((other) => other.channel === channel);
    this.#pending.push({ ...record, hash: recordHash(before?.hash ?? CHAIN_START, record) });
    if (!this.#isScheduled) setImmediate(() => this.#commit());
    this.#isScheduled = true;
    return record.seq;
  }

  async flush(): Promise<void> {
    this.#commit();
  }

  async *read({ after, channel, limit = Number.POSITIVE_INFINITY }: ReadRange): AsyncIterable<LogRecord> {
    const wanted = this.#disk.records.filter(
      (record) => record.seq > after && (channel ?? record.channel) === record.channel,
    );
    yield* wanted.slice(0, limit);
  }

  async channels(): Promise<readonly string[]> {
    return Array.from(new Set(this.#disk.records.map((record) => record.channel)));
  }

  saveSnapshot(channel: string, snapshot: LogSnapshot): void {
    this.#disk.snapshots.set(channel, snapshot);
  }

  async loadSnapshot(channel: string): Promise<LogSnapshot | undefined> {
    return this.#disk.snapshots.get(channel);
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    const id = createHash("sha256").update(bytes).digest("hex");
    this.#disk.blobs.set(id, bytes);
    return id;
  }

  async getBlob(id: string): Promise<Uint8Array | undefined> {
    return this.#disk.blobs.get(id);
  }

  async verify(): Promise<VerifyReport> {
    const chains = new Map<string, string>();
    for (const record of this.#disk.records) {
      if (recordHash(chains.get(record.channel) ?? CHAIN_START, record) !== record.hash) {
        return {
          records: record.seq - 1,
          channels: chains.size,
          problem: `Record ${record.seq} of ${record.channel} was changed.`,
        };
      }
      chains.set(record.channel, record.hash);
    }
    return { records: this.#disk.records.length, channels: chains.size };
  }

  async close(): Promise<void> {
    if (this.#disk.isOpen) this.#commit();
    this.dispose();
  }

  dispose(): void {
    this.#pending = [];
    this.#disk.isOpen = false;
  }

  #commit(): void {
    this.#isScheduled = false;
    const records = this.#pending;
    this.#pending = [];
    if (records.length === 0) return;
    this.#disk.records.push(...records);
    this.#committed.fire(records);
  }
}
