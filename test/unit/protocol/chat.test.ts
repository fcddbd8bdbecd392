import { describe, expect, it } from "vitest";
import type { ChatState, ResponsePart } from "../../../src/protocol/chatState.ts";
import { STATUS } from "../../../src/protocol/status.ts";
import { aMessage, aPendingToolCall, aState, aTurnStart, chat, fold } from "./builders.ts";

const running = (...actions: { type: string; [key: string]: unknown }[]): ChatState =>
  fold("chat", aState("chat"), aTurnStart(), ...actions);
const parts = (state: ChatState): readonly ResponsePart[] => state.activeTurn?.responseParts ?? [];
const toolCall = (state: ChatState) => {
  const part = parts(state).find((one) => one.kind === "toolCall");
  return part?.kind === "toolCall" ? part.toolCall : undefined;
};
const ofCall = { turnId: "t1", toolCallId: "tc1" };
const opened = { type: "chat/responsePart", turnId: "t1", part: { kind: "markdown", id: "p1", content: "" } };

describe("turns", () => {
  it("start in progress, unread, dated by the action", () => {
    const read = aState("chat", { status: STATUS.idle | STATUS.isRead | STATUS.isArchived });
    const state = fold("chat", read, aTurnStart());
    expect(state).toMatchObject({
      status: STATUS.inProgress | STATUS.isArchived,
      modifiedAt: "2026-01-01T00:01:00.000Z",
    });
    expect(state.activeTurn).toMatchObject({ id: "t1", message: { text: "Do it" }, responseParts: [] });
  });

  it("collect text only for a part that was opened", () => {
    const delta = { type: "chat/delta", turnId: "t1", partId: "p1", content: "Hi" };
    expect(parts(running(delta))).toEqual([]);
    expect(parts(running(opened, delta, delta))).toEqual([{ kind: "markdown", id: "p1", content: "HiHi" }]);
  });

  it("ignore what belongs to another turn", () => {
    const state = running(opened);
    expect(fold("chat", state, { type: "chat/delta", turnId: "t0", partId: "p1", content: "x" })).toBe(state);
    expect(fold("chat", state, { type: "chat/turnComplete", turnId: "t0", duration: 1 })).toBe(state);
  });

  it("end with a duration that dates the chat and is never negative", () => {
    const state = running({ type: "chat/turnComplete", turnId: "t1", duration: 1500 });
    expect(state).toMatchObject({ status: STATUS.idle, modifiedAt: "2026-01-01T00:01:01.500Z" });
    expect(state.activeTurn).toBeUndefined();
    expect(running({ type: "chat/turnComplete", turnId: "t1", duration: -5 }).turns[0]?.duration).toBe(0);
  });

  it("skip their open tool calls when they end, and leave unanswered questions unanswered", () => {
    const question = { type: "chat/inputRequested", request: { id: "q", message: "Which?" } };
    const state = running(...aPendingToolCall(), question, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
    expect(state.turns[0]).toMatchObject({
      state: "cancelled",
      responseParts: [
        { kind: "toolCall", toolCall: { status: "cancelled", reason: "skipped", toolInput: "ls" } },
        { kind: "inputRequest", request: { id: "q" } },
      ],
    });
  });

  it("take an error part only from chat/error", () => {
    const part = { kind: "error", error: { errorType: "crash", message: "The agent stopped." }, resumable: true };
    expect(parts(running({ type: "chat/responsePart", turnId: "t1", part }))).toEqual([]);
    const failed = running({ type: "chat/error", turnId: "t1", duration: 10, part });
    expect(failed.status).toBe(STATUS.error);
    expect(failed.turns[0]).toMatchObject({ state: "error", responseParts: [part] });
  });

  it("resume only when last, failed and resumable", () => {
    const fail = (resumable: boolean) => ({
      type: "chat/error",
      turnId: "t1",
      duration: 10,
      part: { kind: "error", error: { errorType: "crash", message: "Stopped." }, resumable },
    });
    const resume = { type: "chat/turnResume", turnId: "t1" };
    const resumed = running(opened, fail(true), resume);
    expect(resumed).toMatchObject({ status: STATUS.inProgress, turns: [], activeTurn: { id: "t1" } });
    expect(parts(resumed)).toHaveLength(2);

    const final = running(fail(false));
    expect(fold("chat", final, resume)).toBe(final);
    const followed = fold("chat", running(fail(true)), aTurnStart("t2"));
    expect(fold("chat", followed, resume)).toBe(followed);
  });

  it("are dropped after the one that the conversation is cut at", () => {
    const turns = ["a", "b", "c"].map((id) => ({ id, message: aMessage(id), responseParts: [], state: "complete" }));
    const state = aState("chat", { turns, turnsNextCursor: "more" });
    const cut = fold("chat", state, aTurnStart("d"), { type: "chat/truncated", turnId: "b" });
    expect(cut.turns.map((turn) => turn.id)).toEqual(["a", "b"]);
    expect(cut).toMatchObject({ status: STATUS.idle, turnsNextCursor: "more" });
    expect(cut.activeTurn).toBeUndefined();
    expect(fold("chat", state, { type: "chat/truncated", turnId: "z" })).toBe(state);
    expect(fold("chat", state, { type: "chat/truncated" })).not.toHaveProperty("turnsNextCursor");
  });

  it("from an older page come first, once, and replace the cursor", () => {
    const turn = (id: string) => ({ id, message: aMessage(id), responseParts: [], state: "complete" });
    const state = aState("chat", { turns: [turn("b")], turnsNextCursor: "more" });
    const loaded = fold("chat", state, { type: "chat/turnsLoaded", turns: [turn("a"), turn("b")] });
    expect(loaded.turns.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(loaded).not.toHaveProperty("turnsNextCursor");
  });
});

describe("tool calls", () => {
  it("wait for a person, run, and complete", () => {
    const waiting = running(...aPendingToolCall());
    expect(waiting.status).toBe(STATUS.inputNeeded);
    const approved = fold("chat", waiting, {
      type: "chat/toolCallConfirmed",
      ...ofCall,
      approved: true,
      confirmed: "user-action",
      selectedOptionId: "once",
      editedToolInput: "ls -l",
    });
    expect(approved.status).toBe(STATUS.inProgress);
    expect(toolCall(approved)).toMatchObject({ status: "running", toolInput: "ls -l", selectedOption: { id: "once" } });
    const done = fold("chat", approved, {
      type: "chat/toolCallComplete",
      ...ofCall,
      result: { success: true, pastTenseMessage: "Ran ls", content: [{ type: "text", text: "a" }] },
    });
    expect(toolCall(done)).toMatchObject({ status: "completed", success: true, selectedOption: { id: "once" } });
  });

  it("are cancelled by a refusal, with its reasons", () => {
    const denied = running(...aPendingToolCall(), {
      type: "chat/toolCallConfirmed",
      ...ofCall,
      approved: false,
      reason: "denied",
      reasonMessage: "Too risky",
      selectedOptionId: "unknown",
    });
    expect(toolCall(denied)).toMatchObject({ status: "cancelled", reason: "denied", reasonMessage: "Too risky" });
    expect(toolCall(denied)).not.toHaveProperty("selectedOption");
  });

  it("keep input behind a reference as it is, whatever a person typed", () => {
    const [start, ready] = aPendingToolCall();
    const state = running(
      start,
      { ...ready, toolInput: { uri: "x-input:/1" } },
      {
        type: "chat/toolCallConfirmed",
        ...ofCall,
        approved: true,
        confirmed: "user-action",
        editedToolInput: "rm -rf /",
      },
    );
    expect(toolCall(state)).toMatchObject({ toolInput: { uri: "x-input:/1" } });
  });

  it("never change hands between clients", () => {
    const [start, ready] = aPendingToolCall();
    const owned = { ...start, contributor: { kind: "client", clientId: "a" } };
    const state = running(owned, { ...ready, contributor: { kind: "client", clientId: "b" } });
    expect(toolCall(state)?.contributor).toEqual({ kind: "client", clientId: "a" });
    const late = running(start, { ...ready, contributor: { kind: "client", clientId: "b" } });
    expect(toolCall(late)).not.toHaveProperty("contributor");
  });

  it("ask again from running and inherit what the refresh leaves out", () => {
    const again = { type: "chat/toolCallReady", ...ofCall, invocationMessage: "Run: ls again" };
    const state = running(...aPendingToolCall(), again);
    expect(toolCall(state)).toMatchObject({
      status: "pending-confirmation",
      invocationMessage: "Run: ls again",
      toolInput: "ls",
      options: [{ id: "once" }, { id: "no" }],
    });
  });

  it("hold for a sign-in only when an MCP server runs them, and then end only by failing", () => {
    const [start, ready] = aPendingToolCall();
    const auth = {
      type: "chat/toolCallAuthRequired",
      ...ofCall,
      auth: { reason: "required", resource: { resource: "https://x" } },
    };
    const plain = running(start, { ...ready, confirmed: "setting" });
    expect(fold("chat", plain, auth)).toBe(plain);
    const mcp = { ...start, contributor: { kind: "mcp", customizationId: "m" } };
    const held = running(mcp, { ...ready, confirmed: "setting" }, auth);
    expect(held.status).toBe(STATUS.inputNeeded);
    const result = { success: true, pastTenseMessage: "Done" };
    expect(fold("chat", held, { type: "chat/toolCallComplete", ...ofCall, result })).toBe(held);
    const resolved = fold("chat", held, { type: "chat/toolCallAuthResolved", ...ofCall });
    expect(toolCall(resolved)?.status).toBe("running");
    expect(toolCall(resolved)).not.toHaveProperty("auth");
  });

  it("of a status from a later version end with their turn like any other", () => {
    const part = { kind: "toolCall", toolCall: { status: "paused", toolCallId: "x", toolName: "n", displayName: "N" } };
    const state = running({ type: "chat/responsePart", turnId: "t1", part });
    const ended = fold("chat", state, { type: "chat/turnComplete", turnId: "t1", duration: 1 });
    expect(ended.turns[0]?.responseParts).toMatchObject([{ toolCall: { status: "cancelled", reason: "skipped" } }]);
  });
});

describe("questions", () => {
  const ask = {
    type: "chat/inputRequested",
    request: { id: "q", questions: [{ id: "a", kind: "text", message: "?" }] },
  };
  const answer = { state: "draft", value: { kind: "text", value: "yes" } };
  const type = { type: "chat/inputAnswerChanged", requestId: "q", questionId: "a", answer };

  it("keep drafts while they are open and record the response", () => {
    const state = running(ask, type, ask);
    expect(state.status).toBe(STATUS.inputNeeded);
    expect(parts(state)).toMatchObject([{ request: { answers: { a: answer } } }]);
    const done = fold("chat", state, { type: "chat/inputCompleted", requestId: "q", response: "accept" });
    expect(done.status).toBe(STATUS.inProgress);
    expect(parts(done)).toMatchObject([{ response: "accept", request: { answers: { a: answer } } }]);
    expect(fold("chat", done, type)).toBe(done);
  });

  it("lose an answer that is withdrawn", () => {
    const state = running(ask, type, { type: "chat/inputAnswerChanged", requestId: "q", questionId: "a" });
    expect(parts(state)[0]).not.toHaveProperty("request.answers");
  });
});

describe("pending messages", () => {
  const queue = (id: string) => ({ type: "chat/pendingMessageSet", kind: "queued", id, message: aMessage(id) });

  it("queue in order, reorder, and vanish with the turn they become", () => {
    const three = fold("chat", aState("chat"), queue("a"), queue("b"), queue("c"));
    const reordered = fold("chat", three, { type: "chat/queuedMessagesReordered", order: ["c", "zzz", "c"] });
    expect(reordered.queuedMessages?.map(({ id }) => id)).toEqual(["c", "a", "b"]);
    const started = fold("chat", three, { ...aTurnStart(), queuedMessageId: "a" });
    expect(started.queuedMessages?.map(({ id }) => id)).toEqual(["b", "c"]);
  });

  it("leave no empty queue behind", () => {
    const state = fold("chat", aState("chat"), queue("a"), {
      type: "chat/pendingMessageRemoved",
      kind: "queued",
      id: "a",
    });
    expect(state).not.toHaveProperty("queuedMessages");
  });

  it("hold one steering message, which only its own id removes", () => {
    const steer = { type: "chat/pendingMessageSet", kind: "steering", id: "s", message: aMessage("left") };
    const state = fold("chat", aState("chat"), steer);
    expect(fold("chat", state, { type: "chat/pendingMessageRemoved", kind: "steering", id: "x" })).toBe(state);
    expect(fold("chat", state, { ...aTurnStart(), queuedMessageId: "s" })).not.toHaveProperty("steeringMessage");
  });
});

it("keeps members that a later version added", () => {
  const state = fold("chat", aState("chat", { somethingElse: { a: 1 } }), aTurnStart());
  expect(state).toMatchObject({ resource: chat, somethingElse: { a: 1 } });
});
