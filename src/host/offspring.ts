import { readdir, readFile } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";

/** A program's commands may leave its process group; the environment that they inherit does not lie. */
export const MARKER_NAME = "MUSTER_AGENT_PROCESS";

const maxSweeps = 40;
const sweepPauseMs = 50;

/** Linux only: elsewhere there is no `/proc`, and the process group has to do. */
export async function markedProcesses(marker: string): Promise<number[]> {
  const entries = await readdir("/proc").catch(() => []);
  const wanted = `${MARKER_NAME}=${marker}`;
  const pids = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry))
      .map(async (entry) => {
        const environment = await readFile(`/proc/${entry}/environ`, "utf8").catch(() => "");
        return environment.split("\0").includes(wanted) ? Number(entry) : undefined;
      }),
  );
  return pids.filter((pid) => pid !== undefined);
}

/** Ends every process that carries the marker. False when some are still there after two seconds of trying. */
export async function endMarked(marker: string, clock: Clock): Promise<boolean> {
  let emptySweeps = 0;
  for (let attempt = 0; attempt < maxSweeps; attempt += 1) {
    const left = await markedProcesses(marker);
    emptySweeps = left.length === 0 ? emptySweeps + 1 : 0;
    // A process that is just being started shows no environment for a moment, so one look is not enough.
    if (emptySweeps === 2) return true;
    for (const pid of left) signalQuietly(pid, "SIGKILL");
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, sweepPauseMs);
    });
  }
  return false;
}

/** A negative `pid` names a process group, which outlives its leader as long as one member does. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
