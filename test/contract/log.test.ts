import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import type { ReadRange } from "../../src/host/log/log.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { memoryDisk, MemoryLog } from "../support/memoryLog.ts";
import { describeLog } from "./log.ts";

function inFreshDirectory() {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-log-"));
  const open = () => SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  const edit = (sql: string) => {
    const db = new DatabaseSync(path.join(directory, "log.db"));
    db.exec(sql);
    db.close();
  };
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const takeOver = () => {
    // Somebody tidied up; or the file system forgot who holds what.
    rmSync(path.join(directory, "log.lock"));
    return open();
  };
  return { directory, open, edit, remove, takeOver };
}

describeLog("sqlite on disk", () => {
  const { open, edit, remove, takeOver } = inFreshDirectory();
  return {
    open,
    takeOver,
    crash: (log) => log.dispose(),
    tamper: (seq) => edit(`UPDATE records SET body = body || '!' WHERE seq = ${seq}`),
    remove,
  };
});

describeLog("in memory, of the tests", () => {
  const disk = memoryDisk();
  return {
    open: () => new MemoryLog(systemClock, disk),
    crash: (log) => log.dispose(),
    takeOver: () => {
      disk.isOpen = false;
      return new MemoryLog(systemClock, disk);
    },
    tamper: (seq) => {
      disk.records = disk.records.map((record) =>
        record.seq === seq ? { ...record, body: `${record.body}!` } : record,
      );
    },
    remove: () => {},
  };
});

describe("sqlite log", () => {
  it("commits with a full sync to a write-ahead log", async () => {
    const { directory, open, remove } = inFreshDirectory();
    const log = open();
    log.append("a:1", "x");
    await log.flush();
    const reader = new DatabaseSync(path.join(directory, "log.db"), { readOnly: true });
    expect(reader.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    reader.close();
    await log.close();
    remove();
  });

  it("can be read and verified beside a running writer", async () => {
    const { directory, open, remove } = inFreshDirectory();
    const log = open();
    log.append("a:1", "x");
    await log.flush();
    const reader = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger, readOnly: true });
    expect(await reader.verify()).toEqual({ records: 1, removed: 0, channels: 1 });
    expect(() => reader.append("a:1", "y")).toThrow(/not open for writing/);
    await reader.close();
    await log.close();
    remove();
  });

  it("leaves no byte of what was forgotten in its files", async () => {
    const { directory, open, remove } = inFreshDirectory();
    const log = open();
    const secret = "a-very-secret-sentence";
    for (let index = 0; index < 50; index += 1) log.append("a:1", `${secret} ${"x".repeat(index * 200)}`);
    log.saveSnapshot("a:1", { seq: 50, state: secret });
    await log.putBlob("a:1", new TextEncoder().encode(secret));
    log.append("b:1", "stays");
    await log.flush();
    const isThere = () =>
      ["log.db", "log.db-wal"].some((file) => readFileSync(path.join(directory, file)).includes(secret));
    expect(isThere()).toBe(true);
    log.forget("a:1");
    await log.scrub();
    expect(isThere()).toBe(false);
    await log.close();
    remove();
  });

  it("removes much in slices: nobody waits for all of it", async () => {
    const { open, remove } = inFreshDirectory();
    const log = open();
    for (let index = 0; index < 40; index += 1) log.append("a:1", "x".repeat(64 * 1024));
    log.append("a:2", "stays");
    await log.flush();
    const read = async (range: ReadRange) => {
      const bodies: string[] = [];
      for await (const { body } of log.read(range)) bodies.push(body);
      return bodies;
    };
    log.forget("a:1");
    // Of the channel's next life.
    log.append("a:1", "again");
    await log.flush();
    expect((await read({ after: 0, channel: "a:1" })).length).toBeGreaterThan(20);
    expect((await log.verify()).problem).toBeUndefined();
    await log.scrub();
    expect(await read({ after: 0 })).toEqual(["stays", "again"]);
    expect(await log.verify()).toEqual({ records: 2, removed: 40, channels: 2 });
    await log.close();
    remove();
  });

  it("DUR-9: stops for good after a failed commit, and tries nothing again", async () => {
    const { open, edit, remove } = inFreshDirectory();
    const log = open();
    let failure: Error | undefined;
    log.onFailed((error) => (failure = error));
    edit("CREATE TRIGGER full BEFORE INSERT ON records BEGIN SELECT RAISE (FAIL, 'disk is full'); END");
    log.append("a:1", "x");
    await expect(log.flush()).rejects.toThrow(/could not be written/);
    expect(failure?.message).toMatch(/disk is full/);
    expect(log.durableSeq).toBe(0);
    expect(() => log.append("a:1", "y")).toThrow(/has failed/);
    log.dispose();
    remove();
  });
});
