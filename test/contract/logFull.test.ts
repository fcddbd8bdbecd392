import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { DiskSpace } from "../../src/host/log/diskSpace.ts";
import type { EventLog } from "../../src/host/log/log.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { FakeClock } from "../support/fakeClock.ts";

const mebibyte = 1024 * 1024;
const disk = mkdtempSync(path.join(tmpdir(), "muster-full-"));
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]).status === 0;
if (!isMounted) console.warn("SKIPPED: a full disk (DUR-8). A small file system can only be mounted as root.");

afterAll(() => {
  if (isMounted) spawnSync("umount", [disk]);
  rmSync(disk, { recursive: true, force: true });
});

async function bodiesOf(log: EventLog): Promise<string[]> {
  const bodies: string[] = [];
  for await (const { body } of log.read({ after: 0 })) bodies.push(body);
  return bodies;
}

describe.skipIf(!isMounted)("DUR-8: a log whose disk is full", () => {
  const filler = path.join(disk, "filler");
  const data = path.join(disk, "data");
  let clock: FakeClock;
  let space: DiskSpace;
  let log: SqliteLog;

  beforeAll(() => {
    clock = new FakeClock();
    const sizes = { minFreeBytes: mebibyte, ballastBytes: mebibyte };
    log = SqliteLog.open({ directory: data, clock, logger: silentLogger, makeRoom: () => space.release() });
    space = new DiskSpace({ directory: data, ...sizes, clock, logger: silentLogger });
  });

  afterAll(() => log.dispose());

  /** Until nothing more goes in. */
  function fill(): void {
    for (const size of [mebibyte, 64 * 1024, 4096]) {
      for (let count = 0; ; count += 1) {
        try {
          writeFileSync(`${filler}-${size}-${count}`, Buffer.alloc(size, 1));
        } catch {
          rmSync(`${filler}-${size}-${count}`, { force: true });
          break;
        }
      }
    }
  }

  it("keeps a reserve, refuses new work in time, and uses the reserve for what was accepted", async () => {
    expect(space.refusal()).toBeUndefined();
    expect(existsSync(path.join(data, "ballast"))).toBe(true);
    log.append("a:1", "before");
    await log.flush();
    fill();
    await clock.advance(1_000);
    expect(space.refusal()).toMatch(/nearly full \(0 MB left\), so it takes no new work/);
    log.append("a:1", "x".repeat(500_000));
    const flushed = log.flush();
    await new Promise(setImmediate);
    await clock.advance(0);
    await flushed;
    expect(log.isFull).toBe(false);
    expect(existsSync(path.join(data, "ballast"))).toBe(false);
  });

  it("acknowledges nothing without room, is read meanwhile, and goes on by itself when there is some", async () => {
    fill();
    const told: number[] = [];
    log.onCommitted((batch) => told.push(...batch.map((record) => record.seq)));
    let failure: Error | undefined;
    log.onFailed((error) => (failure = error));
    const durable = log.durableSeq;
    const wanted = ["one", "two"].map((text) => text.padEnd(3 * mebibyte, "."));
    for (const body of wanted) log.append("b:1", body);
    await new Promise(setImmediate);
    expect(log.isFull).toBe(true);
    for (let tries = 0; tries < 5; tries += 1) await clock.advance(500);
    expect({ told, durable: log.durableSeq, failure }).toEqual({ told: [], durable, failure: undefined });
    expect(await bodiesOf(log)).toHaveLength(2);
    const reader = SqliteLog.open({ directory: data, clock: systemClock, logger: silentLogger, readOnly: true });
    expect(await bodiesOf(reader)).toHaveLength(2);
    await reader.close();
    await expect(log.putBlob("b:1", Buffer.alloc(mebibyte, 3))).rejects.toMatchObject({ code: "limit.exceeded" });
    spawnSync("mount", ["-o", "remount,size=64m", disk]);
    await clock.advance(500);
    expect(told).toEqual([durable + 1, durable + 2]);
    expect((await bodiesOf(log)).slice(2)).toEqual(wanted);
    expect(await log.verify()).not.toHaveProperty("problem");
    await clock.advance(1_000);
    expect(space.refusal()).toBeUndefined();
    expect(existsSync(path.join(data, "ballast"))).toBe(true);
  });

  it("is opened again for the reserve, with all that it holds; without one it says that the disk is full", async () => {
    const length = (await bodiesOf(log)).length;
    await log.close();
    spawnSync("mount", ["-o", "remount,size=8m", disk]);
    fill();
    const open = (makeRoom: () => boolean) =>
      SqliteLog.open({ directory: data, clock: systemClock, logger: silentLogger, makeRoom });
    expect(() => open(() => false)).toThrow(/could not be opened: the disk is full\. Free some space/);
    log = open(() => space.release());
    expect(existsSync(path.join(data, "ballast"))).toBe(false);
    expect(await bodiesOf(log)).toHaveLength(length);
    log.append("a:1", "after");
    await log.flush();
    expect(log.isFull).toBe(false);
  });
});
