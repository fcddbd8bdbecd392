import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { AppError } from "../../base/appError.ts";
import type { LogRecord, LogSnapshot, ReadRange } from "./log.ts";
import { CHAIN_START, recordHash, snapshotHash } from "./recordHash.ts";
import { misfit } from "./sqliteVerify.ts";

/** Records that are read in one go. Between two pages everybody else has a turn. */
const page = 100;
const channelPage = 1_000;

/** Statements by their text, each made once: a start reads tens of thousands of channels. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #made = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Throws AppError `cancelled` once the file is closed. */
  of(sql: string): StatementSync {
    if (!this.#db.isOpen) throw new AppError("cancelled", "The log was closed.");
    const statement = this.#made.get(sql) ?? this.#db.prepare(sql);
    this.#made.set(sql, statement);
    return statement;
  }
}

/** What the file answers. All of it is durable, and what is read of one channel is held against its chain. */
export class SqliteReads {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Highest number that was ever stored, also of a record that is removed. */
  lastSeq(): number {
    const last = this.#all("SELECT max(seq) AS seq FROM records UNION ALL SELECT max(removed_to) FROM channels");
    return Math.max(0, ...last.map((row) => Number(row["seq"] ?? 0)));
  }

  async *records(range: ReadRange): AsyncIterable<LogRecord> {
    const filter = range.channel === undefined ? "" : "AND r.channel = (SELECT id FROM channels WHERE uri = ?)";
    // A limit that is bound would have SQLite plan anew each time.
    const select = () =>
      this.#statements.of(
        `SELECT r.seq, c.uri AS channel, r.time, r.body, r.hash FROM records r JOIN channels c ON c.id = r.channel
       WHERE r.seq > ? ${filter} ORDER BY r.seq LIMIT ${page}`,
      );
    const channel = range.channel === undefined ? [] : [range.channel];
    let after = range.after;
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    let chain: string | undefined;
    while (left > 0) {
      const records = select()
        .all(after, ...channel)
        .slice(0, left)
        .map(toRecord);
      // A start finds nothing after most snapshots.
      if (range.channel !== undefined && records.length > 0) chain ??= this.#hashAt(range.channel, range.after);
      for (const record of records) {
        if (chain !== undefined && recordHash(chain, record) !== record.hash)
          throw damaged(record.channel, misfit(record));
        if (chain !== undefined) chain = record.hash;
        yield record;
      }
      const last = records.at(-1);
      if (last === undefined || records.length < page) return;
      after = last.seq;
      left -= records.length;
      await setImmediate();
    }
  }

  latest(channel: string): LogRecord | undefined {
    const row = this.#get(
      `SELECT r.seq, c.uri AS channel, r.time, r.body, r.hash FROM records r JOIN channels c ON c.id = r.channel
         WHERE c.uri = ? ORDER BY r.seq DESC LIMIT 1`,
      channel,
    );
    return row && toRecord(row);
  }

  async *lastBefore(time: number): AsyncIterable<LogRecord> {
    const select = () =>
      this.#statements.of(
        `SELECT r.seq, c.uri AS channel, r.time, r.body, r.hash
         FROM channels c JOIN records r ON r.seq = (SELECT max(seq) FROM records WHERE channel = c.id)
         WHERE c.id > ? AND c.id <= ? AND r.time <= ?`,
      );
    const last = Number(this.#get("SELECT max(id) AS id FROM channels")?.["id"] ?? 0);
    // Not so many that were found, but so many that were looked at.
    for (let after = 0; after < last; after += page) {
      for (const row of select().all(after, after + page, time)) yield toRecord(row);
      await setImmediate();
    }
  }

  async channels(prefix = ""): Promise<readonly string[]> {
    const uris: string[] = [];
    const select = `SELECT c.uri, EXISTS (SELECT 1 FROM records WHERE channel = c.id) OR EXISTS (SELECT 1 FROM snapshots WHERE channel = c.id) AS isThere
      FROM channels c`;
    for await (const { uri, isThere } of this.#pages(select, prefix)) if (isThere) uris.push(String(uri));
    return uris;
  }

  removals(): ReadonlyMap<string, number> {
    const rows = this.#all("SELECT uri, removed_to FROM channels WHERE removed_count > 0");
    return new Map(rows.map((row) => [String(row["uri"]), Number(row["removed_to"])]));
  }

  snapshot(channel: string): LogSnapshot | undefined {
    const row = this.#get(
      "SELECT s.seq, s.state, s.hash, c.removed_count FROM snapshots s JOIN channels c ON c.id = s.channel WHERE c.uri = ?",
      channel,
    );
    if (row === undefined) return undefined;
    const snapshot = { seq: Number(row["seq"]), state: String(row["state"]) };
    if (snapshotHash(channel, snapshot) === row["hash"]) return snapshot;
    if (row["removed_count"] === 0) return undefined;
    throw damaged(channel, `The snapshot of ${channel} was changed or damaged, and the records before it are removed.`);
  }

  async *snapshots(prefix: string): AsyncIterable<readonly [string, LogSnapshot | undefined]> {
    const select = "SELECT c.uri, s.seq, s.state, s.hash FROM channels c JOIN snapshots s ON s.channel = c.id";
    for await (const row of this.#pages(select, prefix)) {
      const channel = String(row["uri"]);
      const snapshot = { seq: Number(row["seq"]), state: String(row["state"]) };
      yield [channel, snapshotHash(channel, snapshot) === row["hash"] ? snapshot : undefined];
    }
  }

  /** Rows of the channels `c` whose URI begins with `prefix`, in the order of the URIs. */
  async *#pages(select: string, prefix: string) {
    const end = `${prefix}\u{10FFFF}`;
    const page = (from: string, isFirst: boolean) =>
      this.#statements
        .of(`${select} WHERE c.uri ${isFirst ? ">=" : ">"} ? AND c.uri < ? ORDER BY c.uri LIMIT ${channelPage}`)
        .all(from, end);
    for (let rows = page(prefix, true); ; rows = page(String(rows.at(-1)?.["uri"]), false)) {
      yield* rows;
      if (rows.length < channelPage) return;
      await setImmediate();
    }
  }

  blob(id: string): Uint8Array | undefined {
    const bytes = this.#get("SELECT bytes FROM blobs WHERE id = ?", id)?.["bytes"];
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  blobsOf(channel: string): readonly string[] {
    return this.#all(
      "SELECT blob FROM blob_users u JOIN channels c ON c.id = u.channel WHERE c.uri = ? ORDER BY blob",
      channel,
    ).map((row) => String(row["blob"]));
  }

  /** The hash that the first record after `seq` links to. */
  #hashAt(channel: string, seq: number): string {
    const row = this.#statements
      .of(
        "SELECT coalesce((SELECT hash FROM records r WHERE r.channel = c.id AND r.seq <= ? ORDER BY r.seq DESC LIMIT 1), c.removed_hash) AS hash FROM channels c WHERE c.uri = ?",
      )
      .get(seq, channel);
    return String(row?.["hash"] ?? CHAIN_START);
  }

  #all(sql: string, ...values: string[]) {
    return this.#statements.of(sql).all(...values);
  }

  #get(sql: string, ...values: string[]) {
    return this.#statements.of(sql).get(...values);
  }
}

function damaged(channel: string, sentence: string): AppError {
  return new AppError("internal", sentence, { details: { channel } });
}

function toRecord(row: Record<string, unknown>): LogRecord {
  return {
    seq: Number(row["seq"]),
    channel: String(row["channel"]),
    time: Number(row["time"]),
    body: String(row["body"]),
    hash: String(row["hash"]),
  };
}
