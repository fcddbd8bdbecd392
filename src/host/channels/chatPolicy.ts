import type { StateAction } from "../../protocol/actions.ts";
import type { ChatState, Message, ResponsePart } from "../../protocol/chatState.ts";
import { type InputRequest, InputResponse } from "../../protocol/input.ts";
import type { ChatActionOf } from "../../protocol/chatActions.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";
import type { ClientOrigin } from "./storedRecord.ts";

const maxQueuedMessages = 50;
const maxIdLength = 200;

/** Why a client may not dispatch this action on a chat in this state; see `refusal`. */
export function refuseChatAction(state: ChatState, action: StateAction, origin: ClientOrigin): string | undefined {
  switch (action.type) {
    case "chat/turnStarted":
      return refuseTurnStarted(state, action);
    case "chat/turnCancelled":
      return state.activeTurn?.id === action.turnId ? undefined : "That turn is not running.";
    case "chat/turnResume":
      return canResume(state, action.turnId) ? undefined : "That turn cannot be resumed.";
    case "chat/toolCallConfirmed":
      return refuseConfirmation(state, action);
    case "chat/toolCallResultConfirmed":
      return refuseInStatus(state, action, "pending-result-confirmation", "That result does not wait for an approval.");
    case "chat/toolCallContentChanged":
    case "chat/toolCallComplete":
      return ownsToolCall(state, action, origin) ? undefined : "That tool call is not this client's.";
    case "chat/pendingMessageSet":
      return refusePendingMessage(state, action);
    case "chat/pendingMessageRemoved":
      return hasPending(state, action) ? undefined : "That message is no longer waiting.";
    case "chat/queuedMessagesReordered":
    case "chat/draftChanged":
      return undefined;
    case "chat/inputAnswerChanged":
      return openRequest(state, action.requestId) ? undefined : "That question is no longer open.";
    case "chat/inputCompleted":
      return refuseInputCompleted(state, action);
    default:
      return "This host does not offer that.";
  }
}

function refuseTurnStarted(state: ChatState, action: ChatActionOf<"chat/turnStarted">): string | undefined {
  if (state.activeTurn) return "The agent is still working on the last message. Stop it, or queue this one.";
  if (action.turnId === "" || action.turnId.length > maxIdLength) return "A turn needs an id of 1 to 200 characters.";
  if (state.turns.some((turn) => turn.id === action.turnId)) return "That turn is over already.";
  if (action.queuedMessageId !== undefined) return "Queued messages are started by the host.";
  return refuseMessage(action.message);
}

function refuseMessage(message: Message): string | undefined {
  if (message.text.trim() === "" && !message.attachments?.length) return "The message is empty.";
  return message.origin.kind === "user" ? undefined : "A client speaks for its user only.";
}

/** The reducer's own condition: the last turn, failed, and its failure says that it may go on. */
function canResume(state: ChatState, turnId: string): boolean {
  const last = state.turns.at(-1);
  const end = last?.responseParts.at(-1);
  const isResumable = end?.kind === "error" && end.resumable === true;
  return state.activeTurn === undefined && last?.id === turnId && last.state === "error" && isResumable;
}

/** The answer must be one that was offered, to the call as it was shown. */
function refuseConfirmation(state: ChatState, action: ChatActionOf<"chat/toolCallConfirmed">): string | undefined {
  const call = findToolCall(state, action);
  if (call?.status !== "pending-confirmation") return "That tool call does not wait for an approval.";
  if (action.selectedOptionId !== undefined) {
    const option = call.options?.find(({ id }) => id === action.selectedOptionId);
    if (!option) return "That choice is not one of those that were offered.";
    if (option.kind === (action.approved ? "deny" : "approve")) return "That choice says the opposite of the answer.";
  }
  if (!action.approved || action.editedToolInput === undefined || call.editable === true) return undefined;
  return action.editedToolInput === call.toolInput ? undefined : "What this call does can only be approved as it is.";
}

function refuseInStatus(
  state: ChatState,
  action: { readonly turnId: string; readonly toolCallId: string },
  status: ToolCall["status"],
  reason: string,
): string | undefined {
  return findToolCall(state, action)?.status === status ? undefined : reason;
}

function ownsToolCall(
  state: ChatState,
  action: { readonly turnId: string; readonly toolCallId: string },
  origin: ClientOrigin,
): boolean {
  const call = findToolCall(state, action);
  if (call === undefined || call.status === "(unknown)") return false;
  return call.contributor?.kind === "client" && call.contributor.clientId === origin.clientId;
}

function refusePendingMessage(state: ChatState, action: ChatActionOf<"chat/pendingMessageSet">): string | undefined {
  if (action.kind !== "queued") return "This host cannot steer a running turn. Queue the message instead.";
  if (action.id === "" || action.id.length > maxIdLength) return "A message needs an id of 1 to 200 characters.";
  const queued = state.queuedMessages ?? [];
  const isFull = queued.length >= maxQueuedMessages && !queued.some((message) => message.id === action.id);
  return isFull ? `At most ${maxQueuedMessages} messages can wait.` : refuseMessage(action.message);
}

function hasPending(state: ChatState, action: ChatActionOf<"chat/pendingMessageRemoved">): boolean {
  if (action.kind === "steering") return state.steeringMessage?.id === action.id;
  return action.kind === "queued" && (state.queuedMessages?.some((message) => message.id === action.id) ?? false);
}

function refuseInputCompleted(state: ChatState, action: ChatActionOf<"chat/inputCompleted">): string | undefined {
  const request = openRequest(state, action.requestId);
  if (!request) return "That question is no longer open.";
  if (!InputResponse.safeParse(action.response).success) return "This host does not know that answer.";
  if (action.response !== "accept") return undefined;
  const answers = { ...request.answers, ...action.answers };
  const missing = request.questions?.find(
    (question) => "required" in question && question.required === true && !isAnswered(answers[question.id]),
  );
  return missing ? "A required question has no answer." : undefined;
}

function isAnswered(answer: { readonly state: string } | undefined): boolean {
  return answer !== undefined && answer.state !== "skipped";
}

function openRequest(state: ChatState, requestId: string): InputRequest | undefined {
  const part = state.activeTurn?.responseParts.find((candidate) => isOpenRequest(candidate, requestId));
  return part?.kind === "inputRequest" ? part.request : undefined;
}

function isOpenRequest(part: ResponsePart, requestId: string): boolean {
  return part.kind === "inputRequest" && part.request.id === requestId && part.response === undefined;
}

/** The call with this id in the running turn. */
export function findToolCall(
  state: ChatState,
  ref: { readonly turnId: string; readonly toolCallId: string },
): ToolCall | undefined {
  if (state.activeTurn?.id !== ref.turnId) return undefined;
  for (const part of state.activeTurn.responseParts) {
    if (part.kind !== "toolCall" || part.toolCall.status === "(unknown)") continue;
    if (part.toolCall.toolCallId === ref.toolCallId) return part.toolCall;
  }
  return undefined;
}
