import { describe, expect, it } from "vitest";
import { TreePace, treeGapMs } from "../../../../src/extension/tree/treePace.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

/** A tree's pace, and when VS Code drew what it told of: at once, or later where it was told too often. */
function aPace() {
  const clock = new FakeClock();
  const start = clock.now();
  const drawnAt: number[] = [];
  let quiet: { dispose(): void } | undefined;
  let told = 0;
  const tell = () => {
    const pass = () => drawnAt.push(clock.now() - start);
    told++;
    if (quiet === undefined) pass();
    quiet?.dispose();
    quiet = clock.setTimeout(() => {
      quiet = undefined;
      if (told > 1) pass();
      told = 0;
    }, 200);
  };
  const pace: TreePace = new TreePace(clock, () => {
    tell();
    pace.drawn();
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
    expect(drawnAt).toEqual([0, 200, 400, 600, 800, 1000]);
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
