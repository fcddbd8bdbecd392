import { describe, expect, it } from "vitest";
import { MachineMeter } from "../../../../src/host/machine/machineMeter.ts";
import type { CgroupDirectories, GroupUse, MachinePort } from "../../../../src/host/machine/procFs.ts";
import type { ProcessLook } from "../../../../src/host/machine/processTree.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

class Machine implements MachinePort {
  processes = new Map<string, readonly ProcessLook[]>();
  group: GroupUse | undefined;
  looks = 0;

  runs(marker: string, ownMs: number, memoryBytes = 10): void {
    const look = { pid: 1, startedAt: 1, parentPid: 0, ownMs, reapedMs: 0, memoryBytes, peakMemoryBytes: memoryBytes };
    this.processes.set(marker, [look]);
  }

  async look() {
    this.looks += 1;
    return new Map(this.processes);
  }

  async lookAtGroup(_directories: CgroupDirectories) {
    return this.group;
  }
}

function aMeter() {
  const machine = new Machine();
  const clock = new FakeClock();
  return { machine, clock, meter: new MachineMeter(machine, clock) };
}

describe("the meter of the machine", () => {
  it("looks every few seconds while something runs, and gives out what was used since it was asked", async () => {
    const { machine, clock, meter } = aMeter();
    meter.watch("s", { marker: "a" });
    machine.runs("a", 100);
    await clock.advance(5_000);
    expect(meter.take("s")).toEqual({ cpuMs: 100, peakMemoryBytes: 10, source: "processes" });
    expect(meter.take("s")).toBeUndefined();
    machine.runs("a", 130, 8);
    await clock.advance(5_000);
    expect(meter.take("s")).toEqual({ cpuMs: 30, peakMemoryBytes: 8, source: "processes" });
    machine.processes.clear();
    await clock.advance(60_000);
    const { looks } = machine;
    await clock.advance(60_000);
    expect(machine.looks).toBe(looks);
    expect(clock.pending).toBe(0);
  });

  it("adds the programs of a session up", async () => {
    const { machine, meter } = aMeter();
    for (const marker of ["a", "b"]) {
      meter.watch("s", { marker });
      machine.runs(marker, 100);
    }
    meter.watch("other", { marker: "c" });
    await meter.look();
    expect(meter.take("s")?.cpuMs).toBe(200);
    expect(meter.take("other")).toMatchObject({ cpuMs: 0 });
  });

  it("takes a control group's word where there is one, which knows what no look has seen", async () => {
    const { machine, meter } = aMeter();
    meter.watch("s", { marker: "a", cgroups: { cpu: "/g" } });
    machine.runs("a", 100);
    machine.group = { cpuMs: 900, peakMemoryBytes: 77 };
    await meter.look();
    expect(meter.take("s")).toEqual({ cpuMs: 900, peakMemoryBytes: 77, source: "cgroup" });
    machine.group = undefined;
    machine.runs("a", 140);
    await meter.look();
    expect(meter.take("s")).toMatchObject({ cpuMs: 40 });
  });

  it("shares one look among all who ask while it has not begun", async () => {
    const { machine, meter } = aMeter();
    meter.watch("s", { marker: "a" });
    await Promise.all([meter.look(), meter.look(), meter.look()]);
    expect(machine.looks).toBeLessThanOrEqual(2);
  });
});
