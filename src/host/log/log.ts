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

/** What `verify` found. `problem` is one sentence about the first record that does not fit, absent when all do. */
export interface VerifyReport {
  readonly records: number;
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
  /** Gives the record its number at once; it is on disk when `onCommitted` names it. Throws AppError `internal` after a failed commit. */
  append(channel: string, body: string): number;
  /** Every commit, in order, with all that became durable together. */
  readonly onCommitted: Event<readonly LogRecord[]>;
  /** A commit failed. Nothing more is accepted; the process must end, because what the disk holds is unknown. */
  readonly onFailed: Event<Error>;
  /** Resolves when everything appended so far is durable; rejects if the log has failed. */
  flush(): Promise<void>;
  /** Durable records in order. Reads in pages, so a long log does not fill the memory. */
  read(range: ReadRange): AsyncIterable<LogRecord>;
  /** Every channel that has a record. */
  channels(): Promise<readonly string[]>;
  /** Leaves with the next commit; replaces the channel's earlier one. `seq` must have been given out. */
  saveSnapshot(channel: string, snapshot: LogSnapshot): void;
  loadSnapshot(channel: string): Promise<LogSnapshot | undefined>;
  /** Stores bytes under their SHA-256 (hex); the same bytes twice cost nothing. Durable when it resolves. */
  putBlob(bytes: Uint8Array): Promise<string>;
  getBlob(id: string): Promise<Uint8Array | undefined>;
  /** Recomputes every hash chain. */
  verify(): Promise<VerifyReport>;
  /** Commits what is pending, then lets go of the lock. */
  close(): Promise<void>;
}
