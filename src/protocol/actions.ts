import * as z from "zod/mini";
import { err, ok, type Result } from "../base/result.ts";
import { type AnnotationsAction, annotationsActions } from "./annotations.ts";
import { type ChangesetAction, changesetActions } from "./changeset.ts";
import { type ChatAction, chatActions } from "./chatActions.ts";
import { clientDispatchable } from "./dispatchable.ts";
import { type FleetSessionAction, fleetSessionActions } from "./fleet.ts";
import { type ResourceWatchAction, resourceWatchActions } from "./resourceWatch.ts";
import { type RootAction, rootActions } from "./root.ts";
import { loose, opt, type UnknownAction, Uri } from "./schema.ts";
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
  | FleetSessionAction;

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
  | "fleetSession";

const tables: Record<ChannelKind, Readonly<Record<string, z.core.$ZodType<KnownAction>>>> = {
  root: rootActions,
  session: sessionActions,
  chat: chatActions,
  changeset: changesetActions,
  terminal: terminalActions,
  annotations: annotationsActions,
  resourceWatch: resourceWatchActions,
  fleetSession: fleetSessionActions,
};

interface KnownType {
  readonly channel: ChannelKind;
  readonly schema: z.core.$ZodType<KnownAction>;
}

const kinds = Object.keys(tables).filter((kind): kind is ChannelKind => kind in tables);
const knownTypes: ReadonlyMap<string, KnownType> = new Map(
  kinds.flatMap((channel) => Object.entries(tables[channel]).map(([type, schema]) => [type, { channel, schema }])),
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
  const parsed = z.safeParse(known.schema, value);
  if (parsed.success) return ok(parsed.data);
  const path = parsed.error.issues[0]?.path.join(".");
  return err(`The action ${value.type} is malformed${path ? ` at ${path}` : ""}.`);
}

/** Says "unknown" to the compiler; whoever looks the type up finds out. */
function hasType(value: object): value is UnknownAction {
  return "type" in value && typeof value.type === "string";
}

export function isKnownAction(action: StateAction): action is KnownAction {
  return knownTypes.has(action.type);
}

/** May a client dispatch actions of this type at all? Whether it may do so at present is the channel's to say. */
export function isClientDispatchable(type: string): boolean {
  return Object.hasOwn(clientDispatchable, type) && clientDispatchable[type] === true;
}

/** The kind of channel that folds actions of this type; `undefined` for a type that we do not know. */
export function channelKindOfAction(type: string): ChannelKind | undefined {
  return knownTypes.get(type)?.channel;
}

export const StateActionSchema = z.pipe(
  z.unknown(),
  z.transform((value, context): StateAction => {
    const parsed = parseAction(value);
    if (parsed.ok) return parsed.value;
    context.issues.push({ code: "custom", message: parsed.error, input: value });
    return z.NEVER;
  }),
);

/** Which dispatch of which client an envelope echoes. `clientSeq` is the client's own count and need not be unique. */
export const ActionOrigin = loose({ clientId: z.string(), clientSeq: z.number() });
export type ActionOrigin = z.infer<typeof ActionOrigin>;

/**
 * An action as it happened. `serverSeq` counts all channels of the host together, and refusals too. With
 * `rejectionReason` the action did not happen: only its sender has to do something, that is to take it back.
 */
export const ActionEnvelope = loose({
  channel: Uri,
  action: StateActionSchema,
  serverSeq: z.number(),
  origin: opt(ActionOrigin),
  rejectionReason: opt(z.string()),
});
export type ActionEnvelope = z.infer<typeof ActionEnvelope>;
