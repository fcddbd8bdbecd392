import { describe, expect, it } from "vitest";
import type { ChangesetState } from "../../../../src/protocol/changeset.ts";
import { fleetMetaOf, type FleetSessionState } from "../../../../src/protocol/fleet.ts";
import { SessionSummary } from "../../../../src/protocol/methods.ts";
import type { SessionState } from "../../../../src/protocol/sessionState.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { summaryOf } from "../../../../src/host/sessions/sessionSummary.ts";

const at = "2026-01-01T00:00:00.000Z";
const later = "2026-01-01T01:00:00.000Z";

const aSession = (over: Partial<SessionState> = {}): SessionState => ({
  provider: "sample",
  title: "Fix it",
  status: STATUS.idle | STATUS.isRead,
  lifecycle: "ready",
  activeClients: [],
  chats: [{ resource: "c", title: "Fix it", status: STATUS.idle, modifiedAt: later }],
  defaultChat: "c",
  ...over,
});
const aFleet = (over: Partial<FleetSessionState> = {}): FleetSessionState => ({
  session: "ahp-session:/12345678",
  provider: "sample",
  createdAt: at,
  repository: "https://github.com/octo/demo.git",
  baseBranch: "main",
  branch: "agent/fix-it-12345678",
  isolation: "none",
  phase: "ready",
  checkpoints: [],
  usage: { inputTokens: 0, outputTokens: 0 },
  ...over,
});
const changes: ChangesetState = {
  status: "ready",
  files: [
    { id: "a", edit: { diff: { added: 3, removed: 1 } } },
    { id: "b", edit: { diff: { added: 2, removed: 0 } } },
  ],
};
const chatIn = (status: number) => [{ resource: "c", title: "", status, modifiedAt: later }];

function needs(
  session: Partial<SessionState>,
  fleet: Partial<FleetSessionState>,
  changeset: ChangesetState | undefined = changes,
) {
  const summary = summaryOf({ session: aSession(session), fleet: aFleet(fleet), changes: changeset });
  return fleetMetaOf(summary)?.needs;
}

describe("summaryOf", () => {
  it("says where the work stands, in our own words and in VS Code's", () => {
    const summary = summaryOf({ session: aSession(), fleet: aFleet({ head: "f".repeat(40) }), changes });
    expect(SessionSummary.safeParse(summary).success).toBe(true);
    expect(summary).toMatchObject({
      createdAt: at,
      modifiedAt: later,
      changes: { files: 2, additions: 5, deletions: 1 },
      _meta: {
        git: {
          branchName: "agent/fix-it-12345678",
          baseBranchName: "main",
          hasGitHubRemote: true,
          githubOwner: "octo",
        },
        github: { owner: "octo", repo: "demo", pullRequestUrls: [] },
        muster: { phase: "ready", head: "f".repeat(40), needs: "review", isolation: "none" },
      },
    });
  });

  it("tells the cost where the agent told a price, and nothing elsewhere", () => {
    const costOf = (costUsd?: number) =>
      fleetMetaOf(
        summaryOf({
          session: aSession(),
          fleet: aFleet({ usage: { inputTokens: 1, outputTokens: 1, costUsd } }),
          changes: undefined,
        }),
      )?.costUsd;
    expect(costOf(0.25)).toBe(0.25);
    expect(costOf()).toBeUndefined();
  });

  it("tells how much is used of the budget that will be reached first, and that a session waits for more", () => {
    const budgets = [{ scope: "fleet" as const, limitUsd: 100, spentUsd: 80, period: "2026-11", percent: 80 }];
    const factsOf = (spend: FleetSessionState["spend"]) => {
      const fleet = aFleet({ usage: { inputTokens: 0, outputTokens: 0, costUsd: 4.5 }, spend });
      return fleetMetaOf(summaryOf({ session: aSession(), fleet, changes: undefined }));
    };
    expect(factsOf(undefined)).not.toHaveProperty("budgetShare");
    expect(factsOf({ turns: [], budgets })).toMatchObject({ budgetShare: 0.8 });
    expect(factsOf({ turns: [], budgets, budgetUsd: 5 })).toMatchObject({ budgetShare: 0.9 });
    const pause = { scope: "session" as const, limitUsd: 4, spentUsd: 4.5, turnId: "t", requestId: "q", at: "" };
    expect(factsOf({ turns: [], budgets, paused: pause })).toMatchObject({ isPaused: true });
  });

  it("names the session that it began as a copy of, and stays small", () => {
    const forkedFrom = { session: "ahp-session:/87654321", checkpoint: "2", turnId: "t" };
    const summary = summaryOf({ session: aSession(), fleet: aFleet({ forkedFrom }), changes });
    expect(fleetMetaOf(summary)?.forkedFrom).toBe("ahp-session:/87654321");
    expect(JSON.stringify(summary).length).toBeLessThan(1000);
  });

  it("keeps the flags of the session over the activity of its chat", () => {
    const { status } = summaryOf({ session: aSession({ chats: chatIn(STATUS.inProgress) }), fleet: aFleet(), changes });
    expect(status).toBe(STATUS.inProgress | STATUS.isRead);
  });

  const approval = { kind: "toolConfirmation", id: "x", chat: "c", turnId: "t", toolCall: {} } as never;
  const question = { kind: "chatInput", id: "y", chat: "c", request: { id: "r" } } as never;
  const head = "f".repeat(40);
  const checkpoints = [
    { id: "1", turnId: "t", commit: head, tree: head, createdAt: at, files: 1, additions: 1, deletions: 0 },
  ];
  it.each([
    ["nothing while it works", {}, { phase: "working", head }, undefined],
    [
      "an approval before all else",
      { inputNeeded: [question, approval], chats: chatIn(STATUS.error) },
      { head },
      "approval",
    ],
    ["an answer", { inputNeeded: [question] }, { head }, "question"],
    ["help after a failed turn", { chats: chatIn(STATUS.error) }, { head }, "failure"],
    ["help without a workspace", { lifecycle: "failed" as const }, { phase: "failed" as const }, "failure"],
    ["a review of recorded changes", {}, { head, checkpoints }, "review"],
    [
      "nothing once they are pushed",
      {},
      { head, checkpoints, pushed: { branch: "b", commit: head, at: later } },
      undefined,
    ],
    ["nothing without changes", {}, {}, undefined],
  ])("needs %s", (_what, session, fleet, expected) => {
    expect(needs(session, fleet as Partial<FleetSessionState>)).toBe(expected);
  });
});
