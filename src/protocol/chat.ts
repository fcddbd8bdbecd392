import type { ChatAction, ChatActionOf } from "./chatActions.ts";
import type { ActiveTurn, ChatState, ResponsePart, Turn } from "./chatState.ts";
import { addDirectory, removeDirectory } from "./directories.ts";
import type { InputRequest } from "./input.ts";
import { compact, set, type UnknownAction, upsert } from "./schema.ts";
import { STATUS, withActivity, withFlag } from "./status.ts";
import { isToolCallBlocked, type ToolCall } from "./toolCall.ts";
import {
  completeToolCall,
  confirmToolCall,
  confirmToolCallResult,
  readyToolCall,
  requireToolCallAuth,
  resolveToolCallAuth,
  setToolCallContent,
  skipToolCall,
  startToolCall,
  streamToolCall,
} from "./toolCallChanges.ts";

/**
 * The conversation. Actions of a turn that is not the active one change nothing, and neither do those that name a part,
 * tool call or request which is not there.
 */
export function reduceChat(state: ChatState, action: ChatAction | UnknownAction): ChatState {
  switch (action.type) {
    case "chat/turnStarted":
      return startTurn(state, action);
    case "chat/delta":
      return appendText(state, action, "markdown");
    case "chat/reasoning":
      return appendText(state, action, "reasoning");
    case "chat/responsePart":
      // An error part enters by `chat/error` alone.
      return action.part.kind === "error" ? state : addPart(state, action.turnId, action.part);
    case "chat/toolCallStart":
      return addPart(state, action.turnId, { kind: "toolCall", toolCall: startToolCall(action) });
    case "chat/toolCallDelta":
      return updateToolCall(state, action, (toolCall) => streamToolCall(toolCall, action));
    case "chat/toolCallReady":
      return updateToolCall(state, action, (toolCall) => readyToolCall(toolCall, action));
    case "chat/toolCallConfirmed":
      return updateToolCall(state, action, (toolCall) => confirmToolCall(toolCall, action));
    case "chat/toolCallContentChanged":
      return updateToolCall(state, action, (toolCall) => setToolCallContent(toolCall, action));
    case "chat/toolCallComplete":
      return updateToolCall(state, action, (toolCall) => completeToolCall(toolCall, action));
    case "chat/toolCallResultConfirmed":
      return updateToolCall(state, action, (toolCall) => confirmToolCallResult(toolCall, action));
    case "chat/toolCallAuthRequired":
      return updateToolCall(state, action, (toolCall) => requireToolCallAuth(toolCall, action));
    case "chat/toolCallAuthResolved":
      return updateToolCall(state, action, (toolCall) => resolveToolCallAuth(toolCall, action));
    case "chat/turnComplete":
      return endTurn(state, action, "complete");
    case "chat/turnCancelled":
      return endTurn(state, action, "cancelled");
    case "chat/error":
      return endTurn(state, action, "error", action.part);
    case "chat/turnResume":
      return resumeTurn(state, action.turnId);
    case "chat/usage":
      return updateTurn(state, action.turnId, (turn) => set(turn, { usage: action.usage }));
    case "chat/activityChanged":
      return set(state, { activity: action.activity });
    case "chat/workingDirectorySet":
      return set(state, { workingDirectories: addDirectory(state.workingDirectories, action.directory) });
    case "chat/workingDirectoryRemoved":
      return set(state, { workingDirectories: removeDirectory(state.workingDirectories, action.directory) });
    case "chat/pendingMessageSet":
      return setPending(state, action);
    case "chat/pendingMessageRemoved":
      return dropPending(state, action.kind, action.id);
    case "chat/queuedMessagesReordered":
      return reorderQueue(state, action.order);
    case "chat/draftChanged":
      return set(state, { draft: action.draft });
    case "chat/inputRequested":
      return requestInput(state, action.request);
    case "chat/inputAnswerChanged":
      return changeAnswer(state, action);
    case "chat/inputCompleted":
      return updateOpenInput(state, action.requestId, (part) =>
        set(part, {
          request: set(part.request, { answers: action.answers ?? part.request.answers }),
          response: action.response,
        }),
      );
    case "chat/truncated":
      return truncate(state, action.turnId);
    case "chat/turnsLoaded": {
      const known = new Set(state.turns.map((turn) => turn.id));
      const older = action.turns.filter((turn) => !known.has(turn.id));
      return set(state, { turns: [...older, ...state.turns], turnsNextCursor: action.turnsNextCursor });
    }
    case "(unknown)":
    default:
      return state;
  }
}

/** Is the turn under way, or in what is loaded of the past? */
export function hasTurn(state: ChatState, turnId: string): boolean {
  return state.activeTurn?.id === turnId || state.turns.some((turn) => turn.id === turnId);
}

function isOpenInput(part: ResponsePart): part is Extract<ResponsePart, { kind: "inputRequest" }> {
  return part.kind === "inputRequest" && !part.response;
}

/** The activity bits follow from what the active turn waits for. */
function withDerivedActivity(state: ChatState): ChatState {
  const parts = state.activeTurn?.responseParts;
  const isBlocked = parts?.some(
    (part) => isOpenInput(part) || (part.kind === "toolCall" && isToolCallBlocked(part.toolCall)),
  );
  const activity = isBlocked ? STATUS.inputNeeded : parts ? STATUS.inProgress : STATUS.idle;
  return set(state, { status: withActivity(state.status, activity) });
}

function startTurn(state: ChatState, action: ChatActionOf<"chat/turnStarted">): ChatState {
  const { turnId, startedAt, message, queuedMessageId } = action;
  const consumed = queuedMessageId
    ? dropPending(dropPending(state, "queued", queuedMessageId), "steering", queuedMessageId)
    : state;
  const started = set(consumed, {
    status: withFlag(state.status, STATUS.isRead, false),
    modifiedAt: startedAt,
    activeTurn: { id: turnId, startedAt, message, responseParts: [] },
  });
  return withDerivedActivity(started);
}

function updateTurn(state: ChatState, turnId: string, update: (turn: ActiveTurn) => ActiveTurn): ChatState {
  const turn = state.activeTurn;
  if (!turn || turn.id !== turnId) return state;
  const updated = update(turn);
  return updated === turn ? state : { ...state, activeTurn: updated };
}

function addPart(state: ChatState, turnId: string, part: ResponsePart): ChatState {
  const changed = updateTurn(state, turnId, (turn) => ({ ...turn, responseParts: [...turn.responseParts, part] }));
  return changed === state ? state : withDerivedActivity(changed);
}

function appendText(
  state: ChatState,
  action: ChatActionOf<"chat/delta" | "chat/reasoning">,
  kind: "markdown" | "reasoning",
): ChatState {
  return updateTurn(state, action.turnId, (turn) => {
    const index = turn.responseParts.findIndex((part) => "id" in part && part.id === action.partId);
    const part = turn.responseParts[index];
    if (part?.kind !== kind || action.content === "") return turn;
    const longer = { ...part, content: part.content + action.content };
    return { ...turn, responseParts: turn.responseParts.with(index, longer) };
  });
}

function updateToolCall(
  state: ChatState,
  target: { turnId: string; toolCallId: string },
  update: (toolCall: ToolCall) => ToolCall,
): ChatState {
  const changed = updateTurn(state, target.turnId, (turn) => {
    const index = turn.responseParts.findIndex((part) => isToolCallPart(part, target.toolCallId));
    const part = turn.responseParts[index];
    if (part?.kind !== "toolCall") return turn;
    const toolCall = update(part.toolCall);
    if (toolCall === part.toolCall) return turn;
    return { ...turn, responseParts: turn.responseParts.with(index, { ...part, toolCall }) };
  });
  return changed === state ? state : withDerivedActivity(changed);
}

function isToolCallPart(part: ResponsePart, toolCallId: string): boolean {
  return part.kind === "toolCall" && part.toolCall.toolCallId === toolCallId;
}

function endTurn(
  state: ChatState,
  action: { turnId: string; duration: number },
  outcome: Turn["state"],
  error?: ResponsePart,
): ChatState {
  const { activeTurn } = state;
  if (activeTurn?.id !== action.turnId) return state;
  const duration = Math.max(0, action.duration);
  const closed = activeTurn.responseParts.map(closePart);
  const turn: Turn = { ...activeTurn, duration, responseParts: error ? [...closed, error] : closed, state: outcome };
  return set(state, {
    turns: [...state.turns, turn],
    activeTurn: undefined,
    status: withActivity(state.status, outcome === "error" ? STATUS.error : STATUS.idle),
    modifiedAt: later(activeTurn.startedAt, duration) ?? state.modifiedAt,
  });
}

function closePart(part: ResponsePart): ResponsePart {
  return part.kind === "toolCall" ? set(part, { toolCall: skipToolCall(part.toolCall) }) : part;
}

/** `undefined` where either is no time. */
function later(timestamp: string, ms: number): string | undefined {
  const date = new Date(Date.parse(timestamp) + ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Takes up the last turn again if it ended in an error that says it can be. */
function resumeTurn(state: ChatState, turnId: string): ChatState {
  const turn = state.turns.at(-1);
  const last = turn?.responseParts.at(-1);
  if (state.activeTurn || turn?.id !== turnId || turn.state !== "error") return state;
  if (last?.kind !== "error" || !last.resumable) return state;
  const { state: _outcome, duration: _duration, ...resumed } = turn;
  const activeTurn: ActiveTurn = { ...resumed, startedAt: turn.startedAt ?? state.modifiedAt };
  return withDerivedActivity(set(state, { turns: state.turns.slice(0, -1), activeTurn }));
}

function setPending(state: ChatState, { kind, id, message }: ChatActionOf<"chat/pendingMessageSet">): ChatState {
  switch (kind) {
    case "steering":
      return set(state, { steeringMessage: { id, message } });
    case "queued":
      return set(state, { queuedMessages: upsert(state.queuedMessages ?? [], { id, message }, (queued) => queued.id) });
    case "(unknown)":
    default:
      return state;
  }
}

/** An empty queue is an absent one. */
function dropPending(
  state: ChatState,
  kind: ChatActionOf<"chat/pendingMessageRemoved">["kind"],
  id: string,
): ChatState {
  switch (kind) {
    case "steering":
      return state.steeringMessage?.id === id ? set(state, { steeringMessage: undefined }) : state;
    case "queued": {
      const left = state.queuedMessages?.filter((pending) => pending.id !== id);
      return set(state, { queuedMessages: left && left.length > 0 ? left : undefined });
    }
    case "(unknown)":
    default:
      return state;
  }
}

/** What the order leaves out stays behind, in the order it had. */
function reorderQueue(state: ChatState, order: readonly string[]): ChatState {
  const queue = state.queuedMessages;
  if (!queue) return state;
  const byId = new Map(queue.map((pending) => [pending.id, pending]));
  const first = Array.from(new Set(order)).flatMap((id) => byId.get(id) ?? []);
  const named = new Set(first);
  return set(state, { queuedMessages: [...first, ...queue.filter((pending) => !named.has(pending))] });
}

/** The same open request again replaces the part in place; drafts stay unless other answers come with it. */
function requestInput(state: ChatState, request: InputRequest): ChatState {
  const turn = state.activeTurn;
  if (!turn) return state;
  const index = turn.responseParts.findIndex((part) => isOpenInput(part) && part.request.id === request.id);
  const open = turn.responseParts[index];
  const responseParts =
    open?.kind === "inputRequest"
      ? turn.responseParts.with(
          index,
          set(open, { request: compact({ ...request, answers: request.answers ?? open.request.answers }) }),
        )
      : [...turn.responseParts, { kind: "inputRequest" as const, request }];
  const asked = set(state, {
    status: withFlag(state.status, STATUS.isRead, false),
    activeTurn: set(turn, { responseParts }),
  });
  return withDerivedActivity(asked);
}

function updateOpenInput(
  state: ChatState,
  requestId: string,
  update: (part: Extract<ResponsePart, { kind: "inputRequest" }>) => ResponsePart,
): ChatState {
  const turn = state.activeTurn;
  const index = turn?.responseParts.findIndex((part) => isOpenInput(part) && part.request.id === requestId) ?? -1;
  const part = turn?.responseParts[index];
  if (!turn || part?.kind !== "inputRequest") return state;
  const activeTurn = set(turn, { responseParts: turn.responseParts.with(index, update(part)) });
  return withDerivedActivity(set(state, { activeTurn }));
}

function changeAnswer(state: ChatState, action: ChatActionOf<"chat/inputAnswerChanged">): ChatState {
  return updateOpenInput(state, action.requestId, (part) => {
    const { [action.questionId]: _former, ...others } = part.request.answers ?? {};
    const answers = action.answer ? { ...others, [action.questionId]: action.answer } : others;
    const left = Object.keys(answers).length > 0 ? answers : undefined;
    return set(part, { request: set(part.request, { answers: left }) });
  });
}

function truncate(state: ChatState, turnId: string | undefined): ChatState {
  const last = turnId ? state.turns.findIndex((turn) => turn.id === turnId) : -1;
  if (turnId && last === -1) return state;
  const cut = set(state, {
    turns: state.turns.slice(0, last + 1),
    activeTurn: undefined,
    turnsNextCursor: turnId ? state.turnsNextCursor : undefined,
  });
  return withDerivedActivity(cut);
}
