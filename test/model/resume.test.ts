import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schedule } from "./simulation/happenings.ts";
import { type HostKind, World } from "./simulation/world.ts";

/** Schedules in all; `MUSTER_PROPERTY_RUNS=20000` for the long mode. */
const runs = Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 2000);
/** The same schedules each time, so that a failure is never a surprise; another seed gives others. */
const seed = Number(process.env["MUSTER_PROPERTY_SEED"] ?? 1);

describe("NET-1, NET-2: a client that resumes ends in the state of one that never dropped", () => {
  const hosts: readonly [HostKind, string, number][] = [
    ["core", "muster-host", 0.6],
    ["vscode", "a host in the manner of VS Code's", 0.4],
  ];
  it.each(hosts)("%s: whatever happens between it and %s", { timeout: 3_600_000 }, async (kind, _name, share) => {
    const holds = fc.asyncProperty(schedule, async (run) => {
      expect(await new World(kind, run).run()).toEqual([]);
    });
    await fc.assert(holds, { numRuns: Math.ceil(runs * share), seed });
  });
});
