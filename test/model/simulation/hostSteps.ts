import type { ChannelKind, StateAction } from "../../../src/protocol/actions.ts";
import type { ChangesetState } from "../../../src/protocol/changeset.ts";
import type { ChatState } from "../../../src/protocol/chatState.ts";
import type { ChannelState } from "../../../src/protocol/reduce.ts";
import type { ToolCall } from "../../../src/protocol/toolCall.ts";

const at = "2026-01-01T00:00:00.000Z";

/** What a host does next on a channel in this state. `choice` picks; `token` is in the text that is appended, once. */
export function hostStep(kind: ChannelKind, state: ChannelState, choice: number, token: number): StateAction[] {
  switch (kind) {
    case "chat":
      return chatStep(state as ChatState, choice, token);
    case "terminal":
      return choice % 5 === 0
        ? [{ type: "terminal/titleChanged", title: `Terminal ${token}` }]
        : [{ type: "terminal/data", data: `<${token}>` }];
    case "changeset":
      return changesetStep(state as ChangesetState, choice, token);
    case "session":
      return sessionStep(choice, token);
    case "root":
      return [{ type: "root/activeSessionsChanged", activeSessions: token }];
    case "annotations":
      return [{ type: "annotations/set", annotation: anAnnotation(choice, token) }];
    case "fleetSession":
      return [{ type: "x-fleet/phaseChanged", phase: choice % 2 === 0 ? "working" : "ready", stage: `Step ${token}` }];
    default:
      return [];
  }
}

function chatStep(state: ChatState, choice: number, token: number): StateAction[] {
  const turn = state.activeTurn;
  if (turn === undefined) return startTurn(state, choice, token);
  const turnId = turn.id;
  const call = turn.responseParts.find(isOpenCall)?.toolCall;
  const part = turn.responseParts.findLast((candidate) => candidate.kind === "markdown");
  const partId = part?.kind === "markdown" ? part.id : undefined;
  switch (choice % 12) {
    case 0:
      return [{ type: "chat/responsePart", turnId, part: { kind: "markdown", id: `m${token}`, content: "" } }];
    case 1:
      return [startOfCall(turnId, `call-${token}`)];
    case 2:
      return call ? [readyCall(turnId, call.toolCallId)] : [];
    case 3:
      return call ? [completeCall(turnId, call.toolCallId, token)] : [];
    case 4:
      return [{ type: "chat/inputRequested", request: { id: `q${token}`, message: "Which?", questions: [] } }];
    case 5:
      return [{ type: "chat/turnComplete", turnId, duration: token }];
    case 6:
      return [
        {
          type: "chat/error",
          turnId,
          duration: token,
          part: { kind: "error", error: { errorType: "query", message: `Failed ${token}` }, resumable: true },
        },
      ];
    case 7:
      return [{ type: "chat/usage", turnId, usage: { inputTokens: token } }];
    default:
      return partId === undefined
        ? [{ type: "chat/responsePart", turnId, part: { kind: "markdown", id: `m${token}`, content: `<${token}>` } }]
        : [{ type: "chat/delta", turnId, partId, content: `<${token}>` }];
  }
}

function startTurn(state: ChatState, choice: number, token: number): StateAction[] {
  const queued = state.queuedMessages?.[0];
  const last = state.turns.at(-1);
  if (queued !== undefined) {
    const { id, message } = queued;
    return [{ type: "chat/turnStarted", turnId: `host-${token}`, startedAt: at, message, queuedMessageId: id }];
  }
  if (choice % 3 === 0 && last?.state === "error") return [{ type: "chat/turnResume", turnId: last.id }];
  if (choice % 7 === 0) return [{ type: "chat/truncated", ...(last && { turnId: last.id }) }];
  const message = { text: `Agent ${token}`, origin: { kind: "agent" } };
  return [{ type: "chat/turnStarted", turnId: `host-${token}`, startedAt: at, message }];
}

function isOpenCall(part: object): part is { kind: "toolCall"; toolCall: ToolCall } {
  if (!("toolCall" in part)) return false;
  const { status } = part.toolCall as ToolCall;
  return status !== "completed" && status !== "cancelled";
}

function startOfCall(turnId: string, toolCallId: string): StateAction {
  return { type: "chat/toolCallStart", turnId, toolCallId, toolName: "shell", displayName: "Shell" };
}

function readyCall(turnId: string, toolCallId: string): StateAction {
  return { type: "chat/toolCallReady", turnId, toolCallId, invocationMessage: "Run it", toolInput: "ls" };
}

function completeCall(turnId: string, toolCallId: string, token: number): StateAction {
  const result = { success: token % 2 === 0, pastTenseMessage: `Ran ${token}` };
  return { type: "chat/toolCallComplete", turnId, toolCallId, result };
}

function changesetStep(state: ChangesetState, choice: number, token: number): StateAction[] {
  const id = `file-${choice % 4}`;
  const file = { id, edit: { diff: { added: token, removed: 0 } } };
  switch (choice % 5) {
    case 0:
      return [{ type: "changeset/fileRemoved", fileId: id }];
    case 1:
      return [{ type: "changeset/statusChanged", status: state.status === "ready" ? "computing" : "ready" }];
    case 2:
      return [{ type: "changeset/contentChanged", files: [file] }];
    default:
      return [{ type: "changeset/fileSet", file }];
  }
}

function sessionStep(choice: number, token: number): StateAction[] {
  switch (choice % 3) {
    case 0:
      return [{ type: "session/titleChanged", title: `Host ${token}` }];
    case 1:
      return [{ type: "session/activityChanged", activity: `Busy ${token}` }];
    default:
      return [{ type: "session/metaChanged", _meta: { token } }];
  }
}

export function anAnnotation(choice: number, token: number) {
  const entries = [{ id: "e1", text: `Remark ${token}` }];
  return { id: `a${choice % 3}`, resource: "x-fleet-file:/session-0/a.ts", resolved: false, entries };
}
