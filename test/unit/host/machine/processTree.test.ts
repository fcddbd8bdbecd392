import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lookAgain, nothingUsed, type ProcessLook, type TreeUse } from "../../../../src/host/machine/processTree.ts";

const look = (pid: number, parentPid: number, ownMs: number, reapedMs = 0, memoryBytes = 0): ProcessLook => ({
  pid,
  startedAt: pid,
  parentPid,
  ownMs,
  reapedMs,
  memoryBytes,
  peakMemoryBytes: memoryBytes,
});
const after = (...looks: readonly (readonly ProcessLook[])[]): TreeUse => looks.reduce(lookAgain, nothingUsed);

describe("the time of a tree of processes", () => {
  it("counts a child once, while it runs and after its parent has waited for it", () => {
    const use = after([look(1, 0, 10), look(2, 1, 40)], [look(1, 0, 20, 70)]);
    expect(use.cpuMs).toBe(90);
  });

  it("counts a child that came and went between two looks", () => {
    expect(after([look(1, 0, 10)], [look(1, 0, 10, 500)]).cpuMs).toBe(510);
  });

  it("keeps what was seen of a process for which nobody in the tree waited", () => {
    expect(after([look(1, 0, 10), look(2, 1, 40)], [look(1, 0, 10)]).cpuMs).toBe(50);
    expect(after([look(1, 0, 10)], []).cpuMs).toBe(10);
  });

  it("takes a grandchild's time off where it arrives, through a parent that has ended, too", () => {
    const before = [look(1, 0, 10), look(2, 1, 5), look(3, 2, 40)];
    expect(after(before, [look(1, 0, 10, 60)]).cpuMs).toBe(70);
  });

  it("counts a later process of the same number as another one", () => {
    const reborn = { ...look(2, 1, 30), startedAt: 99 };
    expect(after([look(1, 0, 0), look(2, 1, 40)], [look(1, 0, 0, 40), reborn]).cpuMs).toBe(70);
  });

  it("has the most memory that was held together, or by one process at any time", () => {
    expect(after([look(1, 0, 0, 0, 5), look(2, 1, 0, 0, 6)], [look(1, 0, 0, 0, 2)])).toMatchObject({
      peakMemoryBytes: 11,
      memoryBytes: 2,
    });
    expect(after([{ ...look(1, 0, 0, 0, 2), peakMemoryBytes: 50 }]).peakMemoryBytes).toBe(50);
  });

  it("is what a kernel would say, whatever is looked at when", () => {
    const step = fc.record({ kind: fc.constantFrom("work", "fork", "end", "look"), which: fc.nat(20), ms: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kernel = new Kernel();
        let use = nothingUsed;
        for (const { kind, which, ms } of steps) {
          if (kind === "look") use = lookAgain(use, kernel.looks());
          else kernel.do(kind, which, ms);
        }
        use = lookAgain(use, kernel.looks());
        expect(use.cpuMs).toBe(kernel.spentMs);
      }),
      { numRuns: 500 },
    );
  });
});

/** Processes whose parents wait for them at once; the first never ends, and children of one that ended are its. */
class Kernel {
  spentMs = 0;
  #lastPid = 1;
  #processes = [{ pid: 1, parentPid: 0, ownMs: 0, reapedMs: 0 }];

  do(kind: string, which: number, ms: number): void {
    const process = this.#processes[which % this.#processes.length];
    if (!process) return;
    if (kind === "work") {
      process.ownMs += ms;
      this.spentMs += ms;
    } else if (kind === "fork") {
      this.#lastPid += 1;
      this.#processes.push({ pid: this.#lastPid, parentPid: process.pid, ownMs: 0, reapedMs: 0 });
    } else if (process.pid !== 1) {
      const isLeaf = this.#processes.every(({ parentPid }) => parentPid !== process.pid);
      const parent = this.#processes.find(({ pid }) => pid === process.parentPid);
      if (!isLeaf || !parent) return;
      parent.reapedMs += process.ownMs + process.reapedMs;
      this.#processes = this.#processes.filter((each) => each !== process);
    }
  }

  looks(): ProcessLook[] {
    return this.#processes.map(({ pid, parentPid, ownMs, reapedMs }) => look(pid, parentPid, ownMs, reapedMs));
  }
}
