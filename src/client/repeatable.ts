import type { StateAction } from "../protocol/actions.ts";
import { isBeforeOne } from "../protocol/versions.ts";
import type { HostInfo } from "./client.ts";

/**
 * What may be sent a second time when a resumed connection has not told whether the first arrived.
 *
 * A replay holds every action that the host has taken, so one without an echo never arrived, with one exception: what the
 * old socket still had under way is read by the host after it has answered `reconnect`. A host of ours recognises the
 * second by `clientId` and `clientSeq` and does nothing; VS Code's host does it again. There, only what changes nothing
 * the second time is repeated. The rest is given up, and whoever dispatched it learns that it may or may not have happened.
 */
export function mayRepeat(action: StateAction, host: HostInfo | undefined): boolean {
  if (host?.fleet !== undefined) return true;
  if (action.type === "chat/turnStarted") return host !== undefined && !isBeforeOne(host.protocolVersion);
  return harmless.has(action.type);
}

/** They set something, or answer or end something by its id. */
const harmless: ReadonlySet<string> = new Set([
  "root/configChanged",
  "session/titleChanged",
  "session/activeClientSet",
  "session/activeClientRemoved",
  "session/workingDirectorySet",
  "session/workingDirectoryRemoved",
  "session/customizationToggled",
  "session/isReadChanged",
  "session/isArchivedChanged",
  "session/configChanged",
  "chat/toolCallConfirmed",
  "chat/toolCallResultConfirmed",
  "chat/turnCancelled",
  "chat/workingDirectorySet",
  "chat/workingDirectoryRemoved",
  "chat/pendingMessageRemoved",
  "chat/queuedMessagesReordered",
  "chat/draftChanged",
  "chat/inputAnswerChanged",
  "chat/inputCompleted",
  "changeset/filesReviewChanged",
  "annotations/set",
  "annotations/updated",
  "annotations/removed",
  "annotations/entrySet",
  "annotations/entryRemoved",
  "terminal/resized",
  "terminal/claimed",
  "terminal/titleChanged",
]);
