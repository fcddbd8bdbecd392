import { hash } from "node:crypto";
import type { LogSnapshot } from "./log.ts";

/** What the chain of a channel starts from. */
export const CHAIN_START = "";

/**
 * Links a record to the one before it in its channel. What is hashed is the short fields as one line of JSON, which holds
 * no line break of its own, and then the body as it is: no two different records can have the same bytes. Hashing is most
 * of what a record costs beside its row, and one call costs less than an object that is fed twice.
 */
export function recordHash(
  before: string,
  record: { readonly seq: number; readonly channel: string; readonly time: number; readonly body: string },
): string {
  return hash("sha256", `${JSON.stringify([before, record.seq, record.channel, record.time])}\n${record.body}`);
}

/** A snapshot is in no chain: this is what vouches for it. */
export function snapshotHash(channel: string, snapshot: LogSnapshot): string {
  return hash("sha256", `${JSON.stringify([channel, snapshot.seq])}\n${snapshot.state}`);
}

/** The name of a blob: hex SHA-256. */
export function blobId(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}
