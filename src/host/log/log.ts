import type { Event } from "../../base/emitter.ts";
import type { Disposable } from "../../base/disposables.ts";

/** One durable record. `body` is opaque to the log: it is stored, hashed and given back as the same bytes. */
export interface LogRecord {
  /** Position in the one total order of this log; grows by one a record and never goes back, over restarts too. */
  readonly seq: number;
  /** URI of the channel that the record belongs to. */
  readonly channel: string;
  /** When it was appended, milliseconds since the Unix epoch. */
  readonly time: number;
  readonly body: string;
  /** Hex SHA-256 of this record and the hash before it in its channel: see `recordHash`. */
  readonly hash: string;
}

/** A channel's folded state at `seq`, so that recovery reads only what came after. */
export interface LogSnapshot {
  readonly seq: number;
  readonly state: string;
}

export interface ReadRange {
  /** Records after this sequence number; 0 reads from the start. */
  readonly after: number;
  /** Only this channel. */
  readonly channel?: string;
  /** At most this many. */
  readonly limit?: number;
}

/** What `verify` found. `problem` is one sentence about the first thing that does not fit, absent when all does. */
export interface VerifyReport {
  readonly records: number;
  /** Records that were removed by `prune` and `forget`. */
  readonly removed: number;
  readonly channels: number;
  readonly problem?: string;
}

/**
 * The durable event log: append-only, one total order for all channels, one writer.
 * The contract, held by test/contract/log.ts for every implementation, is in README.md of this folder.
 */
export interface EventLog extends Disposable {
  /** Identity of this log, made with it: sequence numbers of two logs with different epochs cannot be compared. */
  readonly epoch: string;
  /** Highest sequence number given out. */
  readonly lastSeq: number;
  /** Highest sequence number on disk. Nothing above it may be acknowledged: a crash can still lose it. */
  readonly durableSeq: number;
  /** The disk has no room for what was appended: nothing is durable before it has, and then everything is. */
  readonly isFull: boolean;
  /** Gives the record its number at once; it is on disk when `onCommitted` names it. Throws AppError `internal` after a failed commit. */
  append(channel: string, body: string): number;
  /** Every commit, in order, with all that became durable together. */
  readonly onCommitted: Event<readonly LogRecord[]>;
  /** A commit failed. Nothing more is accepted; the process must end, because what the disk holds is unknown. */
  readonly onFailed: Event<Error>;
  /** Resolves when everything appended so far is durable; rejects if the log has failed. */
  flush(): Promise<void>;
  /**
   * Durable records in order. Reads in pages, so a long log does not fill the memory. What is read of one channel is held
   * against its chain: AppError `internal`, with `details.channel`, in the place of a record that does not fit.
   */
  read(range: ReadRange): AsyncIterable<LogRecord>;
  /** The channel's last durable record. */
  latest(channel: string): Promise<LogRecord | undefined>;
  /** The last durable records of all channels that have none later than this time, in milliseconds since the Unix epoch. */
  lastBefore(time: number): AsyncIterable<LogRecord>;
  /** Every channel that has a record or a snapshot, or those of them whose URI begins like this. */
  channels(prefix?: string): Promise<readonly string[]>;
  /** Leaves with the next commit; replaces the channel's earlier one. `seq` must have been given out. */
  saveSnapshot(channel: string, snapshot: LogSnapshot): void;
  /** Undefined also for one that is damaged, as long as the records before it are all there. */
  loadSnapshot(channel: string): Promise<LogSnapshot | undefined>;
  /** Of every channel whose URI begins like this, in the order of the URIs; a damaged one as undefined. */
  snapshots(prefix: string): AsyncIterable<readonly [channel: string, snapshot: LogSnapshot | undefined]>;
  /**
   * Removes the channel's records up to this number, from the oldest on, with the next commits: much is not removed at
   * once. Never one that its stored snapshot does not include. Their numbers stay taken and the chain goes on from the last
   * of them.
   */
  prune(channel: string, upTo: number): void;
  /** Removes all of a channel like `prune`: its records so far, snapshot, and blobs that no other channel has. */
  forget(channel: string): void;
  /** The number of the last record that was removed, by channel. */
  removals(): Promise<ReadonlyMap<string, number>>;
  /** When it resolves, nothing that was removed can be found in the files. Takes a moment: not for every commit. */
  scrub(): Promise<void>;
  /** Stores bytes for a channel under their SHA-256 (hex); the same bytes twice cost nothing. Durable when it resolves. */
  putBlob(channel: string, bytes: Uint8Array): Promise<string>;
  getBlob(id: string): Promise<Uint8Array | undefined>;
  /** The blobs that were stored for a channel. */
  blobsOf(channel: string): Promise<readonly string[]>;
  /** Recomputes every hash: chains, snapshots, blobs. */
  verify(): Promise<VerifyReport>;
  /** Commits what is pending, then lets go of the lock. */
  close(): Promise<void>;
}
