import { describe, expect, it } from "vitest";
import type { FleetAgent } from "../../../../src/extension/fleet/fleetAgent.ts";
import type { Grouping } from "../../../../src/extension/tree/agentLayout.ts";
import { nodeOf } from "../../../../src/extension/tree/agentNode.ts";
import { aFleetAgent, nowMs } from "../../../support/aFleetAgent.ts";

const node = (changes: Partial<FleetAgent>) => nodeOf(aFleetAgent(changes), nowMs);
const changes = { additions: 120, deletions: 14, files: 3 };
const pullRequest = { url: "https://github.com/acme/widgets/pull/7", number: 7, state: "open", isDraft: true } as const;

describe("an agent's row", () => {
  it("tells repository, what it does, lines, cost and age", () => {
    const view = node({ activity: "Running npm test", changes, spend: 0.416 });
    expect(view.label).toBe("Fix the parser");
    expect(view.description).toBe("acme/widgets · Running npm test · +120 −14 · $0.42 · 3m");
    expect(view).toMatchObject({ icon: "loading~spin", iconColor: "charts.blue", contextValue: "agent.working" });
  });

  it("has its own look and menu for each state", () => {
    const looks: Record<string, [Partial<FleetAgent>, string, string]> = {
      approval: [{ attention: "needsYou", need: "approval" }, "shield", "agent.approval"],
      question: [{ attention: "needsYou", need: "question" }, "question", "agent.question"],
      signIn: [{ attention: "needsYou", need: "signIn" }, "key", "agent.question"],
      unknown: [{ attention: "needsYou", need: "unknown" }, "bell-dot", "agent.question"],
      failed: [{ attention: "failed" }, "error", "agent.failed"],
      queued: [{ attention: "queued", queuePosition: 2 }, "clock", "agent.queued"],
      review: [{ attention: "review", changes }, "diff", "agent.review"],
      draft: [{ attention: "pullRequest", pullRequest }, "git-pull-request-draft", "agent.pullRequest.draft"],
      ...Object.fromEntries(
        (
          [
            ["open", {}, "git-pull-request", "agent.pullRequest"],
            ["red", { checks: "failed" }, "git-pull-request", "agent.pullRequest.checksFailed"],
            [
              "review",
              { review: "changesRequested" },
              "git-pull-request-go-to-changes",
              "agent.pullRequest.changesRequested",
            ],
            ["conflicts", { merge: "conflicts" }, "git-branch-conflicts", "agent.pullRequest.conflicts"],
            ["green", { merge: "ready" }, "git-pull-request-done", "agent.pullRequest.mergeable"],
            [
              "newer",
              { shipped: "a", checks: "failed" },
              "git-pull-request-new-changes",
              "agent.pullRequest.unshipped",
            ],
          ] as const
        ).map(([name, known, icon, state]): [string, [Partial<FleetAgent>, string, string]] => [
          name,
          [
            { attention: "pullRequest", head: "b", pullRequest: { ...pullRequest, isDraft: false, ...known } },
            icon,
            state,
          ],
        ]),
      ),
      done: [{ attention: "done" }, "pass", "agent.done"],
      archived: [{ attention: "done", isArchived: true }, "archive", "agent.archived"],
    };
    for (const [name, [facts, icon, contextValue]] of Object.entries(looks)) {
      expect(node(facts), name).toMatchObject({ icon, contextValue });
    }
  });

  it("says in words what waits", () => {
    expect(node({ attention: "needsYou", need: "approval" }).description).toContain("needs your approval");
    expect(node({ attention: "queued", queuePosition: 2 }).description).toContain("2nd in the queue");
    expect(node({ attention: "queued", queuePosition: 12 }).description).toContain("12th in the queue");
    expect(node({ attention: "queued", isPending: true }).description).toContain("launching");
    expect(node({ attention: "pullRequest", pullRequest }).description).toContain("draft #7");
    expect(node({ attention: "done", pullRequest: { ...pullRequest, state: "merged" } }).description).toContain(
      "#7 merged",
    );
    const over = { ...pullRequest, state: "closed" as const, isBranchDeleted: true };
    expect(node({ attention: "done", pullRequest: over }).description).toContain("#7 closed · branch deleted");
  });

  it("is grey, still and without actions while its host is out of sight, and says how old it is", () => {
    const view = node({ activity: "Running npm test", freshness: { live: false, heardAt: nowMs - 7_200_000 } });
    expect(view).toMatchObject({ icon: "loading", iconColor: "disabledForeground", contextValue: "agent.stale" });
    expect(view.description).toContain("as of 2h ago");
    expect(view.spoken).toContain("not connected");
    expect(node({ freshness: { live: false, heardAt: undefined } }).description).toContain("not seen yet");
  });

  it("shows an agent's texts on one line, visible and without icons", () => {
    const view = node({ title: "$(trash)\nx\u202e", activity: "a\nb\u0007" });
    expect(view.label).toBe("$\u200b(trash) x‹U+202E›");
    expect(view.description).toContain("a b‹U+0007›");
  });

  it("says by marks that it is unread or pinned, unless there is nothing to read yet", () => {
    const marks = (changes: Partial<FleetAgent>, isPinned = false) =>
      nodeOf(aFleetAgent(changes), nowMs, { grouping: "attention", isPinned });
    expect(marks({ attention: "review", isRead: false })).toMatchObject({
      contextValue: "agent.review.unread",
      spoken: expect.stringContaining("unread") as string,
    });
    expect(marks({ attention: "working", isRead: false }).contextValue).toBe("agent.working");
    expect(marks({ attention: "done", isArchived: true, isRead: false }).contextValue).toBe("agent.archived");
    const pinned = marks({ freshness: { live: false, heardAt: 0 } }, true);
    expect(pinned.contextValue).toBe("agent.stale.pinned");
    expect(pinned.description).toMatch(/^as of \d+d ago · pinned · /);
  });

  it("says what its group does not say", () => {
    const described = (grouping: Grouping, changes: Partial<FleetAgent> = {}) =>
      nodeOf(aFleetAgent(changes), nowMs, { grouping, isPinned: false }).description;
    expect(described("attention")).toBe("acme/widgets · 3m");
    expect(described("repository")).toBe("working · 3m");
    expect(described("none", { attention: "review", changes })).toBe("acme/widgets · ready for review · +120 −14 · 3m");
  });

  it("tells conflicts, open comments, attempts and how much of the budget is used", () => {
    const view = node({ conflicts: 2, group: { id: "g", index: 2, count: 3 }, spend: 4.2, budgetShare: 0.84 });
    expect(view.description).toBe(
      "acme/widgets · attempt 2 of 3 · working · 2 conflicts · $4.20 (84 % of the budget) · 3m",
    );
    expect(node({ openComments: 3 }).description).toBe("acme/widgets · working · 3 comments open · 3m");
    expect(node({ openComments: 1 }).spoken).toContain("1 comment open");
    expect(node({ spend: 1, budgetShare: 0.2 }).description).toContain("$1.00 · ");
    expect(node({ attention: "needsYou", need: "budget" }).description).toContain("reached its budget");
  });
});
