import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  beginTurn,
  endTurn,
  initialMapState,
  type MapState,
  mapTokens,
  mapUpdate,
  takeUp,
} from "../../../../../src/host/providers/acp/mapUpdate.ts";

/** A process of an agent, which tells running totals. */
class AgentTold {
  state: MapState;
  spent = 0;
  byTurn = new Map<string | undefined, number>();

  constructor(earlier?: number) {
    const state = initialMapState("s", "/w");
    this.state = earlier === undefined ? state : takeUp(state, earlier);
  }

  turn(id: string): this {
    this.state = beginTurn(endTurn(this.state, true, 0).state, id);
    return this;
  }

  end(): this {
    this.state = endTurn(this.state, true, 0).state;
    return this;
  }

  says(amount: number): this {
    const cost = { amount, currency: "USD" };
    const { state, events } = mapUpdate(this.state, { sessionUpdate: "usage_update", cost }, 0);
    this.state = state;
    for (const event of events) {
      if (event.channel !== "usage") continue;
      this.spent += event.costUsd ?? 0;
      this.byTurn.set(event.turnId, (this.byTurn.get(event.turnId) ?? 0) + (event.costUsd ?? 0));
      expect(event.conversationCostUsd).toBe(amount);
    }
    return this;
  }
}

describe("the running total of a conversation that is taken up again", () => {
  it("counts what is new, and nothing twice", () => {
    expect(new AgentTold(2).turn("a").says(2.5).spent).toBeCloseTo(0.5);
    expect(new AgentTold(2).turn("a").says(2).spent).toBe(0);
  });

  it("counts all of a total that the new process has begun anew", () => {
    expect(new AgentTold(2).turn("a").says(0.25).says(0.75).spent).toBeCloseTo(0.75);
  });

  it("counts what an earlier process spent and could not tell, as no turn's", () => {
    const agent = new AgentTold(2).says(2.5);
    expect(Array.from(agent.byTurn)).toEqual([[undefined, 0.5]]);
    expect(agent.turn("a").says(3).byTurn.get("a")).toBeCloseTo(0.5);
  });

  it("goes on from where a replayed total says that the conversation stands", () => {
    expect(new AgentTold(2).says(1.5).turn("a").says(1.75).spent).toBeCloseTo(0.25);
  });

  it("counts what is told a moment after the answer as that turn's", () => {
    const agent = new AgentTold().turn("a").end().says(0.5);
    expect(Array.from(agent.byTurn)).toEqual([["a", 0.5]]);
  });

  it("counts nothing when messages are taken back", () => {
    expect(new AgentTold().turn("a").says(2).says(1).says(1.5).spent).toBeCloseTo(2.5);
  });

  it("turns out to be begun anew when the turn's tokens cannot have cost so little", () => {
    const earlier = { costUsd: 0.07, spentUsd: 0.07, tokens: { inputTokens: 23_000, outputTokens: 20 } };
    const tokens = [{ tokens: { inputTokens: 22_000, outputTokens: 20 } }];
    const costOf = (total: number, spent = earlier) => {
      const { state } = new AgentTold(0.07).turn("a").says(total);
      const { state: after, events } = mapTokens(state, tokens, false, spent);
      const missed = events.flatMap((event) => (event.channel === "usage" ? [event.costUsd ?? 0] : []));
      expect(mapTokens(after, [], false, spent).events).toEqual([]);
      return (state.turn?.costUsd ?? 0) + missed.reduce((sum, usd) => sum + usd, 0);
    };
    expect(costOf(0.071)).toBeCloseTo(0.071);
    expect(costOf(0.138)).toBeCloseTo(0.068);
    // Most of a long conversation is read from the cache.
    const cached = { ...earlier, tokens: { ...earlier.tokens, cachedReadTokens: 50_000 } };
    expect(costOf(0.138, cached)).toBeCloseTo(0.068);
    expect(costOf(0.071, { ...earlier, tokens: { inputTokens: 0, outputTokens: 0 } })).toBeCloseTo(0.001);
  });

  it("adds up to what the conversation has cost, over any number of processes", () => {
    const costs = fc.array(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 5 }), { maxLength: 5 });
    fc.assert(
      fc.property(costs, (processes) => {
        let total = 0;
        let told: number | undefined;
        let spent = 0;
        for (const [index, turnCosts] of processes.entries()) {
          const agent = new AgentTold(told).turn(`t${index}`);
          for (const cost of turnCosts) agent.says((total += cost));
          spent += agent.spent;
          told = agent.state.costUsd;
        }
        expect(spent).toBe(total);
      }),
    );
  });
});
