import { describe, expect, it } from "vitest";
import { untranslated } from "../../../../src/base/l10n.ts";
import { toTimeline as toldTimeline } from "../../../../src/extension/session/timeline/timeline.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import type { FleetSessionState } from "../../../../src/protocol/fleet.ts";
import type { ToolCall } from "../../../../src/protocol/toolCall.ts";
import { aChat, anActiveTurn, aTurn, pendingCall, session, terminalCall, toolPart } from "../../../support/aChat.ts";

const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;

function aFleetSession(changes: Partial<FleetSessionState> = {}): FleetSessionState {
  return {
    session,
    provider: "sample",
    createdAt: at(0),
    repository: "https://github.com/acme/widgets",
    isolation: "none",
    phase: "ready",
    baseCommit: "a".repeat(40),
    checkpoints: [],
    usage: { inputTokens: 0, outputTokens: 0 },
    ...changes,
  };
}

const toTimeline = (chat: ChatState | undefined, fleet: FleetSessionState | undefined, user?: string) =>
  toldTimeline(chat, fleet, user, untranslated);
const titles = (...args: Parameters<typeof toTimeline>) => toTimeline(...args).entries.map(({ title }) => title);

describe("the timeline of an agent", () => {
  it("tells newest first what happened, by its time", () => {
    const fleet = aFleetSession({
      checkpoints: [
        {
          id: "1",
          turnId: "t1",
          commit: "c",
          tree: "t",
          createdAt: at(3),
          files: 3,
          additions: 120,
          deletions: 14,
          kind: "turn",
        },
        {
          id: "2",
          turnId: "t1",
          commit: "c",
          tree: "t",
          createdAt: at(9),
          files: 1,
          additions: 1,
          deletions: 0,
          kind: "safety",
        },
      ],
      pushed: { branch: "agent/fix", commit: "b".repeat(40), at: at(6) },
      egress: {
        refused: [{ server: "evil.example", count: 3, at: at(4) }],
        decided: [{ server: "registry.example", decision: "session", at: at(5) }],
      },
    });
    const turns = [aTurn("t1", [], { startedAt: at(1) }), aTurn("t2", [], { startedAt: at(7) })];
    expect(titles(aChat({ turns }), fleet)).toEqual([
      "Checkpoint 2, before the files were replaced",
      "Prompt t2",
      "Pushed agent/fix",
      "Let through to registry.example",
      "Not let through to evil.example",
      "Checkpoint 1",
      "Prompt t1",
      "Launched",
    ]);
  });

  it("says what a turn cost, the model's money and the machine's time apart, and what nobody knows", () => {
    const spend = {
      turns: [
        { turnId: "t1", costUsd: 0.123, inputTokens: 3000, outputTokens: 200, cpuMs: 12_300 },
        { turnId: "t2", isUnpriced: true, inputTokens: 10 },
      ],
      budgets: [],
    };
    const { entries } = toTimeline(aChat({ turns: [aTurn("t1"), aTurn("t2")] }), aFleetSession({ spend }));
    const detail = (id: string) => entries.find(({ turnId }) => turnId === id)?.detail;
    expect(detail("t1")).toBe("$0.12, 3,200 tokens; 12.3 s of processor time");
    expect(detail("t2")).toBe("cost unknown, 10 tokens");
  });

  it("says who let the agent do what, and leaves out what nobody had to judge", () => {
    const approved = {
      ...terminalCall("x", "2"),
      confirmed: "user-action",
      selectedOption: { id: "1", label: "Once", kind: "approve" },
    };
    const bySetting = { ...terminalCall("x", "3"), confirmed: "setting" };
    const denied = {
      ...pendingCall("rm -rf /", "4"),
      status: "cancelled",
      reason: "denied",
      userSuggestion: "Use git clean",
    };
    const calls = [terminalCall("x", "1"), approved, bySetting, denied] as readonly ToolCall[];
    const chat = aChat({
      turns: [aTurn("t1", calls.map(toolPart))],
      activeTurn: anActiveTurn("t2", [toolPart(pendingCall("make"))]),
    });
    const { entries } = toTimeline(chat, undefined);
    expect(entries.map(({ title, detail }) => [title, detail])).toEqual([
      ["Waits for approval: Run a command", undefined],
      ["Prompt t2", undefined],
      ["Denied by a person: Run a command", "Use git clean"],
      ["Approved by a setting: Run the tests", undefined],
      ['Approved by a person, "Once": Run the tests', undefined],
      ["Prompt t1", undefined],
    ]);
    const acts = [
      { act: "prompted", on: "t1", by: "eve", at: at(1) },
      { act: "answered", on: "2", turnId: "t1", by: "dana", at: at(2) },
      { act: "answered", on: "4", turnId: "t0", by: "eve", at: at(2) },
      { act: "answered", on: "4", turnId: "t1", by: "eve", at: at(3) },
      { act: "prompted", on: "t2", by: "dana", at: at(4) },
    ] as const;
    const timed = aChat({
      turns: [aTurn("t1", calls.map(toolPart), { startedAt: at(1) })],
      activeTurn: { ...anActiveTurn("t2", [toolPart(pendingCall("make"))]), startedAt: at(4) },
    });
    const named = toTimeline(timed, aFleetSession({ acts: [...acts], owner: "eve" }), "dana").entries;
    expect(named.map(({ title, detail, atMs }) => [title, detail, atMs === undefined])).toEqual([
      ["Waits for approval: Run a command", undefined, true],
      ["Prompt t2", undefined, false],
      ["Denied by eve: Run a command", "Use git clean", false],
      // Nobody knows when: it stays behind what it follows.
      ["Approved by a setting: Run the tests", undefined, true],
      ['Approved by you, "Once": Run the tests', undefined, false],
      ["Prompt t1", "by eve", false],
      ["Launched by eve", undefined, false],
    ]);
  });

  it("says who had files recorded, put back and pushed", () => {
    const checkpoint = { turnId: "t", commit: "c", tree: "t", files: 0, additions: 0, deletions: 0 };
    const fleet = aFleetSession({
      checkpoints: [
        { ...checkpoint, id: "1", kind: "asked", createdAt: at(1) },
        { ...checkpoint, id: "2", kind: "restored", restoredFrom: "1", createdAt: at(2) },
      ],
      pushed: { branch: "agent/fix", commit: "b".repeat(40), at: at(3) },
      egress: { refused: [], decided: [{ server: "registry.example", decision: "session", at: at(4) }] },
      acts: [
        { act: "recorded", on: "1", by: "dana", at: at(1) },
        { act: "recorded", on: "2", by: "eve", at: at(2) },
        { act: "pushed", on: "b".repeat(40), by: "dana", at: at(3) },
        { act: "decided", on: "registry.example", by: "eve\u202e", at: at(4) },
      ],
    });
    const { entries } = toTimeline(undefined, fleet, "dana");
    expect(entries.map(({ title, detail }) => [title, detail])).toEqual([
      ["Let through to registry.example", "for this agent, by eve‹U+202E›"],
      ["agent/fix pushed by you", "commit bbbbbbb"],
      ["Checkpoint 2, files put back to checkpoint 1 by eve", "No file differs from the base branch"],
      ["Checkpoint 1, asked for by you", "No file differs from the base branch"],
      ["Launched", undefined],
    ]);
  });

  it("tells what the host said in a turn, but for the plan, which has its own place", () => {
    const said = (content: string, about: object) =>
      ({ kind: "systemNotification", content, _meta: { muster: about } }) as const;
    const parts = [said("Plan: 1. Read", { plan: [] }), said("Half of the budget is used.", { budget: {} })];
    const { entries } = toTimeline(aChat({ turns: [aTurn("t1", parts)] }), undefined);
    expect(entries.map(({ kind, title }) => [kind, title])).toEqual([
      ["budget", "Half of the budget is used."],
      ["turn", "Prompt t1"],
    ]);
  });

  it("names what can be put back: checkpoints, and what the agent began with", () => {
    const checkpoint = {
      id: "4",
      turnId: "t",
      commit: "c",
      tree: "t",
      createdAt: at(1),
      files: 1,
      additions: 1,
      deletions: 1,
    };
    const { entries } = toTimeline(aChat(), aFleetSession({ checkpoints: [checkpoint] }));
    expect(entries.map(({ checkpoint: each }) => each)).toEqual(["4", "0"]);
    expect(toTimeline(aChat(), aFleetSession({ baseCommit: undefined })).entries[0]?.checkpoint).toBeUndefined();
  });

  it("keeps to what somebody can read, and spells out what cannot be seen", () => {
    const turns = Array.from({ length: 400 }, (_, index) => aTurn(`t${index}`, [], { startedAt: at(index % 60) }));
    const { entries, left } = toTimeline(aChat({ turns }), undefined);
    expect([entries.length, left]).toEqual([300, 100]);
    const hidden = aTurn("x", [], { message: { text: "do\u202ethat", origin: { kind: "user" } } });
    expect(titles(aChat({ turns: [hidden] }), undefined)).toEqual(["do‹U+202E›that"]);
  });
});
