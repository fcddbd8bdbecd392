import { describe, expect, it } from "vitest";
import { initialStates, parseNewSession } from "../../../../src/host/sessions/newSession.ts";
import { refsOf } from "../../../../src/host/sessions/sessionRefs.ts";
import { summaryOf } from "../../../../src/host/sessions/sessionSummary.ts";
import { fleetMetaOf } from "../../../../src/protocol/fleet.ts";

const channel = "ahp-session:/12345678";
const rules = {
  agents: [{ provider: "sample", displayName: "Sample agent", description: "", models: [] }],
  allowLocal: [],
  isolation: "none" as const,
};

function made(config: Record<string, unknown>) {
  const wanted = parseNewSession({ channel, config: { repository: "https://git.example/a.git", ...config } }, rules);
  const at = { createdAt: "2026-01-01T00:00:00.000Z", isolation: "none" as const, owner: "ann" };
  const states = initialStates(refsOf(channel), wanted, at);
  return { ...states, summary: summaryOf({ ...states, changes: undefined }) };
}

describe("a session that is asked for", () => {
  it("has its limits from its first moment", () => {
    const { fleet } = made({ priority: "high", budgetUsd: 5, timeLimitMinutes: 30 });
    expect(fleet).toMatchObject({
      priority: "high",
      spend: { budgetUsd: 5 },
      time: { workedMs: 0, limitMinutes: 30 },
    });
    expect(made({}).fleet).not.toHaveProperty("time");
  });

  it("knows which attempt of a group it is, and tells it in the list", () => {
    const group = { id: "g-1", index: 2, count: 3 };
    const { fleet, summary } = made({ group });
    expect(fleet.group).toEqual(group);
    expect(fleetMetaOf(summary)?.group).toEqual(group);
    expect(fleetMetaOf(made({}).summary)).not.toHaveProperty("group");
  });

  it.each([
    [{ timeLimitMinutes: 0 }, /time limit is a number of minutes/],
    [{ budgetUsd: -1 }, /more than \$0/],
    [{ group: { id: "a b", index: 1, count: 2 } }, /A group has an id/],
    [{ group: { id: "g", index: 3, count: 2 } }, /A group has an id/],
    [{ group: { id: "g", index: 1, count: 21 } }, /at most 20/],
  ])("is refused with %j, before anything is made", (config, sentence) => {
    expect(() => made(config)).toThrow(sentence);
  });
});
