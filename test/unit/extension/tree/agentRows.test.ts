import { describe, expect, it } from "vitest";
import { agentMatcher, isUnread, noFilter } from "../../../../src/extension/fleet/agentFilter.ts";
import type { FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { groupNodeOf } from "../../../../src/extension/tree/groupNode.ts";
import { highlightsOf } from "../../../../src/extension/tree/highlights.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";

const passes = (filter: Partial<typeof noFilter>, agent: Partial<FleetAgent> = {}) =>
  agentMatcher({ ...noFilter, ...filter }, () => "farm")(aFleetAgent({ branch: "agent/fix", ...agent }));

describe("the filter of agents", () => {
  it("looks for every word in title, repository, branch, agent, pull request and host", () => {
    for (const text of ["parser FIX", "acme", "agent/fix", "sample", "farm wid", ""]) {
      expect(passes({ text }), text).toBe(true);
    }
    expect(passes({ text: "parser nowhere" })).toBe(false);
    const pullRequest = { url: "https://github.com/a/b/pull/7", number: 7, state: "open" } as const;
    expect(passes({ text: "#7" }, { pullRequest })).toBe(true);
  });

  it("lets through any of the ticked states, and the unread alone if that is asked", () => {
    expect(passes({ states: ["failed", "working"] })).toBe(true);
    expect(passes({ states: ["failed", "review"] })).toBe(false);
    expect(passes({ isUnread: true }, { attention: "review", isRead: false })).toBe(true);
    expect(passes({ isUnread: true }, { attention: "review", isRead: true })).toBe(false);
  });

  it("counts as unread what came to rest", () => {
    const unread = (changes: Partial<FleetAgent>) => isUnread(aFleetAgent({ isRead: false, ...changes }));
    expect([
      unread({ attention: "review" }),
      unread({ attention: "needsYou" }),
      unread({ attention: "working" }),
      unread({ attention: "done", isArchived: true }),
    ]).toEqual([true, true, false, false]);
  });
});

describe("words that are marked in a label", () => {
  it("are found wherever they stand, once where they overlap", () => {
    expect(highlightsOf("Fix the fixture", ["fix", "xtu"])).toEqual([
      [0, 3],
      [8, 13],
    ]);
    expect(highlightsOf("Fix", [])).toEqual([]);
    expect(highlightsOf("İx", ["x"])).toEqual([]);
  });
});

describe("a group's row", () => {
  it("counts its agents, and who needs somebody where its name does not say it", () => {
    const group = { agents: 3, needing: 1, connection: undefined };
    expect(groupNodeOf({ ...group, grouping: "attention", id: "needsYou" }, nowMs)).toEqual({
      label: "Needs you",
      description: "3",
      isCollapsed: false,
      spoken: "Needs you, 3 agents",
    });
    expect(groupNodeOf({ ...group, grouping: "repository", id: "acme/$(x)" }, nowMs)).toMatchObject({
      label: "acme/$\u200b(x)",
      description: "3 · 1 needs you",
    });
    expect(groupNodeOf({ ...group, grouping: "attention", id: "archived" }, nowMs).isCollapsed).toBe(true);
  });
});
