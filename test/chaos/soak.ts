import { readFileSync } from "node:fs";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import type { HostProcess } from "../host/hostProcess.ts";
import type { WireClient } from "../host/wireClient.ts";
import { Dice } from "../support/dice.ts";
import { runs } from "./kill.ts";
import type { ChaosOptions, ChaosReport } from "./report.ts";

const roundMs = 20_000;
/** Heap that a host may gain in an hour. Shorter runs tell too little of it. */
const heapBytesPerHour = 1024 * 1024;
const leastMinutesOfASlope = 60;
/** Open files that a host may gain over all. */
const spareFiles = 20;

interface Sample {
  readonly minutes: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly openFiles: number;
}

/**
 * One host that works for a long time. Every round the lines of its clients are cut and some of its agents are killed; what
 * holds is what holds after a kill, and the host gains neither heap nor open files.
 */
export async function soak(options: ChaosOptions): Promise<ChaosReport> {
  const dice = new Dice(options.seed + 1);
  const samples: Sample[] = [];
  const started = performance.now();
  let killed = 0;
  const strike = async (host: HostProcess, clients: readonly WireClient[]) => {
    for (const pid of agentsOf(host.pid)) {
      if (!dice.chance(0.3)) continue;
      process.kill(pid, "SIGKILL");
      killed += 1;
    }
    for (const client of clients) client.socket.terminate();
    samples.push({ minutes: (performance.now() - started) / 60_000, ...(await measured(host)) });
    return [];
  };
  const longest = (options.minutes ?? 0) * 60_000 || roundMs;
  const fault = { frames: Number.MAX_SAFE_INTEGER, ms: Math.min(roundMs, longest), isFatal: false, strike };
  const { problems, summary } = await runs(options, fault);
  return {
    problems: [...problems, ...growthProblems(samples)],
    summary: [summary, `${killed} agents killed`, ...told(samples)].join(", "),
  };
}

function agentsOf(host: number): readonly number[] {
  const children = readFileSync(`/proc/${host}/task/${host}/children`, "utf8").trim().split(" ").map(Number);
  return children.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("sampleAgent");
    } catch {
      return false;
    }
  });
}

/** As the host tells it itself. */
async function measured(host: HostProcess): Promise<Omit<Sample, "minutes">> {
  const url = `${host.url.replace("ws:", "http:")}/metrics`;
  const headers = { Authorization: `Bearer ${host.token}` };
  const body = await new Promise<string>((resolve, reject) => {
    get(url, { headers }, (response) => resolve(text(response))).once("error", reject);
  });
  const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(body)?.[1]);
  return {
    heapBytes: of("nodejs_heap_used_bytes"),
    residentBytes: of("process_resident_memory_bytes"),
    openFiles: of("process_open_fds"),
  };
}

/** What the second and the last quarter of a run went down to, after their collections of garbage and between their readings of files. */
function leastOf(samples: readonly Sample[]): { readonly early: Sample; readonly late: Sample } | undefined {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return undefined;
  const least = (part: readonly Sample[]): Sample => ({
    minutes: part.reduce((sum, { minutes }) => sum + minutes, 0) / part.length,
    heapBytes: Math.min(...part.map(({ heapBytes }) => heapBytes)),
    residentBytes: Math.min(...part.map(({ residentBytes }) => residentBytes)),
    openFiles: Math.min(...part.map(({ openFiles }) => openFiles)),
  });
  return { early: least(samples.slice(quarter, 2 * quarter)), late: least(samples.slice(-quarter)) };
}

function growthProblems(samples: readonly Sample[]): readonly string[] {
  const problems: string[] = [];
  const { early, late } = leastOf(samples) ?? {};
  if (!early || !late) return problems;
  const hours = (late.minutes - early.minutes) / 60;
  const slope = (late.heapBytes - early.heapBytes) / hours;
  if ((samples.at(-1)?.minutes ?? 0) >= leastMinutesOfASlope && slope > heapBytesPerHour) {
    problems.push(`the host gains ${Math.round(slope / 1024)} KiB of heap in an hour`);
  }
  if (late.openFiles > early.openFiles + spareFiles) {
    problems.push(`the host had ${early.openFiles} files open and has ${late.openFiles}`);
  }
  return problems;
}

/** As it was at the least in the second and in the last quarter. */
function told(samples: readonly Sample[]): readonly string[] {
  const { early, late } = leastOf(samples) ?? {};
  if (!early || !late) return [];
  const mebibytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  return [
    `heap ${mebibytes(early.heapBytes)} to ${mebibytes(late.heapBytes)} MiB`,
    `resident ${mebibytes(early.residentBytes)} to ${mebibytes(late.residentBytes)} MiB`,
    `files ${early.openFiles} to ${late.openFiles}`,
  ];
}
