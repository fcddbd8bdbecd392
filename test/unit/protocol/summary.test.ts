import { describe, expect, it } from "vitest";
import { SessionSummary } from "../../../src/protocol/methods.ts";
import { STATUS } from "../../../src/protocol/status.ts";
import {
  aggregateStatus,
  applySummaryChanges,
  chatSummaryOf,
  inputNeededOf,
  latestModifiedAt,
  summaryChanges,
} from "../../../src/protocol/summary.ts";
import { aPendingToolCall, aState, aTurnStart, chat, fold, session } from "./builders.ts";

const row = (resource: string, status: number, modifiedAt = "2026-01-01T00:00:00.000Z") => ({
  resource,
  status,
  modifiedAt,
});

describe("a session's status", () => {
  const flags = STATUS.idle | STATUS.isArchived;
  it.each([
    ["waiting wins", [STATUS.error, STATUS.inputNeeded, STATUS.inProgress], STATUS.inputNeeded],
    ["then failed", [STATUS.inProgress, STATUS.error], STATUS.error],
    ["then working", [STATUS.idle, STATUS.inProgress | STATUS.isRead], STATUS.inProgress],
    ["else idle", [STATUS.idle], STATUS.idle],
  ])("%s", (_name, statuses, activity) => {
    const chats = statuses.map((status, index) => row(`c${index}`, status));
    expect(aggregateStatus(flags, chats)).toBe(activity | STATUS.isArchived);
  });

  it("stays without chats, and is dated by the latest of them", () => {
    expect(aggregateStatus(flags, [])).toBe(flags);
    const chats = [row("a", 1, "2026-01-02T00:00:00.000Z"), row("b", 1, "2026-01-03T01:00:00.000+02:00")];
    expect(latestModifiedAt(chats, "2026-01-01T00:00:00.000Z")).toBe("2026-01-03T01:00:00.000+02:00");
  });
});

describe("what waits in a chat", () => {
  it("is told by kind, with stable ids, and ends with the turn", () => {
    const waiting = fold("chat", aState("chat"), aTurnStart(), ...aPendingToolCall(), {
      type: "chat/inputRequested",
      request: { id: "q" },
    });
    const entries = inputNeededOf(waiting);
    expect(entries).toMatchObject([
      { kind: "toolConfirmation", chat, turnId: "t1", toolCall: { toolCallId: "tc1" } },
      { kind: "chatInput", chat, request: { id: "q" } },
    ]);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(2);
    expect(
      fold("session", aState("session"), ...entries.map((request) => ({ type: "session/inputNeededSet", request }))),
    ).toMatchObject({ status: STATUS.inputNeeded, inputNeeded: entries });
    expect(inputNeededOf(fold("chat", waiting, { type: "chat/turnComplete", turnId: "t1", duration: 1 }))).toEqual([]);
  });

  it("includes the tools that a client has to run", () => {
    const [start, ready] = aPendingToolCall();
    const state = fold(
      "chat",
      aState("chat"),
      aTurnStart(),
      { ...start, contributor: { kind: "client", clientId: "ide" } },
      { ...ready, confirmed: "not-needed" },
    );
    expect(inputNeededOf(state)).toMatchObject([{ kind: "toolClientExecution", clientId: "ide" }]);
  });
});

it("shows a chat without its turns", () => {
  const state = fold("chat", aState("chat", { activity: "Thinking" }), aTurnStart());
  expect(chatSummaryOf(state)).toEqual({
    resource: chat,
    title: "Chat",
    status: STATUS.inProgress,
    activity: "Thinking",
    modifiedAt: "2026-01-01T00:01:00.000Z",
  });
});

describe("changes of a summary", () => {
  const before = SessionSummary.parse({
    resource: session,
    provider: "sample",
    title: "T",
    status: 1,
    activity: "Cloning",
    createdAt: "2026-01-01T00:00:00.000Z",
    modifiedAt: "2026-01-01T00:00:00.000Z",
    _meta: { muster: { phase: "queued" } },
  });

  it("are only what differs, with null for what is gone", () => {
    const { activity: _activity, ...rest } = before;
    const after = { ...rest, status: 8, _meta: { muster: { phase: "queued" } } };
    const changes = summaryChanges(before, after);
    expect(changes).toEqual({ status: 8, activity: null });
    expect(applySummaryChanges(before, changes ?? {})).toEqual(after);
  });

  it("are none when nothing differs, and never touch identity", () => {
    expect(summaryChanges(before, { ...before, provider: "other" })).toBeUndefined();
    expect(applySummaryChanges(before, {})).toBe(before);
    const stolen = { resource: "x", title: "New" };
    expect(applySummaryChanges(before, stolen)).toEqual({ ...before, title: "New" });
  });
});
