import type { DatabaseSync } from "node:sqlite";
import type { LogRecord, LogSnapshot } from "./log.ts";
import { CHAIN_START, recordHash, snapshotHash } from "./recordHash.ts";
import type { Fence } from "./sqliteFile.ts";
import type { Statements } from "./sqliteReads.ts";

/** A channel's row id and the hash that its next record links to. */
interface ChannelRow {
  readonly id: number;
  hash: string;
}

/** How far a channel is to be removed; with `isWhole` its snapshot and blobs, too. */
export interface Removal {
  readonly upTo: number;
  readonly isWhole: boolean;
}

/** What a record takes besides its body: the row, its place in the index, its hash. */
const rowBytes = 150;

/** What is put into the file, each time as one transaction that is all there or not at all. */
export class SqliteWrites {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  /** Undefined for a reader. */
  readonly #fence: Fence | undefined;
  readonly #rows = new Map<string, ChannelRow>();

  constructor(db: DatabaseSync, statements: Statements, fence: Fence | undefined) {
    this.#db = db;
    this.#statements = statements;
    this.#fence = fence;
  }

  begin(): void {
    this.#db.exec("BEGIN IMMEDIATE");
    this.#fence?.assertHeld();
  }

  commit(): void {
    this.#db.exec("COMMIT");
  }

  /** Rows and hashes that were to be are not. */
  rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    this.#rows.clear();
  }

  record(entry: Omit<LogRecord, "hash">): LogRecord {
    const row = this.#row(entry.channel);
    const hash = recordHash(row.hash, entry);
    this.#statements
      .of("INSERT INTO records (seq, channel, time, body, hash) VALUES (?, ?, ?, ?, ?)")
      .run(entry.seq, row.id, entry.time, entry.body, hash);
    row.hash = hash;
    return { ...entry, hash };
  }

  /** In the place of the channel's earlier one. */
  snapshot(channel: string, snapshot: LogSnapshot): void {
    this.#statements
      .of(
        "INSERT INTO snapshots (channel, seq, state, hash) VALUES (?, ?, ?, ?) ON CONFLICT (channel) DO UPDATE SET seq = excluded.seq, state = excluded.state, hash = excluded.hash",
      )
      .run(this.#row(channel).id, snapshot.seq, snapshot.state, snapshotHash(channel, snapshot));
  }

  blob(channel: string, id: string, bytes: Uint8Array): void {
    this.#statements.of("INSERT INTO blobs (id, bytes) VALUES (?, ?) ON CONFLICT (id) DO NOTHING").run(id, bytes);
    this.#statements
      .of("INSERT INTO blob_users (blob, channel) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .run(id, this.#row(channel).id);
  }

  /**
   * Removes records from the oldest on, about `maxBytes` of them, as far as the snapshot makes up for them or, with
   * `isWhole`, all. Answers with what is left of `maxBytes`: nothing as long as there may be more to remove.
   */
  removal(channel: string, { upTo, isWhole }: Removal, maxBytes: number): number {
    const { id } = this.#row(channel);
    // Before the records: as long as there is one of those, somebody sees that the channel is not gone.
    if (isWhole) this.#forget(id, upTo);
    const snapshot = isWhole ? undefined : this.#statements.of("SELECT seq FROM snapshots WHERE channel = ?").get(id);
    const end = isWhole ? upTo : Math.min(upTo, Number(snapshot?.["seq"] ?? 0));
    let left = maxBytes;
    let last: { readonly seq: number; readonly hash: string } | undefined;
    const oldest = this.#statements.of(
      "SELECT seq, hash, octet_length(body) AS bytes FROM records WHERE channel = ? AND seq <= ? ORDER BY seq",
    );
    for (const { seq, hash, bytes } of oldest.iterate(id, end)) {
      if (left === 0) break;
      left = Math.max(0, left - Number(bytes) - rowBytes);
      last = { seq: Number(seq), hash: String(hash) };
    }
    if (last === undefined) return left;
    const { changes } = this.#statements.of("DELETE FROM records WHERE channel = ? AND seq <= ?").run(id, last.seq);
    this.#statements
      .of("UPDATE channels SET removed_to = ?, removed_hash = ?, removed_count = removed_count + ? WHERE id = ?")
      .run(last.seq, last.hash, changes, id);
    return left;
  }

  /** Everything of a channel but its records. */
  #forget(channel: number, upTo: number): void {
    this.#statements.of("DELETE FROM snapshots WHERE channel = ? AND seq <= ?").run(channel, upTo);
    const blobs = this.#statements.of("SELECT blob FROM blob_users WHERE channel = ?").all(channel);
    this.#statements.of("DELETE FROM blob_users WHERE channel = ?").run(channel);
    const orphan = this.#statements.of(
      "DELETE FROM blobs WHERE id = ? AND NOT EXISTS (SELECT 1 FROM blob_users WHERE blob = id)",
    );
    for (const { blob } of blobs) orphan.run(String(blob));
  }

  #row(channel: string): ChannelRow {
    const known = this.#rows.get(channel);
    if (known) return known;
    this.#statements.of("INSERT INTO channels (uri) VALUES (?) ON CONFLICT (uri) DO NOTHING").run(channel);
    const found = this.#statements
      .of(
        "SELECT c.id, coalesce((SELECT hash FROM records r WHERE r.channel = c.id ORDER BY seq DESC LIMIT 1), c.removed_hash) AS hash FROM channels c WHERE c.uri = ?",
      )
      .get(channel);
    const row = { id: Number(found?.["id"]), hash: String(found?.["hash"] ?? CHAIN_START) };
    this.#rows.set(channel, row);
    return row;
  }
}
