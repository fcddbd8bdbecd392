import { describe, expect, it } from "vitest";
import { addSpend, maxTurnsKept, spendGrowth } from "../../../src/protocol/fleetSpend.ts";
import { channelKind } from "../../../src/protocol/reduce.ts";
import { fleetSpendUri, parseFleetSpendUri } from "../../../src/protocol/uris.ts";
import { aState, fold, session } from "./builders.ts";

const used = (more: object) => ({ type: "x-fleet/usageAdded", ...more });
const worked = (more: object) => ({ type: "x-fleet/machineUsed", ...more });

describe("what a session used", () => {
  it("is kept for each turn, with both kinds apart", () => {
    const state = fold(
      "fleetSession",
      aState("fleetSession"),
      used({ turnId: "t1", model: "m", costUsd: 0.5, costSource: "agent", conversationCostUsd: 0.5 }),
      used({ turnId: "t1", inputTokens: 10, outputTokens: 5, cachedReadTokens: 3 }),
      worked({ turnId: "t1", cpuMs: 20, wallMs: 30, peakMemoryBytes: 7, source: "cgroup" }),
      worked({ turnId: "t1", cpuMs: 5, wallMs: 10, peakMemoryBytes: 6, endsTurn: true }),
    );
    expect(state.usage).toEqual({ turns: 1, inputTokens: 10, outputTokens: 5, cachedReadTokens: 3, costUsd: 0.5 });
    expect(state.spend).toEqual({
      turns: [
        {
          turnId: "t1",
          model: "m",
          inputTokens: 10,
          outputTokens: 5,
          cachedReadTokens: 3,
          costUsd: 0.5,
          costSource: "agent",
          cpuMs: 25,
          wallMs: 40,
          peakMemoryBytes: 7,
          machineSource: "cgroup",
        },
      ],
      budgets: [],
      conversationCostUsd: 0.5,
      machine: { cpuMs: 25, wallMs: 40, peakMemoryBytes: 7 },
    });
  });

  it("counts the turns of which nobody knows the cost, until somebody does", () => {
    const ended = worked({ turnId: "t1", wallMs: 1, endsTurn: true });
    const once = fold("fleetSession", aState("fleetSession"), ended);
    expect(once.usage).toMatchObject({ turns: 1, unpricedTurns: 1 });
    expect(fold("fleetSession", once, ended).usage).toMatchObject({ turns: 1, unpricedTurns: 1 });
    const priced = fold("fleetSession", once, used({ turnId: "t1", costUsd: 0, costSource: "prices" }));
    expect(priced.usage).toMatchObject({ turns: 1, unpricedTurns: 0, costUsd: 0, computedUsd: 0 });
  });

  it("keeps the latest turns alone, and the totals of all", () => {
    const turns = Array.from({ length: maxTurnsKept + 5 }, (_, index) => used({ turnId: `t${index}`, costUsd: 1 }));
    const state = fold("fleetSession", aState("fleetSession"), ...turns);
    expect(state.spend?.turns).toHaveLength(maxTurnsKept);
    expect(state.spend?.turns[0]?.turnId).toBe("t5");
    expect(state.usage).toMatchObject({ turns: maxTurnsKept + 5, costUsd: maxTurnsKept + 5 });
  });

  it("of a conversation is forgotten with the conversation", () => {
    const state = fold("fleetSession", aState("fleetSession"), used({ conversationCostUsd: 3 }));
    expect(state.spend?.conversationCostUsd).toBe(3);
    const other = fold("fleetSession", state, { type: "x-fleet/agentSession", agentSessionId: "other" });
    expect(other.spend?.conversationCostUsd).toBeUndefined();
  });

  it("grows by what was added, and a known nothing is not nothing known", () => {
    const before = aState("fleetSession");
    const after = fold(
      "fleetSession",
      before,
      used({ turnId: "t1", costUsd: 0, inputTokens: 4 }),
      worked({ wallMs: 2 }),
    );
    expect(spendGrowth(before, after)).toEqual({ turns: 1, inputTokens: 4, costUsd: 0, wallMs: 2 });
    expect(spendGrowth(after, after)).toBeUndefined();
    expect(addSpend({ costUsd: 1, peakMemoryBytes: 5 }, { peakMemoryBytes: 3 })).toEqual({
      costUsd: 1,
      peakMemoryBytes: 5,
    });
  });
});

describe("a budget of a session", () => {
  it("is told of by scope, pauses the session, and lets one turn go past it", () => {
    const share = { scope: "fleet", limitUsd: 10, spentUsd: 8, period: "2026-11", percent: 80 };
    const pause = {
      scope: "session",
      limitUsd: 1,
      spentUsd: 2,
      turnId: "t1",
      requestId: "q",
      at: "2026-01-01T00:00:00.000Z",
    };
    const paused = fold(
      "fleetSession",
      aState("fleetSession"),
      { type: "x-fleet/budgetSet", usd: 1 },
      { type: "x-fleet/budgetReached", ...share },
      { type: "x-fleet/budgetReached", ...share, percent: 100 },
      { type: "x-fleet/paused", ...pause },
    );
    expect(paused.spend).toEqual({ turns: [], budgetUsd: 1, budgets: [{ ...share, percent: 100 }], paused: pause });
    const resumed = (decision: string) => fold("fleetSession", paused, { type: "x-fleet/resumed", decision }).spend;
    expect(resumed("once")).toMatchObject({ onceMoreTurn: "t1" });
    expect(resumed("raise")).not.toHaveProperty("paused");
    expect(resumed("raise")).not.toHaveProperty("onceMoreTurn");
  });
});

describe("the ledger's channel of a day", () => {
  const row = { session, repository: "https://git.example/a", user: "ann", model: "m", costUsd: 1 };

  it("adds what the same session used of the same model", () => {
    const state = fold(
      "fleetSpend",
      aState("fleetSpend"),
      { type: "x-fleet/spent", row },
      { type: "x-fleet/spent", row: { ...row, cpuMs: 5 } },
      { type: "x-fleet/spent", row: { ...row, model: "n" } },
      { type: "x-fleet/budgetRaised", scope: "fleet", key: "", usd: 5 },
    );
    expect(state.rows).toEqual([
      { ...row, costUsd: 2, cpuMs: 5 },
      { ...row, model: "n" },
    ]);
    expect(state.raised).toEqual([{ scope: "fleet", key: "", usd: 5 }]);
  });

  it("has the day or the month as its address", () => {
    expect(channelKind(fleetSpendUri("2026-11-23"))).toBe("fleetSpend");
    expect(parseFleetSpendUri(fleetSpendUri("2026-11"))).toBe("2026-11");
    expect(parseFleetSpendUri("x-fleet-spend:/2026-11-23/x")).toBeUndefined();
  });
});
