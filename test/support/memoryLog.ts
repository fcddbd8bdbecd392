import { createHash } from "node:crypto";
import type { Clock } from "../../src/base/clock.ts";
import { Emitter } from "../../src/base/emitter.ts";
import type { EventLog, LogRecord, LogSnapshot, ReadRange, VerifyReport } from "../../src/host/log/log.ts";
import { CHAIN_START, recordHash } from "../../src/host/log/recordHash.ts";

/** What a `MemoryLog` leaves behind, for the next one to open. */
export interface MemoryDisk {
  readonly epoch: string;
  records: LogRecord[];
  readonly snapshots: Map<string, LogSnapshot>;
  readonly blobs: Map<string, Uint8Array>;
  isOpen: boolean;
}

export function memoryDisk(epoch = "memory"): MemoryDisk {
  return { epoch, records: [], snapshots: new Map(), blobs: new Map(), isOpen: false };
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
  #lastSeq: number;
  #isScheduled = false;
  #isOpen = true;

  /** `schedule` decides when what was appended becomes durable. */
  constructor(
    clock: Clock,
    disk: MemoryDisk = memoryDisk(),
    schedule: (commit: () => void) => void = (commit) => setImmediate(commit),
  ) {
    if (disk.isOpen) throw new Error("Another host already uses this log.");
    disk.isOpen = true;
    this.#clock = clock;
    this.#disk = disk;
    this.#schedule = schedule;
    for (const { channel, hash } of disk.records) this.#heads.set(channel, hash);
    this.#lastSeq = this.durableSeq;
  }

  get epoch(): string {
    return this.#disk.epoch;
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
    if (!this.#isOpen) throw new Error("The log is not open for writing.");
    this.#lastSeq += 1;
    const record = { seq: this.#lastSeq, channel, time: this.#clock.now(), body };
    const hash = recordHash(this.#heads.get(channel) ?? CHAIN_START, record);
    this.#heads.set(channel, hash);
    this.#pending.push({ ...record, hash });
    if (!this.#isScheduled) this.#schedule(() => this.#commit());
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
    this.#commit();
    this.dispose();
  }

  dispose(): void {
    this.#pending = [];
    if (!this.#isOpen) return;
    this.#isOpen = false;
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
