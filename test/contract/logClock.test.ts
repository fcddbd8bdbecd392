import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import { FailureLimits } from "../../src/host/gateway/failureLimits.ts";
import { KnownClients } from "../../src/host/gateway/knownClients.ts";
import { DiskSpace } from "../../src/host/log/diskSpace.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { OutputBatcher } from "../../src/host/terminals/outputBatcher.ts";
import { FakeClock } from "../support/fakeClock.ts";

const hour = 60 * 60 * 1_000;
/** What becomes of a wall clock: set forward, set back, off by years, standing still, before the epoch of computers. */
const jumps = [hour, -hour, 10 * 365 * 24 * hour, -20 * 365 * 24 * hour, 0, 0, -70 * 365 * 24 * hour, hour / 2];

let directory: string;
let clock: FakeClock;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-clock-"));
  clock = new FakeClock();
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => SqliteLog.open({ directory, clock, logger: silentLogger });

describe("DUR-10: a wall clock that is set", () => {
  it("changes nothing about the order of records, over restarts too", async () => {
    const written: string[] = [];
    for (const jump of jumps) {
      clock.setForward(jump);
      const log = open();
      const channels = new Channels({ log, logger: silentLogger });
      await channels.recover();
      for (const text of ["a", "b"]) {
        written.push(`${jump} ${text}`);
        log.append("a:1", JSON.stringify({ type: "mark", text: written.at(-1) }));
      }
      channels.dispose();
      await log.close();
    }
    const log = open();
    const read: string[] = [];
    let seq = 0;
    for await (const record of log.read({ after: 0 })) {
      read.push((JSON.parse(record.body) as { text: string }).text);
      expect(record.seq).toBe((seq += 1));
    }
    expect(read).toEqual(written);
    expect(await log.verify()).not.toHaveProperty("problem");
    await log.close();
  });

  it("neither lengthens nor shortens what is measured: limits, patience, what is remembered", async () => {
    for (const jump of jumps) {
      const failures = new FailureLimits(clock, { perAddress: 1, ofAll: 10 });
      const clients = new KnownClients(clock);
      const space = new DiskSpace({ directory, minFreeBytes: 0, ballastBytes: 0, clock, logger: silentLogger });
      const batches: number[] = [];
      const batcher = new OutputBatcher(clock, (bytes) => batches.push(bytes.length));
      await clock.advance(2 * 60_000);
      failures.count("10.0.0.1");
      clients.joined("p", "c");
      clients.left("p", "c");
      batcher.push(Buffer.alloc(60_000));
      clock.setForward(jump);
      expect(failures.isExceeded("10.0.0.1")).toBe(true);
      expect(clients.isKnown("p", "c")).toBe(true);
      await clock.advance(60_000);
      expect(failures.isExceeded("10.0.0.1")).toBe(false);
      const before = batches.length;
      batcher.push(Buffer.alloc(1));
      expect(batches.length).toBe(before + 1);
      expect(space.refusal()).toBeUndefined();
      await clock.advance(2 * hour);
      expect(clients.isKnown("p", "c")).toBe(false);
      batcher.dispose();
    }
  });
});
