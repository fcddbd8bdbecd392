import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { ChannelKind, StateAction } from "../../protocol/actions.ts";
import type { ChannelState } from "../../protocol/reduce.ts";

/** Who dispatched a client's action: `clientId` and `clientSeq` as the client counts, `principal` as the token says. */
export interface ClientOrigin {
  readonly principal: string;
  readonly clientId: string;
  readonly clientSeq: number;
  /** The number up to which the client had shown this channel when the person acted. */
  readonly seenSeq?: number | undefined;
}

/**
 * What the log keeps of a channel. `created` is its first record and holds the whole first state, so a channel can be
 * folded from its own records alone. A refused action is kept for the audit; it is never folded. A `mark` says nothing:
 * it takes a number for what concerns one reader alone. An `audit` belongs to the audit channel, which is folded by nobody
 * (access/auditRecord.ts).
 */
export type StoredRecord =
  | { readonly type: "created"; readonly kind: ChannelKind; readonly state: ChannelState }
  | { readonly type: "action"; readonly action: StateAction; readonly origin?: ClientOrigin; readonly refused?: string }
  | { readonly type: "mark" }
  | { readonly type: "audit" }
  | { readonly type: "removed" };

const Origin = z.object({
  principal: z.string(),
  clientId: z.string(),
  clientSeq: z.number(),
  seenSeq: z.optional(z.number()),
});
// States and actions were parsed when they came in, and the hash chain vouches for the bytes since.
const Action = z.custom<StateAction>((value) => typeof value === "object" && value !== null && "type" in value);
const State = z.custom<ChannelState>((value) => typeof value === "object" && value !== null);
const Kind = z.custom<ChannelKind>((value) => typeof value === "string");
const Body = z.discriminatedUnion("type", [
  z.object({ type: z.literal("created"), kind: Kind, state: State }),
  z.object({
    type: z.literal("action"),
    action: Action,
    origin: z.optional(Origin),
    refused: z.optional(z.string()),
  }),
  z.object({ type: z.literal("mark") }),
  z.object({ type: z.literal("audit") }),
  z.object({ type: z.literal("removed") }),
]);

/** Throws AppError `internal` for a body that this host did not write. */
export function parseStoredRecord(seq: number, body: string): StoredRecord {
  const parsed = Body.safeParse(JSON.parse(body));
  if (!parsed.success)
    throw new AppError("internal", `Record ${seq} of the log has a form that this host cannot read.`);
  return parsed.data;
}

/**
 * The action as everybody else gets it. JSON has no `undefined`: a member without a value may say nothing to this host's
 * own state that it does not say to the log and to clients. The same object when there is no such member.
 */
export function asWritten<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => asWritten(item));
    return items.every((item, index) => item === value[index]) ? value : (items as T);
  }
  const members = Object.entries(value);
  const written = members.flatMap(([key, member]) => (member === undefined ? [] : [[key, asWritten(member)] as const]));
  const isSame =
    written.length === members.length && written.every(([, member], index) => member === members[index]?.[1]);
  return isSame ? value : (Object.fromEntries(written) as T);
}

/**
 * What is kept of an action, in the log and in the replay window. Of what is typed into a terminal only that something
 * was typed, by whom and when: it may be a password, and it changes no state. Those who watch while it is typed see it.
 */
export function keptAction(action: StateAction): StateAction {
  return action.type === "terminal/input" ? { type: action.type, data: "" } : action;
}

/** The body for an action whose JSON text the caller needs for its subscribers too: serialised once. */
export function actionBody(actionJson: string, origin: ClientOrigin | undefined, refused: string | undefined): string {
  const by = origin === undefined ? "" : `,"origin":${JSON.stringify(origin)}`;
  const reason = refused === undefined ? "" : `,"refused":${JSON.stringify(refused)}`;
  return `{"type":"action","action":${actionJson}${by}${reason}}`;
}

/** The `action` notification as it goes over the wire. */
export function actionFrame(envelope: {
  readonly channel: string;
  readonly actionJson: string;
  readonly seq: number;
  readonly origin: ClientOrigin | undefined;
  readonly refused: string | undefined;
}): string {
  const { origin, refused } = envelope;
  const by =
    origin === undefined
      ? ""
      : `,"origin":${JSON.stringify({ clientId: origin.clientId, clientSeq: origin.clientSeq })}`;
  const reason = refused === undefined ? "" : `,"rejectionReason":${JSON.stringify(refused)}`;
  return `{"jsonrpc":"2.0","method":"action","params":{"channel":${JSON.stringify(envelope.channel)},"action":${envelope.actionJson},"serverSeq":${envelope.seq}${by}${reason}}}`;
}
