import { describe, expect, it } from "vitest";
import { TreePace, treeGapMs } from "../../../../src/extension/tree/treePace.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

function aPace() {
  const clock = new FakeClock();
  const start = clock.now();
  const drawnAt: number[] = [];
  const pace: TreePace = new TreePace(clock, () => {
    pace.drawn();
    drawnAt.push(clock.now() - start);
  });
  return { clock, pace, drawnAt };
}

describe("the pace of a tree", () => {
  it("keeps up with changes that never end", async () => {
    const { clock, pace, drawnAt } = aPace();
    for (let ms = 0; ms < 1000; ms += 10) {
      pace.soon();
      await clock.advance(10);
    }
    expect(drawnAt).toEqual([0, 1, 2, 3, 4].map((index) => index * treeGapMs));
  });

  it("counts what was drawn without waiting", async () => {
    const { clock, pace, drawnAt } = aPace();
    await clock.advance(50);
    pace.drawn();
    pace.soon();
    await clock.advance(1000);
    expect(drawnAt).toEqual([50 + treeGapMs]);
  });

  it("waits longer for what can wait, and for that no longer than for anything else", async () => {
    const { clock, pace, drawnAt } = aPace();
    pace.drawn();
    pace.soon(2000);
    await clock.advance(treeGapMs + 100);
    expect(drawnAt).toEqual([]);
    pace.soon();
    pace.soon(2000);
    await clock.advance(0);
    expect(drawnAt).toEqual([treeGapMs + 100]);
    await clock.advance(5000);
    expect(drawnAt).toHaveLength(1);
  });

  it("draws nothing once it is over", async () => {
    const { clock, pace, drawnAt } = aPace();
    pace.soon();
    pace.dispose();
    await clock.advance(1000);
    expect(drawnAt).toEqual([]);
  });
});
