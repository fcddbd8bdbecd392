import { describe, expect, it } from "vitest";
import { canRecord, recordWriter } from "../chaos/diskRecording.ts";
import { power, toldTooEarly } from "../chaos/power.ts";

const seed = Number(process.env["MUSTER_SEED"] ?? Date.now() % 1_000_000);
const runs = Number(process.env["MUSTER_CHAOS_RUNS"] ?? 40);
const isHere = canRecord();
if (!isHere)
  console.warn("SKIPPED: power cuts (DUR-4, DUR-5). Without strace a process's disk calls cannot be recorded.");

describe.skipIf(!isHere)("sqlite log on a disk that loses power", () => {
  it(`DUR-4: keeps all it told of over ${runs} cuts`, { timeout: 60_000 + runs * 1_000 }, async () => {
    const { problems, summary } = await power({ runs, seed, commits: 40, note: () => {} });
    expect(problems, `seed ${seed}: ${summary}`).toEqual([]);
  });

  it("DUR-4: would be found out if it told before the disk has it", async () => {
    const { problems } = await power({ runs: 20, seed, commits: 40, ignoresSyncs: true, note: () => {} });
    expect(problems.length, `seed ${seed}`).toBeGreaterThan(5);
  });

  it("DUR-5: syncs before it tells, every time", async () => {
    const { told, early } = toldTooEarly(await recordWriter(seed, 300, async () => {}));
    expect(told).toBeGreaterThan(250);
    expect(early).toEqual([]);
  });
});
