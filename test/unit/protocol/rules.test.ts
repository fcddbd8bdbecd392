import { describe, expect, it } from "vitest";
import { isClientDispatchable } from "../../../src/protocol/actions.ts";
import type { ChatState } from "../../../src/protocol/chatState.ts";
import { clientDispatchable } from "../../../src/protocol/dispatchable.ts";
import { channelKind, reducerOf, statelessKind } from "../../../src/protocol/reduce.ts";
import { STATUS } from "../../../src/protocol/status.ts";
import { aMessage, anAction, aPendingToolCall, aState, aTurnStart, fold } from "./builders.ts";

/** What of the protocol's semantics is easy to get wrong, apart from what the tests of each channel show. */

const running = (...actions: { type: string; [key: string]: unknown }[]): ChatState =>
  fold("chat", aState("chat"), aTurnStart(), ...actions);
const ofCall = { turnId: "t1", toolCallId: "tc1" };
const callOf = (state: ChatState) => {
  const part = (state.activeTurn ?? state.turns.at(-1))?.responseParts.find((one) => one.kind === "toolCall");
  return part?.kind === "toolCall" ? part.toolCall : undefined;
};
const part = (kind: string, id: string) => ({
  type: "chat/responsePart",
  turnId: "t1",
  part: { kind, id, content: "" },
});
const pending = (id: string) => ({ type: "chat/pendingMessageSet", kind: "queued", id, message: aMessage(id) });

describe("the time of a chat", () => {
  it("moves with its turns and with nothing else", () => {
    const state = running(part("markdown", "p"), { type: "chat/turnComplete", turnId: "t1", duration: 10 });
    const after = fold(
      "chat",
      state,
      pending("a"),
      { type: "chat/draftChanged", draft: aMessage() },
      { type: "chat/activityChanged", activity: "Busy" },
      { type: "chat/turnsLoaded", turns: [] },
      { type: "chat/truncated" },
    );
    expect(after.modifiedAt).toBe(state.modifiedAt);
    const asked = running({ type: "chat/inputRequested", request: { id: "q" } });
    expect(asked.modifiedAt).toBe(aTurnStart().startedAt);
  });
});

describe("a turn that starts while another runs, or again", () => {
  const state = running(part("markdown", "p"));
  const over = fold("chat", state, { type: "chat/turnComplete", turnId: "t1", duration: 1 });

  it("takes the other's place in 0.9", () => {
    expect(reducerOf("0.9.0")("chat", state, anAction(aTurnStart())).activeTurn?.responseParts).toEqual([]);
    expect(fold("chat", state, aTurnStart("t2")).activeTurn?.id).toBe("t2");
    expect(reducerOf("0.9.0")("chat", over, anAction(aTurnStart())).activeTurn?.id).toBe("t1");
  });

  it("is nothing from 1.0 on when the turn is known", () => {
    for (const version of ["1.0.0", "1.1.0"]) {
      const fold1 = reducerOf(version);
      expect(fold1("chat", state, anAction(aTurnStart()))).toBe(state);
      expect(fold1("chat", over, anAction(aTurnStart()))).toBe(over);
      expect(fold1("chat", over, anAction(aTurnStart("t2"))).activeTurn?.id).toBe("t2");
      expect(
        fold1("terminal", aState("terminal"), anAction({ type: "terminal/data", data: "x" })).content,
      ).toHaveLength(1);
    }
  });
});

describe("text", () => {
  it("goes to the first part with the id, if it is of the kind that the action is for", () => {
    const state = running(part("markdown", "m"), part("reasoning", "r"), part("markdown", "m"));
    const written = fold(
      "chat",
      state,
      { type: "chat/delta", turnId: "t1", partId: "m", content: "a" },
      { type: "chat/reasoning", turnId: "t1", partId: "r", content: "b" },
    );
    expect(written.activeTurn?.responseParts).toMatchObject([{ content: "a" }, { content: "b" }, { content: "" }]);
    expect(fold("chat", written, { type: "chat/delta", turnId: "t1", partId: "r", content: "x" })).toBe(written);
    expect(fold("chat", written, { type: "chat/reasoning", turnId: "t1", partId: "m", content: "x" })).toBe(written);
  });
});

describe("a tool call", () => {
  const [start, ready] = aPendingToolCall();
  const approve = { type: "chat/toolCallConfirmed", ...ofCall, approved: true, confirmed: "user-action" };
  const complete = (extra: object = {}) => ({
    type: "chat/toolCallComplete",
    ...ofCall,
    result: { success: true, pastTenseMessage: "Ran", ...extra },
  });

  it("loses the input that it streamed, at its end and when it is ready", () => {
    const streamed = running(start, { type: "chat/toolCallDelta", ...ofCall, content: '{"a"' });
    expect(callOf(streamed)).toMatchObject({ partialInput: '{"a"' });
    const ended = fold("chat", streamed, { type: "chat/turnCancelled", turnId: "t1", duration: 1 });
    expect(callOf(ended)).toEqual({
      toolCallId: "tc1",
      toolName: "bash",
      displayName: "Run",
      status: "cancelled",
      invocationMessage: "",
      reason: "skipped",
    });
    const asked = fold("chat", streamed, { type: "chat/toolCallReady", ...ofCall, invocationMessage: "Run" });
    expect(callOf(asked)).not.toHaveProperty("toolInput");
    expect(callOf(asked)).not.toHaveProperty("partialInput");
  });

  it("may be asked about again while it runs, with its input and without its former options", () => {
    const again = running(start, ready, approve, { type: "chat/toolCallReady", ...ofCall, invocationMessage: "Again" });
    expect(callOf(again)).toMatchObject({ status: "pending-confirmation", toolInput: "ls" });
    expect(callOf(again)).not.toHaveProperty("options");
    expect(again.status).toBe(STATUS.inputNeeded);
  });

  it("of the host may turn out to be one of an MCP server", () => {
    const contributor = { kind: "mcp", customizationId: "m" };
    expect(callOf(running(start, { ...ready, contributor }))).toMatchObject({ contributor });
  });

  it("that completes before it was approved needed no approval", () => {
    const done = callOf(running(start, ready, complete()));
    expect(done).toMatchObject({ status: "completed", confirmed: "not-needed" });
    expect(done).not.toHaveProperty("selectedOption");
  });

  it("keeps its content at its end only if the result has it, or if it waited for a sign-in", () => {
    const content = [{ type: "text", text: "so far" }];
    const shown = { type: "chat/toolCallContentChanged", ...ofCall, content };
    expect(callOf(running(start, ready, approve, shown, complete()))).not.toHaveProperty("content");
    expect(callOf(running(start, ready, approve, shown, complete({ content: [] })))).toMatchObject({ content: [] });
    const mcp = { ...start, contributor: { kind: "mcp", customizationId: "m" } };
    const auth = { reason: "required", resource: { resource: "https://x" } };
    const held = [mcp, ready, approve, shown, { type: "chat/toolCallAuthRequired", ...ofCall, auth }];
    const given = { ...complete({ success: false }), requiresResultConfirmation: true };
    expect(callOf(running(...held, given))).toMatchObject({ status: "completed", success: false, content });
  });

  it("shows the last content, whole", () => {
    const shown = (text: string) => ({
      type: "chat/toolCallContentChanged",
      ...ofCall,
      content: [{ type: "text", text }],
    });
    expect(callOf(running(start, ready, approve, shown("a"), shown("b")))).toMatchObject({ content: [{ text: "b" }] });
  });
});

describe("a turn that is resumed", () => {
  it("started when the chat last moved, if its own start is not known", () => {
    const error = { kind: "error", error: { errorType: "x", message: "y" }, resumable: true };
    const turn = { id: "t9", message: aMessage(), responseParts: [error], usage: { inputTokens: 1 }, state: "error" };
    const state = aState("chat", { turns: [turn] });
    const resumed = fold("chat", state, { type: "chat/turnResume", turnId: "t9" });
    expect(resumed.activeTurn).toEqual({
      id: "t9",
      startedAt: state.modifiedAt,
      message: aMessage(),
      responseParts: [error],
      usage: { inputTokens: 1 },
    });
  });
});

describe("whole lists and bags", () => {
  it("replace what was there: nothing merges", () => {
    const state = running(
      { type: "chat/usage", turnId: "t1", usage: { inputTokens: 1, model: "m" } },
      { type: "chat/usage", turnId: "t1", usage: { outputTokens: 2 } },
    );
    expect(state.activeTurn?.usage).toEqual({ outputTokens: 2 });
    const tool = (name: string) => ({ name });
    const session = fold(
      "session",
      aState("session", { serverTools: [tool("a")], _meta: { a: 1 }, customizations: [{ type: "other" }] }),
      { type: "session/serverToolsChanged", tools: [tool("b")] },
      { type: "session/metaChanged", _meta: { b: 2 } },
      { type: "session/customizationsChanged", customizations: [] },
    );
    expect(session).toMatchObject({ serverTools: [tool("b")], _meta: { b: 2 }, customizations: [] });
    expect(session._meta).not.toHaveProperty("a");
  });

  it("of a later kind of pending message are left to those who know it", () => {
    const state = fold("chat", aState("chat"), pending("a"));
    expect(fold("chat", state, { ...pending("a"), kind: "later" })).toBe(state);
    expect(fold("chat", state, { type: "chat/pendingMessageRemoved", kind: "later", id: "a" })).toBe(state);
  });
});

describe("customizations", () => {
  const server = { type: "mcpServer", id: "m", uri: "u", name: "M", state: { kind: "ready" }, channel: "mcp://m" };
  const directory = { type: "directory", id: "d", uri: "u", name: "D", contents: "skills", enabled: false };
  const state = aState("session", { customizations: [server, directory] });
  const toggle = (id: string, enablement: object[]) => ({ type: "session/customizationToggled", id, enablement });

  it("that are no plugin and no server only know whether they are on, which they are unless told", () => {
    expect(fold("session", state, toggle("d", [])).customizations?.[1]).toEqual({ ...directory, enabled: true });
    const off = [
      { kind: "session", enabled: false },
      { kind: "global", enabled: true },
    ];
    const toggled = fold("session", state, toggle("m", off));
    expect(toggled.customizations?.[0]).toEqual({ ...server, enablement: off });
    expect(fold("session", toggled, toggle("m", [])).customizations?.[0]).toEqual(server);
  });

  it("that are servers start without a channel, and have the channel that the last state told", () => {
    const starting = fold("session", state, { type: "session/mcpServerStartRequested", id: "m" });
    expect(starting.customizations?.[0]).toMatchObject({ state: { kind: "starting" } });
    expect(starting.customizations?.[0]).not.toHaveProperty("channel");
    const told = { type: "session/mcpServerStateChanged", id: "m", state: { kind: "ready" } };
    expect(fold("session", starting, { ...told, channel: "mcp://2" }).customizations?.[0]).toMatchObject({
      channel: "mcp://2",
    });
    expect(fold("session", state, told).customizations?.[0]).not.toHaveProperty("channel");
  });
});

describe("channels of messages alone", () => {
  it.each([
    ["ahp-otlp://logs/info", "otlp"],
    ["ahp-otlp:", "otlp"],
    ["mcp://server", "mcp"],
    ["ahp-root://", undefined],
    ["constructor:x", undefined],
    ["", undefined],
  ])("%s carries %s and holds no state", (uri, kind) => {
    expect(statelessKind(uri)).toBe(kind);
    if (kind !== undefined) expect(channelKind(uri)).toBeUndefined();
  });
});

describe("the actions of AHP 0.9", () => {
  const byClients = `
    root/configChanged session/titleChanged session/activeClientSet session/activeClientRemoved
    session/workingDirectorySet session/workingDirectoryRemoved session/workingDirectoryReplaced
    session/customizationToggled session/mcpServerStartRequested session/mcpServerStopRequested session/isReadChanged
    session/isArchivedChanged session/configChanged chat/turnStarted chat/toolCallConfirmed chat/toolCallComplete
    chat/toolCallResultConfirmed chat/toolCallContentChanged chat/turnCancelled chat/turnResume chat/workingDirectorySet
    chat/workingDirectoryRemoved chat/pendingMessageSet chat/pendingMessageRemoved chat/queuedMessagesReordered
    chat/draftChanged chat/inputAnswerChanged chat/inputCompleted chat/truncated changeset/filesReviewChanged
    annotations/set annotations/updated annotations/removed annotations/entrySet annotations/entryRemoved terminal/input
    terminal/resized terminal/claimed terminal/titleChanged terminal/cleared automation/createRequested
    automation/updateRequested automation/removed automationRun/cancelRequested`
    .trim()
    .split(/\s+/);

  it("are 96, of which a client may dispatch these 44", () => {
    expect(Object.keys(clientDispatchable)).toHaveLength(96);
    expect(byClients).toHaveLength(44);
    expect(Object.keys(clientDispatchable).filter(isClientDispatchable).toSorted()).toEqual(byClients.toSorted());
  });
});
