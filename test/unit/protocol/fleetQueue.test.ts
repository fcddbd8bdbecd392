import { describe, expect, it } from "vitest";
import { refusal } from "../../../src/host/channels/policy.ts";
import { parseAction } from "../../../src/protocol/actions.ts";
import { initialFleetSession, reduceFleetSession } from "../../../src/protocol/fleet.ts";

const state = initialFleetSession({
  type: "x-fleet/created",
  session: "ahp-session:/s-1",
  provider: "codex",
  createdAt: "2026-01-01T00:00:00Z",
  repository: "https://git.example/a/b",
  isolation: "none",
  phase: "queued",
});

describe("what a session waits for and how long it works", () => {
  it("is folded from its actions", () => {
    const queue = { position: 2, reason: "one agent works, the limit of this host", ticket: 7 };
    const actions = [
      { type: "x-fleet/phaseChanged", phase: "queued", queue },
      { type: "x-fleet/priorityChanged", priority: "high" },
      { type: "x-fleet/timeUsed", ms: 1_000 },
      { type: "x-fleet/timeUsed", ms: 500 },
      { type: "x-fleet/timeLimitChanged", minutes: 30 },
      { type: "x-fleet/agentChanged", agent: "asleep" },
    ] as const;
    const folded = actions.reduce(reduceFleetSession, state);
    expect(folded).toMatchObject({
      queue,
      priority: "high",
      time: { workedMs: 1_500, limitMinutes: 30 },
      agent: "asleep",
    });
    const again = reduceFleetSession(folded, { type: "x-fleet/timeLimitChanged" });
    expect(again.time).toEqual({ workedMs: 1_500 });
    expect(reduceFleetSession(again, { type: "x-fleet/agentChanged", agent: "asleep" })).toBe(again);
  });

  it("is for clients to set as far as it is a priority or a number of minutes", () => {
    const origin = { principal: "owner", clientId: "c", clientSeq: 1 };
    const may = (value: object) => {
      const parsed = parseAction(value);
      return parsed.ok ? refusal("fleetSession", state, parsed.value, origin) : parsed.error;
    };
    expect(may({ type: "x-fleet/priorityChanged", priority: "low" })).toBeUndefined();
    expect(may({ type: "x-fleet/priorityChanged", priority: "urgent" })).toBe(
      "A priority is one of low, normal, high.",
    );
    expect(may({ type: "x-fleet/timeLimitChanged", minutes: 90 })).toBeUndefined();
    expect(may({ type: "x-fleet/timeLimitChanged" })).toBeUndefined();
    expect(may({ type: "x-fleet/timeLimitChanged", minutes: 0 })).toMatch(/^A time limit is a number of minutes/);
    expect(may({ type: "x-fleet/timeLimitChanged", minutes: "all" })).toBeDefined();
    expect(may({ type: "x-fleet/timeUsed", ms: -1_000 })).toBe("Only the host may do this.");
    expect(may({ type: "x-fleet/agentChanged", agent: "awake" })).toBe("Only the host may do this.");
  });
});
