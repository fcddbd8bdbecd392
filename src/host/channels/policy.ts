import { assertNever } from "../../base/appError.ts";
import {
  channelKindOfAction,
  type ChannelKind,
  isClientDispatchable,
  type StateAction,
} from "../../protocol/actions.ts";
import type { AnnotationsState } from "../../protocol/annotations.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ChangesetState } from "../../protocol/changeset.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import type { ChannelState } from "../../protocol/reduce.ts";
import { choicesOf } from "../../protocol/sessionChoices.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import type { TerminalState } from "../../protocol/terminal.ts";
import { refuseAnnotationsAction } from "./annotationsPolicy.ts";
import { refuseChatAction } from "./chatPolicy.ts";
import { refuseFleetAction } from "./fleetPolicy.ts";
import type { ClientOrigin } from "./storedRecord.ts";
import { refuseTerminalAction } from "./terminalPolicy.ts";

const maxTitleLength = 300;

/**
 * Why a client may not dispatch this action on this kind of channel in this state, as a sentence; undefined if it may.
 * Fails closed: what is not known to be allowed is refused.
 */
export function refusal(
  kind: ChannelKind,
  state: ChannelState,
  action: StateAction,
  origin: ClientOrigin,
): string | undefined {
  if (!isClientDispatchable(action.type)) return "Only the host may do this.";
  if (channelKindOfAction(action.type) !== kind) return `This channel does not know ${action.type}.`;
  switch (kind) {
    case "session":
      return refuseSessionAction(state as SessionState, action, origin);
    case "chat":
      return refuseChatAction(state as ChatState, action, origin);
    case "changeset":
      return refuseChangesetAction(state as ChangesetState, action);
    case "terminal":
      return refuseTerminalAction(state as TerminalState, action, origin);
    case "fleetSession":
      return refuseFleetAction(state as FleetSessionState, action);
    case "root":
      return "The configuration of this host is in its configuration file.";
    case "annotations":
      return refuseAnnotationsAction(state as AnnotationsState, action);
    case "resourceWatch":
    case "automations":
    case "automationRun":
    case "fleetConflicts":
    case "fleetSpend":
    case "fleetRepository":
      return "This host does not offer that.";
    default:
      return assertNever(kind);
  }
}

function refuseSessionAction(state: SessionState, action: StateAction, origin: ClientOrigin): string | undefined {
  switch (action.type) {
    case "session/isReadChanged":
    case "session/isArchivedChanged":
      return undefined;
    case "session/titleChanged":
      if (action.title.trim() === "") return "A title must not be empty.";
      return action.title.length > maxTitleLength ? `A title has at most ${maxTitleLength} characters.` : undefined;
    case "session/activeClientSet":
      return action.activeClient.clientId === origin.clientId ? undefined : "A client may only announce itself.";
    case "session/activeClientRemoved":
      return action.clientId === origin.clientId ? undefined : "A client may only withdraw itself.";
    case "session/configChanged":
      return fleetMeta("session", state)?.draft ? undefined : refuseChoice(state, action.config, action.replace);
    default:
      return "This host does not offer that.";
  }
}

/** Of a session's configuration only that may be another one which its agent leaves to people. */
function refuseChoice(state: SessionState, config: Record<string, unknown>, isWhole: boolean | undefined) {
  if (!state.config) return "There is no configuration.";
  const choices = new Map(choicesOf(state).map((choice) => [choice.id, choice]));
  const entries = Object.entries(config);
  if (isWhole || entries.length === 0 || entries.some(([id]) => !choices.has(id)))
    return "The configuration of a session is fixed when it is created, but for what its agent lets people choose.";
  const isOffered = ([id, value]: [string, unknown]) => choices.get(id)?.available.some((each) => each.id === value);
  return entries.every(isOffered) ? undefined : "The agent does not offer that choice.";
}

function refuseChangesetAction(state: ChangesetState, action: StateAction): string | undefined {
  if (action.type !== "changeset/filesReviewChanged") return "This host does not offer that.";
  const known = new Set(state.files.map((file) => file.id));
  return action.files.every((id) => known.has(id)) ? undefined : "That file is not part of this changeset.";
}
