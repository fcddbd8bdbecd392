import type { HostProcess } from "../host/hostProcess.ts";
import type { WireClient } from "../host/wireClient.ts";
import { fatal, runs } from "./kill.ts";
import type { ChaosOptions, ChaosReport } from "./report.ts";

const maxDrainMs = 10_000;

/**
 * Asks a host under load to stop, as a deployment does. It does so within ten seconds, whole, and tells its clients when
 * to come back, each at another moment; the rest is as after a kill.
 */
export async function stop(options: ChaosOptions): Promise<ChaosReport> {
  const took: number[] = [];
  const strike = async (host: HostProcess, clients: readonly WireClient[]) => {
    const started = performance.now();
    const exitCode = await host.stop();
    took.push(performance.now() - started);
    return [...drainProblems(host, exitCode, took.at(-1) ?? 0), ...farewellProblems(clients)];
  };
  const { problems, summary } = await runs(options, { ...fatal, strike });
  const sorted = took.map(Math.round).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { problems, summary: `${summary}, drained p50 ${median} ms, max ${sorted.at(-1) ?? 0} ms` };
}

function drainProblems(host: HostProcess, exitCode: number | null, ms: number): string[] {
  const problems: string[] = [];
  if (exitCode !== 0) problems.push(`it ended with ${String(exitCode)}: ${host.stderr().slice(-1_000)}`);
  if (ms > maxDrainMs) problems.push(`it took ${Math.round(ms)} ms to stop`);
  return problems;
}

function farewellProblems(clients: readonly WireClient[]): string[] {
  const hints = clients.map(({ notifications }) => {
    const last = notifications.findLast(({ method }) => method === "x-fleet/goingAway");
    return last?.params["retryAfterMs"];
  });
  if (hints.some((hint) => typeof hint !== "number")) return ["a client was not told that the host stops"];
  return new Set(hints).size === hints.length ? [] : ["two clients were told to come back at the same moment"];
}
