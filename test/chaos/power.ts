import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { silentLogger } from "../../src/base/logger.ts";
import type { EventLog } from "../../src/host/log/log.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { Dice } from "../support/dice.ts";
import { canRecord, type DiskCall, recordWriter } from "./diskRecording.ts";
import { diskAfterCut, type DiskImage } from "./powerCut.ts";
import type { ChaosOptions, ChaosReport } from "./report.ts";

export interface PowerOptions extends Omit<ChaosOptions, "sessions"> {
  /** Commits of the recorded writer. Default 60, which is more than one checkpoint. */
  readonly commits?: number;
  /** As if the engine told of a commit before it asked the disk to keep it: then the cuts have to be noticed. */
  readonly ignoresSyncs?: boolean;
}

/**
 * Records every call that a writing log makes to its disk, then cuts the power before and after each sync, and anywhere
 * between: whatever the disk kept of what was not synced, the log opens, holds all it told of, and goes on.
 */
export async function power(options: PowerOptions): Promise<ChaosReport> {
  if (!canRecord()) return { problems: ["strace is missing: nothing can be recorded"], summary: "skipped" };
  const written: string[] = [];
  const calls = await recordWriter(options.seed, options.commits ?? 60, async (directory) => {
    const log = openLog(directory);
    written.push(...(await hashesOf(log)));
    await log.close();
  });
  const dice = new Dice(options.seed);
  const heard = options.ignoresSyncs ? calls.filter((call) => call.kind !== "sync") : calls;
  const problems: string[] = [];
  let lost = 0;
  for (const cut of cutsOf(heard, options.runs, dice)) {
    const before = heard.slice(0, cut);
    const told = before.findLast((call) => call.kind === "told")?.seq ?? 0;
    const problem = await problemAfter(diskAfterCut(before, dice), told, written);
    if (problem === undefined) continue;
    lost += 1;
    problems.push(`cut after call ${cut} of ${heard.length}, told ${told}: ${problem}`);
  }
  const syncs = calls.filter((call) => call.kind === "sync").length;
  return {
    problems,
    summary: `${written.length} records, ${calls.length} disk calls, ${syncs} syncs, ${lost} cuts lost`,
  };
}

/** Calls that tell of a record although no sync of the write-ahead log came after its last write: there must be none. */
export function toldTooEarly(calls: readonly DiskCall[]): { readonly told: number; readonly early: readonly number[] } {
  let isDirty = false;
  let told = 0;
  const early: number[] = [];
  for (const call of calls) {
    if (call.kind === "told") {
      told += 1;
      if (isDirty) early.push(call.seq);
    } else if (call.file.endsWith("-wal")) {
      isDirty = call.kind === "write" || (call.kind !== "sync" && isDirty);
    }
  }
  return { told, early };
}

/** Before and after each sync first, then anywhere. */
function cutsOf(calls: readonly DiskCall[], runs: number, dice: Dice): number[] {
  const boundaries = calls.flatMap((call, index) => (call.kind === "sync" ? [index, index + 1, index + 2] : []));
  const cuts: number[] = [];
  while (cuts.length < runs && boundaries.length > 0) {
    cuts.push(...boundaries.splice(dice.below(boundaries.length), 1));
  }
  while (cuts.length < runs) cuts.push(dice.below(calls.length + 1));
  return cuts;
}

async function problemAfter(image: DiskImage, told: number, written: readonly string[]): Promise<string | undefined> {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-cut-"));
  try {
    for (const [file, bytes] of image) {
      // The index in shared memory and the lock are nobody's after a power cut.
      if (!file.endsWith("-shm") && !file.startsWith("log.lock")) writeFileSync(path.join(directory, file), bytes);
    }
    const log = openLog(directory);
    try {
      const hashes = await hashesOf(log);
      if (hashes.length < told) return `only ${hashes.length} records are left`;
      const other = hashes.findIndex((hash, index) => hash !== written[index]);
      if (other >= 0) return `record ${other + 1} is another one`;
      log.append("a:after", "after the cut");
      await log.flush();
      return (await log.verify()).problem;
    } finally {
      await log.close();
    }
  } catch (error) {
    return `it does not open: ${String(error)}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function openLog(directory: string): SqliteLog {
  return SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
}

async function hashesOf(log: EventLog): Promise<string[]> {
  const hashes: string[] = [];
  for await (const record of log.read({ after: 0 })) hashes.push(record.hash);
  return hashes;
}
