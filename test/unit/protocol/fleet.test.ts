import { describe, expect, it } from "vitest";
import { fleetAdvertisementOf, fleetMetaOf, initialFleetSession } from "../../../src/protocol/fleet.ts";
import { anAction, aState, fold, session } from "./builders.ts";

const checkpoint = (n: number) => ({
  id: String(n),
  turnId: `t${n}`,
  commit: `c${n}`,
  tree: `tree${n}`,
  createdAt: "2026-01-01T00:00:00.000Z",
  files: 1,
  additions: 2,
  deletions: 0,
});
const added = (n: number) => ({ type: "x-fleet/checkpointAdded", checkpoint: checkpoint(n) });

describe("the fleet channel of a session", () => {
  it("starts with the fields of its first action", () => {
    const created = anAction({
      type: "x-fleet/created",
      session,
      provider: "sample",
      createdAt: "2026-01-01T00:00:00.000Z",
      repository: "https://git.example/a.git",
      isolation: "bubblewrap",
      phase: "queued",
      queue: { position: 1 },
    });
    if (created.type !== "x-fleet/created") throw new Error("not recognised");
    const state = initialFleetSession(created);
    expect(state).toMatchObject({
      session,
      phase: "queued",
      checkpoints: [],
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    expect(state).not.toHaveProperty("type");
    expect(fold("fleetSession", state, { ...created })).toBe(state);
  });

  it("forgets queue and stage with the phase that they described", () => {
    const queued = aState("fleetSession");
    const cloning = fold("fleetSession", queued, {
      type: "x-fleet/phaseChanged",
      phase: "provisioning",
      stage: "Cloning",
    });
    expect(cloning).not.toHaveProperty("queue");
    const ready = fold("fleetSession", cloning, { type: "x-fleet/phaseChanged", phase: "ready" });
    expect(ready).not.toHaveProperty("stage");
  });

  it("has the last checkpoint as its head", () => {
    const state = fold("fleetSession", aState("fleetSession"), added(1), added(2), added(2));
    expect(state.head).toBe("c2");
    expect(state.checkpoints.map(({ id }) => id)).toEqual(["1", "2"]);
  });

  it("adds usage up, and knows no cost until one is told", () => {
    const used = { type: "x-fleet/usageAdded", inputTokens: 10, outputTokens: 5 };
    const free = fold("fleetSession", aState("fleetSession"), used, used);
    expect(free.usage).toEqual({ inputTokens: 20, outputTokens: 10 });
    const paid = fold("fleetSession", free, { type: "x-fleet/usageAdded", costUsd: 0.25 }, used);
    expect(paid.usage).toEqual({ inputTokens: 30, outputTokens: 15, costUsd: 0.25 });
  });

  it("remembers workspace, conversation and push", () => {
    const state = fold(
      "fleetSession",
      aState("fleetSession"),
      { type: "x-fleet/workspaceReady", branch: "agent/x-12345678", baseBranch: "main", baseCommit: "b0" },
      { type: "x-fleet/agentSession", agentSessionId: "conv" },
      { type: "x-fleet/pushed", branch: "agent/x-12345678", commit: "p1", at: "2026-01-01T00:00:00.000Z" },
      { type: "x-fleet/disposed" },
    );
    expect(state).toMatchObject({
      baseCommit: "b0",
      agentSessionId: "conv",
      pushed: { commit: "p1" },
      phase: "disposed",
    });
    expect(state).not.toHaveProperty("queue");
  });
});

describe("fleet facts elsewhere", () => {
  it("are read from a summary, and are none where they cannot be", () => {
    const facts = { phase: "working", repository: "https://git.example/a.git", needs: "review", later: 1 };
    expect(fleetMetaOf({ _meta: { muster: facts } })).toEqual(facts);
    expect(fleetMetaOf({})).toBeUndefined();
    expect(fleetMetaOf({ _meta: { muster: { phase: 5, repository: "r" } } })).toBeUndefined();
  });

  it("tell one of our hosts from another", () => {
    const told = { version: 1, epoch: "e", methods: [], channels: ["x-fleet-session:"], isolation: "none" };
    expect(fleetAdvertisementOf({ _meta: { muster: told } })).toEqual(told);
    expect(fleetAdvertisementOf({ _meta: { hostBuild: {} } })).toBeUndefined();
  });
});
