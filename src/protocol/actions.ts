import * as z from "zod/mini";
import { err, ok, type Result } from "../base/result.ts";
import { type AnnotationsAction, annotationsActions } from "./annotations.ts";
import { type AutomationRunAction, automationRunActions } from "./automationRun.ts";
import { type AutomationAction, automationActions } from "./automations.ts";
import { type ChangesetAction, changesetActions } from "./changeset.ts";
import { type ChatAction, chatActions } from "./chatActions.ts";
import { decode } from "./decode.ts";
import { type ClientActionType, clientDispatchable, fleetDispatchable } from "./dispatchable.ts";
import { type FleetSessionAction, fleetSessionActions } from "./fleet.ts";
import { type FleetConflictsAction, fleetConflictsActions } from "./fleetConflicts.ts";
import { type FleetSpendAction, fleetSpendActions } from "./fleetLedger.ts";
import { type FleetRepositoryAction, fleetRepositoryActions } from "./fleetRepository.ts";
import { type ResourceWatchAction, resourceWatchActions } from "./resourceWatch.ts";
import { type RootAction, rootActions } from "./root.ts";
import { isHotEnvelope } from "./hotEnvelope.ts";
import { decodedBy, loose, opt, recognisedBy, type UnknownAction, Uri } from "./schema.ts";
import { type SessionAction, sessionActions } from "./session.ts";
import { type TerminalAction, terminalActions } from "./terminal.ts";

export type KnownAction =
  | RootAction
  | SessionAction
  | ChatAction
  | ChangesetAction
  | TerminalAction
  | AnnotationsAction
  | ResourceWatchAction
  | AutomationAction
  | AutomationRunAction
  | FleetSessionAction
  | FleetConflictsAction
  | FleetSpendAction
  | FleetRepositoryAction;

/** Any action of the wire. One of a type that we do not know keeps all its members and folds to no change. */
export type StateAction = KnownAction | UnknownAction;

export type ChannelKind =
  | "root"
  | "session"
  | "chat"
  | "changeset"
  | "terminal"
  | "annotations"
  | "resourceWatch"
  | "automations"
  | "automationRun"
  | "fleetSession"
  | "fleetConflicts"
  | "fleetSpend"
  | "fleetRepository";

/** The schemas of the actions that each kind of channel folds, by their type. */
export const actionTables: Record<ChannelKind, Readonly<Record<string, z.core.$ZodType<KnownAction>>>> = {
  root: rootActions,
  session: sessionActions,
  chat: chatActions,
  changeset: changesetActions,
  terminal: terminalActions,
  annotations: annotationsActions,
  resourceWatch: resourceWatchActions,
  automations: automationActions,
  automationRun: automationRunActions,
  fleetSession: fleetSessionActions,
  fleetConflicts: fleetConflictsActions,
  fleetSpend: fleetSpendActions,
  fleetRepository: fleetRepositoryActions,
};

interface KnownType {
  readonly channel: ChannelKind;
  readonly schema: z.core.$ZodType<KnownAction>;
}

export const channelKinds = Object.keys(actionTables).filter((kind): kind is ChannelKind => kind in actionTables);
const knownTypes: ReadonlyMap<string, KnownType> = new Map(
  channelKinds.flatMap((channel) =>
    Object.entries(actionTables[channel]).map(([type, schema]) => [type, { channel, schema }]),
  ),
);

/**
 * One action of the wire. An unknown type survives with all its members; a known type of a wrong shape is refused with a
 * sentence that names the member but repeats none of its content.
 */
export function parseAction(value: unknown): Result<StateAction, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return err("An action must be an object.");
  if (!hasType(value)) return err("An action must have a type.");
  const known = knownTypes.get(value.type);
  if (!known) return ok(value);
  const decoded = decode(known.schema, value);
  return decoded.ok ? decoded : err(`The action ${value.type} is malformed${decoded.error && ` at ${decoded.error}`}.`);
}

/** Says "unknown" to the compiler; whoever looks the type up finds out. */
function hasType(value: object): value is UnknownAction {
  return "type" in value && typeof value.type === "string";
}

export function isKnownAction(action: StateAction): action is KnownAction {
  return knownTypes.has(action.type);
}

/** May a client dispatch actions of this type at all? Whether it may do so at present is the channel's to say. */
export function isClientDispatchable(type: string): type is ClientActionType {
  const table: Readonly<Record<string, boolean>> = clientDispatchable;
  return Object.hasOwn(fleetDispatchable, type) || (Object.hasOwn(table, type) && table[type] === true);
}

/** The kind of channel that folds actions of this type; `undefined` for a type that we do not know. */
export function channelKindOfAction(type: string): ChannelKind | undefined {
  return knownTypes.get(type)?.channel;
}

export const StateActionSchema = decodedBy(parseAction);

/** Which dispatch of which client an envelope echoes. `clientSeq` is the client's own count and need not be unique. */
export const ActionOrigin = loose({ clientId: z.string(), clientSeq: z.number() });
export type ActionOrigin = z.infer<typeof ActionOrigin>;

/**
 * An action as it happened. `serverSeq` counts all channels of the host together, and refusals too. With
 * `rejectionReason` the action did not happen: only its sender has to do something, that is to take it back.
 */
export const ActionEnvelope = recognisedBy(
  isHotEnvelope,
  loose({
    channel: Uri,
    action: StateActionSchema,
    serverSeq: z.number(),
    origin: opt(ActionOrigin),
    rejectionReason: opt(z.string()),
  }),
);
export type ActionEnvelope = z.infer<typeof ActionEnvelope>;
