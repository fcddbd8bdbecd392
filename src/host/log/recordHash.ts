import { createHash } from "node:crypto";

/** What the chain of a channel starts from. */
export const CHAIN_START = "";

/**
 * Links a record to the one before it in its channel. The fields are hashed as one JSON array rather than joined by a
 * separator, so no two different records can have the same bytes.
 */
export function recordHash(
  before: string,
  record: { readonly seq: number; readonly channel: string; readonly time: number; readonly body: string },
): string {
  return createHash("sha256")
    .update(JSON.stringify([before, record.seq, record.channel, record.time, record.body]))
    .digest("hex");
}
