import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../src/base/appError.ts";
import { silentLogger } from "../../src/base/logger.ts";
import type { EventLog } from "../../src/host/log/log.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { Dice } from "../support/dice.ts";
import { snapshotsOf } from "./log.ts";

const seed = Number(process.env["MUSTER_SEED"] ?? Date.now() % 1_000_000);
const runs = Number(process.env["MUSTER_CHAOS_RUNS"] ?? 60);
const dice = new Dice(seed);

let directory: string;
/** As a crash leaves it: the file of the log and, not yet in it, the write-ahead log. */
let crashed: string;
/** As `close` leaves it: one file. */
let closed: string;
let written: readonly string[];
let blob: string;

function open(data: string, readOnly = false): SqliteLog {
  return SqliteLog.open({ directory: data, clock: systemClock, logger: silentLogger, readOnly });
}

async function hashesOf(log: EventLog, channel?: string): Promise<string[]> {
  const hashes: string[] = [];
  for await (const { hash } of log.read({ after: 0, ...(channel !== undefined && { channel }) })) hashes.push(hash);
  return hashes;
}

/** Runs on a copy of its own. */
async function onCopy<T>(of: string, run: (copy: string) => Promise<T>): Promise<T> {
  const copy = mkdtempSync(path.join(directory, "copy-"));
  cpSync(of, copy, { recursive: true });
  try {
    return await run(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
  writeFileSync(file, bytes);
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-damage-"));
  crashed = path.join(directory, "crashed");
  closed = path.join(directory, "closed");
  const log = open(closed);
  for (let commit = 0; commit < 60; commit += 1) {
    for (let record = 0; record < 4; record += 1) log.append(`a:${record}`, "x".repeat(1 + dice.below(600)));
    if (commit === 30) log.saveSnapshot("a:1", { seq: log.lastSeq, state: "s".repeat(5_000) });
    await log.flush();
  }
  blob = await log.putBlob("a:1", Buffer.alloc(20_000, 7));
  written = await hashesOf(log);
  cpSync(closed, crashed, { recursive: true });
  rmSync(path.join(crashed, "log.db-shm"));
  await log.close();
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a log that was damaged", () => {
  it(`DUR-6: opens with a torn write-ahead log, at what its whole part holds, ${runs} times`, async () => {
    for (let run = 0; run < runs; run += 1) {
      await onCopy(crashed, async (copy) => {
        const wal = path.join(copy, "log.db-wal");
        const size = readFileSync(wal).length;
        if (run % 2 === 0) writeFileSync(wal, readFileSync(wal).subarray(0, dice.below(size)));
        else flipBit(wal, dice.below(size));
        const log = open(copy);
        const hashes = await hashesOf(log);
        expect(hashes, `seed ${seed}, run ${run}`).toEqual(written.slice(0, hashes.length));
        log.append("a:1", "goes on");
        await log.flush();
        expect(await log.verify(), `seed ${seed}, run ${run}`).not.toHaveProperty("problem");
        await log.close();
      });
    }
  });

  it(`DUR-7: says so wherever one bit of its file is another, ${runs} times`, async () => {
    let harmless = 0;
    for (let run = 0; run < runs; run += 1) {
      await onCopy(closed, async (copy) => {
        const file = path.join(copy, "log.db");
        flipBit(file, dice.below(readFileSync(file).length));
        const what = `seed ${seed}, run ${run}`;
        let log: SqliteLog;
        try {
          log = open(copy, true);
        } catch (error) {
          expect(AppError.is(error, "internal"), what).toBe(true);
          return;
        }
        const { problem } = await log.verify();
        if (problem === undefined) {
          // A bit that nothing is stored in: all that was written is still there.
          harmless += 1;
          expect(await hashesOf(log), what).toEqual(written);
          expect(await log.getBlob(blob), what).toEqual(new Uint8Array(Buffer.alloc(20_000, 7)));
        }
        await log.close();
      });
    }
    expect(harmless, `seed ${seed}`).toBeLessThan(runs / 2);
  });

  it("DUR-7: keeps the damage to the channel that has it, also on read", async () => {
    await onCopy(closed, async (copy) => {
      const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
      const db = new DatabaseSync(path.join(copy, "log.db"));
      db.exec("UPDATE records SET body = body || '!' WHERE seq = 50");
      db.exec("UPDATE snapshots SET state = 'other'");
      db.close();
      const log = open(copy);
      await expect(hashesOf(log, "a:1")).rejects.toMatchObject({ code: "internal", details: { channel: "a:1" } });
      expect(await log.loadSnapshot("a:1")).toBeUndefined();
      expect(await snapshotsOf(log, "a:")).toEqual([["a:1", undefined]]);
      expect(await hashesOf(log, "a:2")).toHaveLength(60);
      expect((await log.verify()).problem).toMatch(/Record 50 of a:1/);
      await log.close();
    });
  });

  it("finds that records are gone which nobody removed", async () => {
    await onCopy(closed, async (copy) => {
      const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
      const db = new DatabaseSync(path.join(copy, "log.db"));
      db.exec("DELETE FROM records WHERE seq IN (239)");
      db.close();
      const log = open(copy, true);
      expect((await log.verify()).problem).toMatch(/1 records are missing/);
      await log.close();
    });
  });

  it("DUR-13: a second writer is refused within a second", () => {
    const log = open(closed);
    const started = performance.now();
    expect(() => open(closed)).toThrow(/Another host already uses/);
    expect(performance.now() - started).toBeLessThan(1_000);
    log.dispose();
  });
});
