import { isSame } from "../base/isSame.ts";
import type { ChatState, ChatSummary } from "./chatState.ts";
import type { SessionSummary, SessionSummaryChanges } from "./methods.ts";
import { compact, set } from "./schema.ts";
import type { SessionInputRequest } from "./sessionState.ts";
import { activityOf, isFailed, isInProgress, needsInput, STATUS, type Status, withActivity } from "./status.ts";

/** What a host derives from its chats for their session, and from its sessions for the list of them. */

/** The row of a chat in its session. */
export function chatSummaryOf(chat: ChatState): ChatSummary {
  const { resource, title, status, activity, modifiedAt, origin, interactivity, workingDirectories } = chat;
  return compact({ resource, title, status, activity, modifiedAt, origin, interactivity, workingDirectories });
}

/**
 * The session's status by its chats: waiting wins over failed, failed over working; else the default chat's, or the
 * newest's. Flags of `status` (read, archived) stay.
 */
export function aggregateStatus(
  status: Status,
  chats: readonly Pick<ChatSummary, "resource" | "status" | "modifiedAt">[],
  defaultChat?: string,
): Status {
  if (chats.some((chat) => needsInput(chat.status))) return withActivity(status, STATUS.inputNeeded);
  if (chats.some((chat) => isFailed(chat.status))) return withActivity(status, STATUS.error);
  if (chats.some((chat) => isInProgress(chat.status))) return withActivity(status, STATUS.inProgress);
  const newest = chats.toSorted((a, b) => compareTimes(b.modifiedAt, a.modifiedAt))[0];
  const chosen = chats.find((chat) => chat.resource === defaultChat) ?? newest;
  return chosen ? withActivity(status, activityOf(chosen.status)) : status;
}

/** The latest of the chats' times; `fallback` (the creation) without chats. */
export function latestModifiedAt(chats: readonly Pick<ChatSummary, "modifiedAt">[], fallback: string): string {
  return chats.reduce(
    (latest, chat) => (compareTimes(chat.modifiedAt, latest) > 0 ? chat.modifiedAt : latest),
    fallback,
  );
}

function compareTimes(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b) || 0;
}

/**
 * Everything in a chat that waits for a person or for a client, in the order of the transcript: what
 * `SessionState.inputNeeded` has to hold for it. Ids are stable for as long as the entry waits for the same thing.
 */
export function inputNeededOf(chat: Pick<ChatState, "resource" | "activeTurn">): SessionInputRequest[] {
  const turn = chat.activeTurn;
  if (!turn) return [];
  return turn.responseParts.flatMap((part): SessionInputRequest[] => {
    if (part.kind === "inputRequest" && !part.response) {
      const { request } = part;
      return [{ kind: "chatInput", id: `chatInput:${chat.resource}:${request.id}`, chat: chat.resource, request }];
    }
    if (part.kind !== "toolCall") return [];
    const { toolCall } = part;
    const entry = (kind: string) => ({
      id: `${kind}:${chat.resource}:${turn.id}:${toolCall.toolCallId}`,
      chat: chat.resource,
      turnId: turn.id,
      toolCall,
    });
    switch (toolCall.status) {
      case "pending-confirmation":
      case "pending-result-confirmation":
        return [{ kind: "toolConfirmation", ...entry("toolConfirmation") }];
      case "auth-required":
        return [{ kind: "toolAuthentication", ...entry("toolAuthentication") }];
      case "running": {
        if (toolCall.contributor?.kind !== "client") return [];
        const { clientId } = toolCall.contributor;
        return [{ kind: "toolClientExecution", clientId, ...entry("toolClientExecution") }];
      }
      case "streaming":
      case "completed":
      case "cancelled":
      case "(unknown)":
      default:
        return [];
    }
  });
}

const changeable = [
  "title",
  "status",
  "activity",
  "project",
  "workingDirectories",
  "annotations",
  "modifiedAt",
  "changes",
  "_meta",
] as const satisfies readonly (keyof SessionSummary & keyof SessionSummaryChanges)[];

/** The members that differ, whole; a cleared one is `null`. `undefined` when nothing differs. */
export function summaryChanges(before: SessionSummary, after: SessionSummary): SessionSummaryChanges | undefined {
  const changed = changeable.filter((key) => !isSame(before[key], after[key]));
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((key) => [key, after[key] ?? null]));
}

/** A summary after a `root/sessionSummaryChanged`. Identity members never change. */
export function applySummaryChanges(summary: SessionSummary, changes: SessionSummaryChanges): SessionSummary {
  const present = changeable.filter((key) => changes[key] !== undefined);
  return set<SessionSummary>(summary, Object.fromEntries(present.map((key) => [key, changes[key]])));
}
