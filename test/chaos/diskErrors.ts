import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { silentLogger } from "../../src/base/logger.ts";
import { SqliteLog } from "../../src/host/log/sqlite.ts";
import { systemClock } from "../../src/host/systemClock.ts";

const writer = fileURLToPath(new URL("powerWriter.ts", import.meta.url));
const commits = 60;

export interface DiskErrorOutcome {
  readonly exitCode: number | null;
  /** The call failed: the process came so far. */
  readonly isInjected: boolean;
  /** Syncs and writes of the log after the failed call. */
  readonly callsAfter: readonly string[];
  /** What is wrong: nothing, if all is well. */
  readonly problems: readonly string[];
}

/**
 * Fills a log while one of its calls to the operating system fails, for real: `fsync:error=EIO:when=40` as strace takes it.
 * What the writer said to be durable must be in the log, and the log whole.
 */
export async function writeWith(injection: string): Promise<DiskErrorOutcome> {
  const directory = mkdtempSync(path.join(tmpdir(), "muster-errors-"));
  try {
    const [data, trace] = [path.join(directory, "data"), path.join(directory, "trace")];
    const strace = ["-o", trace, "-e", "trace=openat,pwrite64,fsync,fdatasync,ftruncate", "-e", `inject=${injection}`];
    const { status, stdout } = spawnSync("strace", [...strace, process.execPath, writer, data, "1", String(commits)], {
      encoding: "utf8",
    });
    const told = Number(/durable (\d+)\n$/.exec(stdout)?.[1] ?? 0);
    const calls = readFileSync(trace, "latin1").split("\n");
    const at = calls.findIndex((call) => call.includes("(INJECTED)"));
    const isInjected = at !== -1;
    const after = isInjected ? calls.slice(at + 1).filter((call) => /^(fsync|fdatasync|pwrite64)\(/.test(call)) : [];
    return { exitCode: status, isInjected, callsAfter: after, problems: await check(data, told) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function check(directory: string, told: number): Promise<string[]> {
  if (!existsSync(path.join(directory, "log.db"))) return told === 0 ? [] : [`told of ${told} and stored nothing`];
  const log = SqliteLog.open({ directory, clock: systemClock, logger: silentLogger });
  try {
    const { problem } = await log.verify();
    const lost = told > log.lastSeq ? [`told of ${told}, stored ${log.lastSeq}`] : [];
    return problem === undefined ? lost : [...lost, problem];
  } finally {
    await log.close();
  }
}
