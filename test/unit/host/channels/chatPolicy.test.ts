import { describe, expect, it } from "vitest";
import { refuseChatAction } from "../../../../src/host/channels/chatPolicy.ts";
import { parseAction, type StateAction } from "../../../../src/protocol/actions.ts";
import type { ChatState, ResponsePart } from "../../../../src/protocol/chatState.ts";

const message = { text: "go", origin: { kind: "user" } };
const origin = { principal: "owner", clientId: "me", clientSeq: 1 };
const idle: ChatState = { resource: "c", title: "C", status: 1, modifiedAt: "", turns: [] };
const ended = (parts: ResponsePart[]): ChatState => ({
  ...idle,
  turns: [{ id: "old", message, responseParts: parts, state: "error" }],
});
const busy = (...responseParts: ResponsePart[]): ChatState => ({
  ...idle,
  activeTurn: { id: "t", startedAt: "", message, responseParts },
});
const call = (status: string, over: object = {}): ResponsePart =>
  ({
    kind: "toolCall",
    toolCall: { toolCallId: "1", toolName: "x", displayName: "X", invocationMessage: "x", status, ...over },
  }) as ResponsePart;
const question = (over: object = {}): ResponsePart => ({
  kind: "inputRequest",
  request: { id: "q", questions: [{ kind: "text", id: "a", message: "?", required: true }] },
  ...over,
});
const failure: ResponsePart = { kind: "error", error: { errorType: "x", message: "x" }, resumable: true };
const confirmed: StateAction = {
  type: "chat/toolCallConfirmed",
  turnId: "t",
  toolCallId: "1",
  approved: true,
  confirmed: "user-action",
};
const started = (over: object = {}): StateAction => ({
  type: "chat/turnStarted",
  turnId: "n",
  startedAt: "",
  message,
  ...over,
});
const accepted: StateAction = { type: "chat/inputCompleted", requestId: "q", response: "accept" };
const answers = { a: { state: "submitted", value: { kind: "text", value: "yes" } } } as const;

/** As it comes from the wire, where a later version's words are allowed. */
function asClient(value: object): StateAction {
  const parsed = parseAction(value);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe("a client may", () => {
  it.each<[string, ChatState, StateAction]>([
    ["start a turn when none runs", idle, started()],
    ["cancel the running turn", busy(), { type: "chat/turnCancelled", turnId: "t", duration: 0 }],
    ["resume the last turn when it failed so", ended([failure]), { type: "chat/turnResume", turnId: "old" }],
    ["confirm a pending tool call", busy(call("pending-confirmation")), confirmed],
    [
      "complete its own tool's call",
      busy(call("running", { contributor: { kind: "client", clientId: "me" } })),
      { type: "chat/toolCallComplete", turnId: "t", toolCallId: "1", result: { success: true, pastTenseMessage: "x" } },
    ],
    ["queue a message", busy(), { type: "chat/pendingMessageSet", kind: "queued", id: "m", message }],
    [
      "take back a queued message",
      { ...busy(), queuedMessages: [{ id: "m", message }] },
      { type: "chat/pendingMessageRemoved", kind: "queued", id: "m" },
    ],
    ["answer an open question", busy(question()), { ...accepted, answers }],
    [
      "decline a question without answers",
      busy(question()),
      { type: "chat/inputCompleted", requestId: "q", response: "decline" },
    ],
  ])("%s", (_what, state, action) => {
    expect(refuseChatAction(state, action, origin)).toBeUndefined();
  });
});

describe("a client may not", () => {
  it.each<[string, ChatState, StateAction]>([
    ["start a turn while one runs", busy(), started()],
    ["start a turn a second time", ended([]), started({ turnId: "old" })],
    ["start an empty turn", idle, started({ message: { text: " ", origin: { kind: "user" } } })],
    ["speak as the agent", idle, started({ message: { text: "x", origin: { kind: "agent" } } })],
    [
      "leave a message of a kind that nobody here knows",
      busy(),
      asClient({ type: "chat/pendingMessageSet", kind: "later", id: "m", message }),
    ],
    [
      "take back a message of such a kind",
      { ...busy(), queuedMessages: [{ id: "m", message }] },
      asClient({ type: "chat/pendingMessageRemoved", kind: "later", id: "m" }),
    ],
    [
      "give an answer that nobody here knows",
      busy(question()),
      asClient({ type: "chat/inputCompleted", requestId: "q", response: "later", answers }),
    ],
    ["cancel another turn", busy(), { type: "chat/turnCancelled", turnId: "other", duration: 0 }],
    ["resume a turn that cannot be", ended([]), { type: "chat/turnResume", turnId: "old" }],
    [
      "resume an earlier turn",
      { ...ended([failure]), activeTurn: busy().activeTurn },
      { type: "chat/turnResume", turnId: "old" },
    ],
    ["confirm a call that runs", busy(call("running")), confirmed],
    ["confirm a call that is not there", busy(), confirmed],
    [
      "complete the host's call",
      busy(call("running")),
      { type: "chat/toolCallComplete", turnId: "t", toolCallId: "1", result: { success: true, pastTenseMessage: "x" } },
    ],
    [
      "complete another client's call",
      busy(call("running", { contributor: { kind: "client", clientId: "you" } })),
      { type: "chat/toolCallComplete", turnId: "t", toolCallId: "1", result: { success: true, pastTenseMessage: "x" } },
    ],
    ["take back what does not wait", busy(), { type: "chat/pendingMessageRemoved", kind: "queued", id: "m" }],
    ["accept without a required answer", busy(question()), accepted],
    ["answer a question twice", busy(question({ response: "accept" })), { ...accepted, answers }],
    ["cut the conversation", idle, { type: "chat/truncated" }],
  ])("%s", (_what, state, action) => {
    expect(refuseChatAction(state, action, origin)).toMatch(/\.$/);
  });
});
