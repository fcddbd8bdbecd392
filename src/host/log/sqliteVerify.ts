import type { DatabaseSync } from "node:sqlite";
import type { LogRecord, VerifyReport } from "./log.ts";
import { blobId, CHAIN_START, recordHash, snapshotHash } from "./recordHash.ts";

/** Recomputes every hash of a log file. A page that SQLite cannot read is a finding like any other. */
export async function verifyFile(db: DatabaseSync, records: AsyncIterable<LogRecord>): Promise<VerifyReport> {
  const chains = new Map<string, string>();
  const report = { records: 0, removed: 0 };
  const found = (problem?: string) => ({
    ...report,
    channels: chains.size,
    ...(problem !== undefined && { problem }),
  });
  try {
    const removals = removalsOf(db);
    for (const { count } of removals.values()) report.removed += count;
    let last = 0;
    for (const { to } of removals.values()) last = Math.max(last, to);
    for await (const record of records) {
      const before = chains.get(record.channel) ?? removals.get(record.channel)?.hash ?? CHAIN_START;
      if (recordHash(before, record) !== record.hash) return found(misfit(record));
      chains.set(record.channel, record.hash);
      report.records += 1;
      last = Math.max(last, record.seq);
    }
    const missing = last - report.records - report.removed;
    if (missing !== 0) return found(`${Math.abs(missing)} records are missing: the log was changed or damaged.`);
    return found(problemBesideRecords(db));
  } catch (error) {
    return found(`The log cannot be read to its end: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** The sentence for a record whose hash is not the one that its content and place give. */
export function misfit(record: { readonly seq: number; readonly channel: string }): string {
  return `Record ${record.seq} of ${record.channel} does not fit the one before it: the log was changed or damaged.`;
}

function removalsOf(db: DatabaseSync): Map<string, { to: number; hash: string; count: number }> {
  const rows = db.prepare("SELECT uri, removed_to, removed_hash, removed_count FROM channels WHERE removed_count > 0");
  return new Map(
    rows.all().map((row) => {
      const removal = { to: Number(row["removed_to"]), hash: String(row["removed_hash"]) };
      return [String(row["uri"]), { ...removal, count: Number(row["removed_count"]) }];
    }),
  );
}

function problemBesideRecords(db: DatabaseSync): string | undefined {
  const snapshots = db.prepare(
    "SELECT c.uri, s.seq, s.state, s.hash FROM snapshots s JOIN channels c ON c.id = s.channel",
  );
  for (const row of snapshots.iterate()) {
    const [channel, snapshot] = [String(row["uri"]), { seq: Number(row["seq"]), state: String(row["state"]) }];
    if (snapshotHash(channel, snapshot) !== row["hash"]) return `The snapshot of ${channel} was changed or damaged.`;
  }
  for (const { id, bytes } of db.prepare("SELECT id, bytes FROM blobs").iterate()) {
    if (!(bytes instanceof Uint8Array) || blobId(bytes) !== id) return `Blob ${String(id)} was changed or damaged.`;
  }
  // Not `quick_check`, which does not compare the indexes with their tables: what an index has lost is not found by its id.
  const check = Object.values(db.prepare("PRAGMA integrity_check(1)").get() ?? {})[0];
  return check === "ok" ? undefined : `The file of the log is damaged: ${String(check)}.`;
}
