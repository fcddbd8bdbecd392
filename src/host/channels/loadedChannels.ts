import { AppError } from "../../base/appError.ts";
import type { Logger } from "../../base/logger.ts";
import type { ChannelKind } from "../../protocol/actions.ts";
import type { ChannelState } from "../../protocol/reduce.ts";
import type { EventLog } from "../log/log.ts";
import { type Channel, foldRecord, fromSnapshot } from "./channelFold.ts";

/** A terminal's output is what flows, and its state keeps the end of it: the records before are worth little. */
const keptTerminalBytes = 1024 * 1024;
const minTailBytes = 64 * 1024;
/** How much larger than its last snapshot a channel's tail may grow. */
const tailsPerSnapshot = 4;
/** Of channels that go out of memory, in one go. */
const mostSavedBytes = 512 * 1024;

/** The channels in memory: read from the log when somebody asks for one, and stored as snapshots so that reading stays cheap. */
export class LoadedChannels {
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #elapsed: () => number;
  readonly #channels = new Map<string, Channel>();
  /** Those that were removed since the start and not made again: the log may not know yet. */
  readonly #gone = new Set<string>();
  readonly #loading = new Map<string, Promise<boolean>>();
  #make: ((uri: string) => Promise<boolean>) | undefined;
  #companionsOf: (uri: string) => readonly string[] = () => [];

  constructor(log: EventLog, logger: Logger, elapsed: () => number) {
    this.#log = log;
    this.#logger = logger;
    this.#elapsed = elapsed;
  }

  has(uri: string): boolean {
    return this.#channels.has(uri);
  }

  get(uri: string): Channel | undefined {
    return this.#channels.get(uri);
  }

  /** A channel whose record `seq`, of so many bytes, is its first. */
  add(uri: string, kind: ChannelKind, state: ChannelState, record: { seq: number; bytes: number }): void {
    const { seq, bytes } = record;
    const usedAt = this.#elapsed();
    this.#gone.delete(uri);
    this.#channels.set(uri, { kind, state, tailBytes: bytes, snapshotBytes: 0, keptBytes: bytes, seq, usedAt });
  }

  /** For good. False when it was not there. */
  remove(uri: string): boolean {
    const wasThere = this.#channels.delete(uri);
    if (wasThere) this.#gone.add(uri);
    return wasThere;
  }

  isGone(uri: string): boolean {
    return this.#gone.has(uri);
  }

  /** What makes channels that are not there when somebody asks for them, and answers whether it did. */
  makeMissing(make: (uri: string) => Promise<boolean>): void {
    this.#make = make;
  }

  /** As `Channels.keepTogether`. */
  keepTogether(companionsOf: (uri: string) => readonly string[]): void {
    this.#companionsOf = companionsOf;
  }

  /** It is in memory, and somebody is about to read it. */
  use(uri: string): boolean {
    const channel = this.#channels.get(uri);
    if (channel) channel.usedAt = this.#elapsed();
    return channel !== undefined;
  }

  /** As `Channels.load`, for one that is not in memory. */
  async load(uri: string): Promise<boolean> {
    if (this.#gone.has(uri)) return false;
    const read = async () => (await this.#read(uri)) || (await this.#make?.(uri)) === true;
    const loading = this.#loading.get(uri) ?? read().finally(() => this.#loading.delete(uri));
    this.#loading.set(uri, loading);
    return await loading;
  }

  /**
   * The channel's state was changed by a record. Writing snapshots adds a quarter to what is written, however large the
   * state; a load reads at most five times it.
   */
  changed(uri: string, channel: Channel, record: { seq: number; bytes: number }): void {
    channel.seq = record.seq;
    channel.usedAt = this.#elapsed();
    channel.tailBytes += record.bytes;
    channel.keptBytes += record.bytes;
    const mostBytes = Math.max(minTailBytes, tailsPerSnapshot * channel.snapshotBytes);
    if (channel.tailBytes > mostBytes) this.#save(uri, channel, record.seq);
  }

  /** As `Channels.rest`. */
  rest(idleMs: number, mayRest: (uri: string, kind: ChannelKind) => boolean): boolean {
    const before = this.#elapsed() - idleMs;
    let savedBytes = 0;
    for (const [uri, channel] of this.#channels) {
      if (savedBytes > mostSavedBytes) return true;
      if (channel.usedAt > before || channel.seq > this.#log.durableSeq || !mayRest(uri, channel.kind)) continue;
      if (channel.tailBytes > 0) {
        this.#save(uri, channel, this.#log.lastSeq);
        savedBytes += channel.snapshotBytes;
      }
      this.#channels.delete(uri);
    }
    return false;
  }

  /** Stores every channel's state, so that the next start reads no tails. */
  saveSnapshots(): void {
    for (const [uri, channel] of this.#channels) if (channel.tailBytes > 0) this.#save(uri, channel, this.#log.lastSeq);
  }

  async #read(uri: string): Promise<boolean> {
    // While records are read, somebody may make a channel or remove it: what is in memory is newer.
    const isUnknown = (each: string) => !this.#channels.has(each) && !this.#gone.has(each);
    const unknown = [...this.#companionsOf(uri).filter((each) => each !== uri), uri].filter(isUnknown);
    const found = await Promise.all(unknown.map(async (each) => [each, await this.#fold(each)] as const));
    for (const [each, channel] of found) if (channel && isUnknown(each)) this.#channels.set(each, channel);
    return this.use(uri);
  }

  /** What the log holds. Throws what `Channels.load` throws. */
  async #fold(uri: string): Promise<Channel | undefined> {
    try {
      const stored = await this.#log.loadSnapshot(uri);
      let channel = stored && fromSnapshot(stored.state);
      for await (const record of this.#log.read({ after: stored?.seq ?? 0, channel: uri })) {
        channel = foldRecord(channel, record);
      }
      return channel;
    } catch (cause) {
      if (AppError.is(cause, "cancelled")) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#logger.error("a channel cannot be read", { channel: uri, reason });
      const kept = "It is kept as it is and not shown; everything else goes on.";
      const sentence = `What the host has stored of this is damaged. ${kept} Run "muster-host verify" on the host to see where.`;
      throw new AppError("request.rejected", sentence, { cause, details: { channel: uri } });
    }
  }

  #save(uri: string, channel: Channel, seq: number): void {
    const state = JSON.stringify({ kind: channel.kind, state: channel.state });
    this.#log.saveSnapshot(uri, { seq, state });
    channel.tailBytes = 0;
    channel.snapshotBytes = state.length;
    if (channel.kind !== "terminal" || channel.keptBytes <= keptTerminalBytes) return;
    this.#log.prune(uri, seq);
    channel.keptBytes = 0;
  }
}
