import { assertNever } from "../../base/appError.ts";
import type { ChannelKind } from "../../protocol/actions.ts";
import { type ChannelState, reduce } from "../../protocol/reduce.ts";
import type { LogRecord } from "../log/log.ts";
import { parseStoredRecord } from "./storedRecord.ts";

/** A channel in memory. */
export interface Channel {
  readonly kind: ChannelKind;
  state: ChannelState;
  /** Bytes appended since the stored snapshot, and the size of that snapshot. */
  tailBytes: number;
  snapshotBytes: number;
  /** Bytes in the log since its records were last pruned, as far as this start knows. */
  keptBytes: number;
  /** The last record that is in the state, as far as this start wrote it. */
  seq: number;
  /** When it was last asked for or changed, by `Clock.elapsed`. */
  usedAt: number;
}

/** A channel as it is read from disk. */
const atRest = { seq: 0, usedAt: 0 };

/** Undefined for the audit channel's, which only stands for removed records. */
export function fromSnapshot(text: string): Channel | undefined {
  const { kind, state } = JSON.parse(text) as { kind?: ChannelKind; state: ChannelState };
  return kind && { kind, state, tailBytes: 0, snapshotBytes: text.length, keptBytes: 0, ...atRest };
}

/** What the record makes of the channel. Throws AppError `internal` for a record that cannot be read. */
export function foldRecord(channel: Channel | undefined, record: LogRecord): Channel | undefined {
  const stored = parseStoredRecord(record.seq, record.body);
  const bytes = record.body.length;
  switch (stored.type) {
    case "created":
      return {
        kind: stored.kind,
        state: stored.state,
        tailBytes: bytes,
        snapshotBytes: 0,
        keptBytes: bytes,
        ...atRest,
      };
    case "removed":
      return undefined;
    case "mark":
    case "audit":
      return channel;
    case "action":
      if (channel === undefined || stored.refused !== undefined) return channel;
      channel.state = reduce(channel.kind, channel.state, stored.action);
      channel.tailBytes += bytes;
      channel.keptBytes += bytes;
      return channel;
    default:
      return assertNever(stored);
  }
}
