import type { ChannelKind, StateAction } from "../../../src/protocol/actions.ts";
import type { ChangesetState } from "../../../src/protocol/changeset.ts";
import type { ChatState } from "../../../src/protocol/chatState.ts";
import type { ChannelState } from "../../../src/protocol/reduce.ts";
import { NONCE } from "./history.ts";
import { anAnnotation } from "./hostSteps.ts";

/**
 * What a person (or a client that is out of its mind) does about a channel in the state that it shows. The action
 * carries `nonce`, so that it can be told from every other.
 */
export function clientStep(
  kind: ChannelKind,
  state: ChannelState | undefined,
  choice: number,
  nonce: number,
): StateAction {
  return Object.assign(stepOf(kind, state, choice, nonce), { [NONCE]: nonce });
}

function stepOf(kind: ChannelKind, state: ChannelState | undefined, choice: number, nonce: number): StateAction {
  // Not a client's to do, or of another kind of channel, or of no kind that anybody knows.
  if (choice % 17 === 0) return { type: "session/activityChanged", activity: `Spoof ${nonce}` };
  switch (kind) {
    case "chat":
      return chatStep(state as ChatState | undefined, choice, nonce);
    case "session":
      return sessionStep(choice, nonce);
    case "changeset": {
      const files = (state as ChangesetState | undefined)?.files.map(({ id }) => id) ?? [];
      return { type: "changeset/filesReviewChanged", files: files.slice(0, choice % 3), reviewed: choice % 2 === 0 };
    }
    case "annotations":
      return choice % 3 === 0
        ? { type: "annotations/removed", annotationId: `a${nonce % 3}` }
        : { type: "annotations/set", annotation: anAnnotation(choice, nonce) };
    default:
      return { type: "terminal/titleChanged", title: `Named ${nonce}` };
  }
}

function sessionStep(choice: number, nonce: number): StateAction {
  switch (choice % 4) {
    case 0:
      return { type: "session/isReadChanged", isRead: nonce % 2 === 0 };
    case 1:
      return { type: "session/isArchivedChanged", isArchived: nonce % 2 === 0 };
    // An empty title is refused by a host that looks.
    case 2:
      return { type: "session/titleChanged", title: nonce % 5 === 0 ? "" : `Person ${nonce}` };
    default:
      return { type: "session/titleChanged", title: `Person ${nonce}` };
  }
}

function chatStep(state: ChatState | undefined, choice: number, nonce: number): StateAction {
  const turn = state?.activeTurn;
  const message = { text: `Person ${nonce}`, origin: { kind: "user" } };
  switch (choice % 9) {
    case 0:
    case 1:
      return { type: "chat/turnStarted", turnId: `turn-${nonce}`, startedAt: "2026-01-01T00:00:00.000Z", message };
    case 2:
      return { type: "chat/turnCancelled", turnId: turn?.id ?? "none", duration: nonce };
    case 3:
      return { type: "chat/pendingMessageSet", kind: "queued", id: `message-${nonce}`, message };
    case 4:
      return { type: "chat/pendingMessageRemoved", kind: "queued", id: state?.queuedMessages?.[0]?.id ?? "none" };
    case 5: {
      const part = turn?.responseParts.find((candidate) => candidate.kind === "toolCall");
      const toolCallId = part?.kind === "toolCall" ? part.toolCall.toolCallId : "none";
      const base = { type: "chat/toolCallConfirmed", turnId: turn?.id ?? "none", toolCallId } as const;
      return nonce % 2 === 0
        ? { ...base, approved: true, confirmed: "user-action" }
        : { ...base, approved: false, reason: "denied" };
    }
    case 6: {
      const part = turn?.responseParts.findLast((candidate) => candidate.kind === "inputRequest");
      const requestId = part?.kind === "inputRequest" ? part.request.id : "none";
      return { type: "chat/inputCompleted", requestId, response: nonce % 2 === 0 ? "accept" : "cancel" };
    }
    default:
      return { type: "chat/draftChanged", draft: message };
  }
}
