import { describe, expect, it } from "vitest";
import { aState, fold } from "./builders.ts";

const checkpoint = (n: number, tree: string, files = 1) => ({
  id: String(n),
  turnId: `t${n}`,
  commit: `c${n}`,
  tree,
  createdAt: "2026-01-01T00:00:00.000Z",
  files,
  additions: 2,
  deletions: 0,
});
const added = (n: number, tree: string, files?: number) => ({
  type: "x-fleet/checkpointAdded",
  checkpoint: checkpoint(n, tree, files),
});

describe("the checkpoints of a session", () => {
  it("move the head only when the files are others: a turn that talked leaves a review as it is", () => {
    const talked = fold("fleetSession", aState("fleetSession"), added(1, "base", 0));
    expect(talked).not.toHaveProperty("head");
    const worked = fold("fleetSession", talked, added(2, "a"));
    expect(worked.head).toBe("c2");
    expect(fold("fleetSession", worked, added(3, "a")).head).toBe("c2");
    const back = fold("fleetSession", worked, added(3, "a"), added(4, "base", 0));
    expect(back.head).toBe("c4");
  });

  it("are given up by their ids, and the head stays what it was", () => {
    const all = fold("fleetSession", aState("fleetSession"), added(1, "a"), added(2, "b"), added(3, "b"));
    const fewer = fold("fleetSession", all, { type: "x-fleet/checkpointsDropped", ids: ["1", "2", "9"] });
    expect(fewer.checkpoints.map(({ id }) => id)).toEqual(["3"]);
    expect(fewer.head).toBe("c2");
    // What comes next is compared with what is left.
    expect(fold("fleetSession", fewer, added(4, "c")).head).toBe("c4");
  });

  it("are being restored until that has ended, and what the agent does not know waits until it is told", () => {
    const began = { type: "x-fleet/restoreBegan", checkpoint: "1", safety: "2" };
    const during = fold("fleetSession", aState("fleetSession"), began);
    expect(during.restoring).toEqual({ checkpoint: "1", safety: "2" });
    const failed = fold("fleetSession", during, { type: "x-fleet/restoreEnded" });
    expect(failed).not.toHaveProperty("restoring");
    expect(failed).not.toHaveProperty("untold");
    const ended = (note: string) => ({ type: "x-fleet/restoreEnded", note });
    const twice = fold("fleetSession", during, ended("one"), began, ended("two"));
    expect(twice.untold).toEqual(["one", "two"]);
    expect(fold("fleetSession", twice, { type: "x-fleet/agentTold" })).not.toHaveProperty("untold");
  });

  it("may stand on another base than those before, which the agent is told", () => {
    const state = aState("fleetSession", { baseCommit: "b1", untold: ["one"] });
    const moved = fold("fleetSession", state, { type: "x-fleet/baseChanged", baseCommit: "b2", note: "two" });
    expect(moved).toMatchObject({ baseCommit: "b2", untold: ["one", "two"] });
  });

  it("tell where a copy came from, and what became of its conversation", () => {
    const forkedFrom = { session: "ahp-session:/s", checkpoint: "1", turnId: "t1" };
    const copy = aState("fleetSession", { forkedFrom });
    const taken = { type: "x-fleet/conversationTaken", conversation: "transcript" };
    expect(fold("fleetSession", copy, taken).forkedFrom).toEqual({ ...forkedFrom, conversation: "transcript" });
    const own = aState("fleetSession");
    expect(fold("fleetSession", own, taken)).toBe(own);
  });
});
