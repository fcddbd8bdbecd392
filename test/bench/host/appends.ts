import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTick } from "node:timers/promises";
import { silentLogger } from "../../../src/base/logger.ts";
import type { LogRecord } from "../../../src/host/log/log.ts";
import { SqliteLog } from "../../../src/host/log/sqlite.ts";
import { systemClock } from "../../../src/host/systemClock.ts";
import { compare, cpuOf, interleave, median, type Measure, percentile, wallOf } from "../measure.ts";
import { at, type BenchOptions, type Part } from "../suite.ts";
import { dataDirectory } from "./dataDirectory.ts";

const record = "r".repeat(300);
const channel = "ahp-chat://default/bench";
const batch = 1024;

/**
 * The log beside what it is made of: a bare table of `node:sqlite` with the same durability and index, a file that is
 * appended to, and one `fdatasync` after each write of a file whose room was reserved.
 */
export const appends: Part = async (options) => {
  const directory = mkdtempSync(dataDirectory("appends"));
  const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  const bare = new BareTable(path.join(directory, "bare.db"));
  const file = new BareFile(path.join(directory, "bare.log"));
  try {
    return [
      ...(await oneByOne(options, log, bare, file)),
      ...(await grouped(options, log, bare)),
      ...(await saturated(options, log, bare, file)),
      ...(await steady(options, log, file)),
    ];
  } finally {
    file.close();
    bare.close();
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

async function oneByOne(options: BenchOptions, log: SqliteLog, bare: BareTable, file: BareFile): Promise<Measure[]> {
  const count = at(options, 1_000, 300, 5);
  const rate = async (append: () => void | Promise<void>) => {
    const ms = await wallOf(async () => {
      for (let done = 0; done < count; done++) await append();
    });
    return (count / ms) * 1000;
  };
  const { ours, table, sync } = await interleave(
    {
      ours: () =>
        rate(() => {
          log.append(channel, record);
          return log.flush();
        }),
      table: () => rate(() => bare.append(1)),
      sync: () => rate(() => file.overwrite()),
    },
    at(options, 9, 3, 1),
  );
  return [
    compare("durable append, one at a time / bare node:sqlite table, a second", ours, table, { atLeast: 0.6 }),
    compare("durable append, one at a time / fdatasync in a reserved file, a second", ours, sync, { atLeast: 0.3 }),
    compare("DUR-16: durable append, one at a time / floor of 2,000, a second", ours, 2_000, { atLeast: 1 }),
  ];
}

/** What one message of an agent often makes: twenty records that become durable together. */
async function grouped(options: BenchOptions, log: SqliteLog, bare: BareTable): Promise<Measure[]> {
  const commits = at(options, 500, 100, 3);
  const group = 20;
  const rate = async (append: () => void | Promise<void>) => {
    const ms = await wallOf(async () => {
      for (let done = 0; done < commits; done++) await append();
    });
    return ((commits * group) / ms) * 1000;
  };
  const { ours, table } = await interleave(
    {
      ours: () =>
        rate(() => {
          for (let done = 0; done < group; done++) log.append(channel, record);
          return log.flush();
        }),
      table: () => rate(() => bare.append(group)),
    },
    at(options, 9, 3, 1),
  );
  return [
    compare("durable append, 20 together / bare node:sqlite table, a second", ours, table, { atLeast: 0.5 }),
    compare("DUR-16: durable append, 20 together / floor of 20,000, a second", ours, 20_000, { atLeast: 1 }),
  ];
}

async function saturated(options: BenchOptions, log: SqliteLog, bare: BareTable, file: BareFile): Promise<Measure[]> {
  const count = at(options, 100, 20, 1) * batch;
  const rate = (ms: number) => (count / ms) * 1000;
  const each = async (append: (records: number) => void) => {
    for (let done = 0; done < count; done += batch) append(batch);
  };
  const fill = async () => {
    for (let done = 0; done < count; done++) {
      log.append(channel, record);
      if (done % batch === batch - 1) await nextTick();
    }
    await log.flush();
  };
  const cpu: number[] = [];
  const { ours, table, plain } = await interleave(
    {
      ours: async () => {
        let ms = 0;
        const us = await cpuOf(async () => {
          ms = await wallOf(fill);
        });
        cpu.push(us / count);
        return rate(ms);
      },
      table: async () => rate(await wallOf(() => each((records) => bare.append(records)))),
      plain: async () => rate(await wallOf(() => each((records) => file.append(records)))),
    },
    at(options, 5, 2, 1),
  );
  return [
    compare("durable append, saturated / bare node:sqlite table in batches of 1024, a second", ours, table, {
      atLeast: 0.5,
    }),
    compare("durable append, saturated / plain file in batches of 1024, a second", ours, plain, { atLeast: 0.5 }),
    compare("durable append, saturated / 3 us, us CPU a record", cpu, 3, { atMost: 1 }),
  ];
}

/** 2,000 records a second, each committed as soon as the disk is free. */
async function steady(options: BenchOptions, log: SqliteLog, file: BareFile): Promise<Measure[]> {
  const seconds = at(options, 3, 1, 0.05);
  const syncs: number[] = [];
  const latencies: number[] = [];
  for (let done = 0; done < at(options, 1_000, 300, 5); done++) syncs.push(await wallOf(() => file.overwrite()));
  const appendedAt = new Map<number, number>();
  const listening = log.onCommitted((records: readonly LogRecord[]) => {
    const now = performance.now();
    for (const { seq } of records) latencies.push(now - (appendedAt.get(seq) ?? now));
  });
  const startedAt = performance.now();
  for (let done = 0; done < seconds * 2_000;) {
    const due = (performance.now() - startedAt) * 2;
    for (; done < due; done++) appendedAt.set(log.append(channel, record), performance.now());
    await nextTick();
  }
  await log.flush();
  listening.dispose();
  const sync = median(syncs);
  return [
    compare("2,000 appends a second: p50 until durable / one fdatasync, ms", median(latencies), sync, { atMost: 3 }),
    compare("2,000 appends a second: p99 until durable / one fdatasync, ms", percentile(latencies, 0.99), sync, {
      atMost: 10,
    }),
    compare("DUR-16: 2,000 appends a second: p99 until durable / 10 ms", percentile(latencies, 0.99), 10, {
      atMost: 1,
    }),
  ];
}

/** A table as the log's, without hashes, channels or anybody who is told. */
class BareTable {
  readonly #db: DatabaseSync;
  #seq = 0;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE records (seq INTEGER PRIMARY KEY, channel INTEGER NOT NULL, time INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
      CREATE UNIQUE INDEX records_by_channel ON records (channel, seq);
    `);
  }

  append(records: number): void {
    const insert = (this.#insert ??= this.#db.prepare("INSERT INTO records VALUES (?, 1, ?, ?)"));
    this.#db.exec("BEGIN IMMEDIATE");
    for (let done = 0; done < records; done++) insert.run(++this.#seq, 1_767_225_600_000, record);
    this.#db.exec("COMMIT");
  }

  close(): void {
    this.#db.close();
  }

  #insert: ReturnType<DatabaseSync["prepare"]> | undefined;
}

class BareFile {
  readonly #grown: number;
  readonly #reserved: number;
  #at = 0;
  static readonly #room = 16 * 1024 * 1024;

  constructor(file: string) {
    this.#grown = openSync(file, "a");
    this.#reserved = openSync(`${file}.reserved`, "w");
    writeSync(this.#reserved, Buffer.alloc(BareFile.#room));
    fsyncSync(this.#reserved);
  }

  /** At the end, durable. */
  append(records: number): void {
    writeSync(this.#grown, record.repeat(records));
    fdatasyncSync(this.#grown);
  }

  /** One record into room that the file has already, durable. */
  overwrite(): void {
    writeSync(this.#reserved, record, this.#at);
    fdatasyncSync(this.#reserved);
    this.#at = (this.#at + record.length) % (BareFile.#room - record.length);
  }

  close(): void {
    closeSync(this.#grown);
    closeSync(this.#reserved);
  }
}
