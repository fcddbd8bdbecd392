import { untranslated } from "../../../../src/base/l10n.ts";
import { describe, expect, it } from "vitest";
import { repositoryName, toFleetAgent } from "../../../../src/extension/fleet/agentRow.ts";
import type { Attention, FleetPullRequest, Need } from "../../../../src/extension/fleet/fleetAgent.ts";
import { attentionOf } from "../../../../src/extension/fleet/attention.ts";
import type { SessionSummary } from "../../../../src/protocol/methods.ts";
import type { SessionInputRequest } from "../../../../src/protocol/sessionState.ts";
import { STATUS } from "../../../../src/protocol/status.ts";
import { aSummary } from "../../../support/clientOnFakeHost.ts";

const muster = (fields: object) => ({ muster: { phase: "ready", repository: "https://h.example/o/r.git", ...fields } });
const open: FleetPullRequest = { url: "https://github.com/o/r/pull/1", number: 1, state: "open" };
const question: SessionInputRequest = { id: "1", kind: "chatInput", chat: "c", request: { id: "q" } };

interface Case {
  readonly name: string;
  readonly summary: Partial<SessionSummary>;
  readonly attention: Attention;
  readonly need?: Need;
  readonly requests?: SessionInputRequest[];
  readonly pullRequest?: FleetPullRequest;
  readonly isPending?: boolean;
}

const changes = { additions: 3, deletions: 1, files: 2 };
const cases: readonly Case[] = [
  { name: "rests without changes", summary: { status: STATUS.idle }, attention: "done" },
  { name: "rests with changes", summary: { changes }, attention: "review" },
  {
    name: "rests, and the host wants it reviewed",
    summary: { _meta: muster({ needs: "review" }) },
    attention: "review",
  },
  { name: "works", summary: { status: STATUS.inProgress, changes }, attention: "working" },
  { name: "waits for input", summary: { status: STATUS.inputNeeded }, attention: "needsYou", need: "unknown" },
  {
    name: "waits for input that was read",
    summary: { status: STATUS.inputNeeded | STATUS.isRead },
    requests: [question],
    attention: "needsYou",
    need: "question",
  },
  {
    name: "waits for an approval, as the host says",
    summary: { status: STATUS.inProgress, _meta: muster({ needs: "approval" }) },
    attention: "needsYou",
    need: "approval",
  },
  {
    name: "may not spend more",
    summary: { status: STATUS.inputNeeded, _meta: muster({ isPaused: true, needs: "question" }) },
    requests: [question],
    attention: "needsYou",
    need: "budget",
  },
  { name: "failed", summary: { status: STATUS.error, changes }, attention: "failed" },
  { name: "failed before it had a status", summary: { _meta: muster({ phase: "failed" }) }, attention: "failed" },
  {
    name: "is queued",
    summary: { status: STATUS.inProgress, _meta: muster({ phase: "queued" }) },
    attention: "queued",
  },
  { name: "is provisioned", summary: { _meta: muster({ phase: "provisioning" }) }, attention: "working" },
  { name: "is on its way to the host", summary: {}, isPending: true, attention: "queued" },
  { name: "has a pull request", summary: { changes }, pullRequest: open, attention: "pullRequest" },
  {
    name: "works on its pull request",
    summary: { status: STATUS.inProgress },
    pullRequest: open,
    attention: "working",
  },
  { name: "is merged", summary: { changes }, pullRequest: { ...open, state: "merged" }, attention: "done" },
  {
    name: "is archived while it waits",
    summary: { status: STATUS.inputNeeded | STATUS.isArchived },
    attention: "done",
  },
  { name: "has bits that nobody knows", summary: { status: STATUS.idle | 1024 }, attention: "done" },
];

describe("attentionOf", () => {
  it.each(cases)(
    "an agent that $name: $attention",
    ({ summary, attention, need, requests, pullRequest, isPending }) => {
      const facts = {
        summary: aSummary("ahp-session:/1", summary),
        requests: requests ?? [],
        pullRequest,
        isPending: isPending ?? false,
      };
      expect(attentionOf(facts)).toEqual({ attention, need });
    },
  );
});

describe("toFleetAgent", () => {
  const row = (summary: Partial<SessionSummary>, pullRequest?: FleetPullRequest) =>
    toFleetAgent(
      {
        hostId: "a",
        summary: aSummary("ahp-session:/1", summary),
        freshness: { live: true, heardAt: undefined },
        hasFleet: true,
        requests: [],
        pullRequest,
        isPending: false,
      },
      untranslated,
    );

  it("reads what our host tells", () => {
    const _meta = muster({ branch: "agent/x", head: "abc", queue: 2, phase: "queued" });
    expect(row({ title: "  ", _meta })).toMatchObject({
      key: "a|ahp-session:/1",
      title: "Untitled agent",
      place: "o/r",
      branch: "agent/x",
      head: "abc",
      queuePosition: 2,
      phase: "queued",
      createdAt: Date.UTC(2026, 0, 1),
    });
  });

  it("reads where an agent comes from, in VS Code's words and in ours, but not that it comes from itself", () => {
    const made = { "agentHost/createdBySession": { session: "copilot:/2" } };
    expect(row({ _meta: made }).parent).toBe("a|copilot:/2");
    expect(row({ _meta: muster({ forkedFrom: "ahp-session:/2" }) }).parent).toBe("a|ahp-session:/2");
    expect(row({ _meta: muster({ forkedFrom: "ahp-session:/1" }) }).parent).toBeUndefined();
    expect(row({ _meta: { "agentHost/createdBySession": "x" } }).parent).toBeUndefined();
  });

  it("reads VS Code's conventions where the host has no fleet plane", () => {
    const _meta = {
      git: { branchName: "b", baseBranchName: "main" },
      github: {
        owner: "o",
        repo: "r",
        pullRequestUrls: ["https://github.com/o/r/pull/12"],
        pullRequestState: "merged",
      },
    };
    expect(row({ _meta })).toMatchObject({
      place: "o/r",
      branch: "b",
      baseBranch: "main",
      phase: undefined,
      pullRequest: { number: 12, state: "merged" },
    });
    expect(row({ _meta }, open).pullRequest).toBe(open);
  });

  it("shrugs at what it cannot read", () => {
    const _meta = { muster: 7, git: "x", github: { pullRequestUrls: ["javascript:alert(1)"], owner: 3 } };
    expect(row({ _meta, createdAt: "yesterday" })).toMatchObject({ place: "", createdAt: 0, pullRequest: undefined });
  });

  it.each([
    ["https://github.com/o/r.git", "o/r"],
    ["https://gitlab.example/group/sub/r", "sub/r"],
    ["ssh://git@h.example:22/o/r.git", "o/r"],
    ["git@github.com:o/r.git", "o/r"],
    ["file:///srv/repos/r.git", "r"],
    ["/srv/repos/r/", "r"],
    ["", ""],
  ])("the repository %s is called %s", (repository, name) => {
    expect(repositoryName(repository)).toBe(name);
  });
});
