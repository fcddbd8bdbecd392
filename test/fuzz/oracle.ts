import * as z from "zod/mini";
import { FleetNotifications } from "../../src/protocol/fleet.ts";
import { HostNotifications, isMethod, Methods } from "../../src/protocol/methods.ts";

/** What is right and wrong on the wire, said on its own: nothing here is shared with the parser under test but the schemas. */

/** Well within every limit of the host's. */
const plain = { bytes: 600_000, depth: 60, keys: 9_000 };

export interface Expected {
  /** As JSON; absent where it cannot be read, so that no answer could have it. */
  readonly id: string | undefined;
  readonly method: string | undefined;
  /** An answer is owed: the frame asks for one, and is beyond no limit. */
  readonly isOwed: boolean;
}

/** What a peer owes the sender of this frame. */
export function expectedOf(text: string): Expected {
  const nothing = { id: undefined, method: undefined, isOwed: false };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return nothing;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return nothing;
  const { id, method } = value as { id?: unknown; method?: unknown };
  const isReadable = typeof id === "string" || (typeof id === "number" && Number.isFinite(id));
  if (!isReadable) return nothing;
  const size = { keys: 0, depth: 0 };
  measure(value, 0, size);
  const isPlain = text.length <= plain.bytes && size.depth <= plain.depth && size.keys <= plain.keys;
  return {
    id: JSON.stringify(id),
    method: typeof method === "string" ? method : undefined,
    isOwed: isPlain && Object.hasOwn(value, "method"),
  };
}

function measure(value: unknown, depth: number, size: { keys: number; depth: number }): void {
  if (typeof value !== "object" || value === null) return;
  size.depth = Math.max(size.depth, depth + 1);
  const members = Object.values(value);
  size.keys += members.length;
  if (depth < 100) for (const member of members) measure(member, depth + 1, size);
}

const Failure = z.object({ code: z.int(), message: z.string().check(z.minLength(1)), data: z.optional(z.unknown()) });

export interface Said {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Stacks, and names of files of this machine. */
const inside = /\bat [\w.<>]+ \(|\.[cm]?ts:\d|node:internal|node_modules|\/home\/|\/tmp\//;

/** What is wrong with something that a host has said; `methods` are those that the answered request may have had. */
export function wrongWith(said: Said, text: string, methods: readonly (string | undefined)[]): string | undefined {
  if (typeof said.method === "string") return wrongNotification(said.method, said.params);
  if (!("id" in said)) return "a message is neither answer nor notification";
  if ("error" in said === "result" in said) return "an answer has a result and an error, or neither";
  if ("result" in said) {
    const isOfAny = methods.some(
      (method) => method !== undefined && isMethod(method) && Methods[method].result.safeParse(said.result).success,
    );
    return isOfAny ? undefined : "a result is not what the schema of its method says";
  }
  if (!Failure.safeParse(said.error).success) return "an error has not the form of one";
  return inside.test(text) ? "an error tells of the inside" : undefined;
}

const notifications: Readonly<Record<string, z.core.$ZodType>> = { ...HostNotifications, ...FleetNotifications };
/** The refusal of an action that cannot be read repeats it as it came. */
const Refusal = z.object({
  channel: z.string(),
  serverSeq: z.number(),
  rejectionReason: z.string(),
  origin: z.object({ clientSeq: z.number() }),
});

function wrongNotification(method: string, params: unknown): string | undefined {
  const schema = Object.hasOwn(notifications, method) ? notifications[method] : undefined;
  if (schema === undefined) return `a notification ${method} that no schema has`;
  if (z.safeParse(schema, params).success) return undefined;
  return method === "action" && Refusal.safeParse(params).success ? undefined : `a ${method} of another form`;
}
