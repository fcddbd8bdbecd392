import { describe, expect, it } from "vitest";
import type { AgentDetails } from "../../../../src/extension/fleet/agentDetails.ts";
import type { FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import { agentHover, type HoverFacts, hoverLines } from "../../../../src/extension/tree/agentHover.ts";
import type { FleetSessionState } from "../../../../src/protocol/fleet.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";

const facts = (agent: Partial<FleetAgent>, others: Partial<HoverFacts> = {}): HoverFacts => ({
  agent: aFleetAgent(agent),
  details: undefined,
  hostName: "farm",
  agentName: undefined,
  parentTitle: undefined,
  titleOf: () => undefined,
  ...others,
});
const lines = (agent: Partial<FleetAgent>, others: Partial<HoverFacts> = {}) =>
  Object.fromEntries(hoverLines(facts(agent, others), nowMs));

const fleet: FleetSessionState = {
  session: "ahp-session:/1",
  provider: "sample",
  createdAt: "2026-01-01T00:00:00Z",
  repository: "https://github.com/acme/widgets",
  isolation: "bubblewrap",
  isolationLacks: ["no limit of memory"],
  phase: "queued",
  agent: "asleep",
  queue: { position: 2, reason: "4 agents work, the limit of this host" },
  checkpoints: [],
  usage: { inputTokens: 0, outputTokens: 0 },
  spend: { turns: [], budgets: [], budgetUsd: 5, machine: { wallMs: 720_000 } },
};
const details: AgentDetails = { prompt: "Fix <b>it</b>", model: "opus", fleet, forecast: undefined };
const pullRequest = { url: "https://github.com/acme/widgets/pull/7", number: 7, state: "open" } as const;
const changes = { additions: 120, deletions: 14, files: 3 };

describe("an agent's hover", () => {
  it("tells what the row knows, without empty lines", () => {
    const told = lines({ branch: "agent/x", baseBranch: "main", changes, pullRequest });
    expect(told).toMatchObject({
      State: "working",
      Branch: "agent/x from main",
      Agent: "sample",
      Host: "farm",
      Isolation: "bubblewrap",
      Changes: "3 files, +120 −14",
      "Pull request": "#7",
      "Last event": "3m ago",
      Seen: "live",
    });
    expect(Object.keys(told)).not.toContain("Spent");
    expect(Object.keys(told)).not.toContain("Conflicts");
  });

  it("tells what only the host knows: model, budget, queue, checkpoints, machine time", () => {
    const agent = {
      queuePosition: 2,
      spend: 0.42,
      conflicts: 1,
      openComments: 3,
      group: { id: "g", index: 1, count: 3 },
    };
    expect(lines(agent, { details, parentTitle: "Plan it", agentName: "Sample agent" })).toMatchObject({
      Agent: "Sample agent, opus",
      Queue: "2nd, 4 agents work, the limit of this host",
      Spent: "$0.42 of $5.00",
      Checkpoints: "0",
      Conflicts: "cannot be merged with one other branch",
      Review: "3 comments open",
      "Machine time": "12m",
      Isolation: "bubblewrap, no limit of memory",
      "Comes from": "Plan it",
      Process: "asleep, the next message wakes it",
      Attempt: "1 of 3",
    });
  });

  it("tells where its branch meets which others, and how far its base has moved", () => {
    const own = {
      session: "ahp-session:/1",
      branch: "agent/x",
      head: "h",
      baseBranch: "main",
      baseHead: "b",
      behind: 3,
    };
    const met = { files: ["a.ts"], fileCount: 1 };
    const forecast = {
      repository: "github.com/acme/widgets",
      branches: [{ ...own, overlap: "sameFile" as const, ...met }],
      pairs: [
        {
          first: "ahp-session:/0",
          second: own.session,
          overlap: "sameHunk" as const,
          files: ["b.ts", "c.ts"],
          fileCount: 9,
        },
        { first: own.session, second: "ahp-session:/2", overlap: "conflict" as const, ...met },
        { first: "ahp-session:/0", second: "ahp-session:/2", overlap: "conflict" as const, ...met },
      ],
      mergeOrder: [],
      at: "2026-01-01T00:00:00Z",
    };
    const titleOf = (session: string) => (session === "ahp-session:/2" ? "Add\ntests" : undefined);
    const told = lines({ conflicts: 1 }, { details: { ...details, forecast }, titleOf });
    expect(told).toMatchObject({
      Overlaps:
        "conflict with Add tests in a.ts; same lines as another agent in b.ts and 8 more; same file as its base: a.ts",
      Base: "3 commits behind main",
    });
    expect(told["Conflicts"]).toBeUndefined();
  });

  it("says how old it is, and what it means that an agent is not confined", () => {
    const told = lines({ isolation: "none", freshness: { live: false, heardAt: nowMs - 180_000 } });
    expect(told).toMatchObject({ Seen: "as of 3m ago" });
    expect(told["Isolation"]).toContain("rights of the host's account");
  });

  it("shows texts of agents and hosts as they are: no link, no image, no html", () => {
    const hostile = "[x](command:a) ![y](https://e.example) <img src=z> `q` | $(trash)";
    const card = agentHover(
      facts({ title: hostile, activity: hostile }, { details: { ...details, prompt: hostile } }),
      nowMs,
    );
    expect(card.isTrusted).toBe(false);
    expect(card.value).not.toMatch(/\]\(|<img|`|\$\(|https:\/\//);
    expect(card.value.split("\n").filter((line) => line.startsWith("| State")).length).toBe(1);
  });
});
