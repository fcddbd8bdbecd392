import * as z from "zod/mini";
import { AppError } from "../base/appError.ts";
import { ActionEnvelope } from "../protocol/actions.ts";
import { decode } from "../protocol/decode.ts";
import { Snapshot } from "../protocol/methods.ts";
import { upgradeNotification } from "../protocol/olderShapes.ts";

/** The answer to `reconnect`, read so that one action that cannot be read spoils its own channel only. */
export type Resumption =
  | {
      readonly type: "replay";
      /** In the order of their numbers, all of them above what was seen. */
      readonly envelopes: readonly ActionEnvelope[];
      /** Channels of which something came that cannot be read. */
      readonly unreadable: ReadonlySet<string>;
      /** Highest number in the answer; `undefined` when nothing was missed. */
      readonly lastSeq: number | undefined;
      readonly missing: readonly string[];
    }
  | { readonly type: "snapshot"; readonly snapshots: readonly Snapshot[] };

const Answer = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("replay"),
    actions: z.array(z.unknown()),
    missing: z.optional(z.nullable(z.array(z.string()))),
  }),
  z.looseObject({ type: z.literal("snapshot"), snapshots: z.array(Snapshot) }),
]);

/** What is told of an envelope whose action cannot be read. */
const Place = z.looseObject({
  channel: z.string(),
  serverSeq: z.number(),
  origin: z.optional(z.unknown()),
  rejectionReason: z.optional(z.unknown()),
});
export type Place = z.infer<typeof Place>;

/** An envelope as it came from the wire, or its place if its action cannot be read, or nothing. */
export function readEnvelope(params: unknown): { envelope: ActionEnvelope } | { place: Place } | undefined {
  const upgraded = upgradeNotification("action", params);
  const envelope = decode(ActionEnvelope, upgraded);
  if (envelope.ok) return { envelope: envelope.value };
  const place = Place.safeParse(upgraded);
  return place.success ? { place: place.data } : undefined;
}

/**
 * Throws when the answer cannot be what the client has missed since `seen`: the numbers of a replay go up, and from there.
 * A host that counts anew, or replays what was seen, would leave the client in a state that nobody has.
 */
export function readResumption(answer: unknown, seen: number): Resumption {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) throw unusable("The host's answer to reconnect cannot be read. Connecting afresh.");
  if (parsed.data.type === "snapshot") return { type: "snapshot", snapshots: parsed.data.snapshots };
  const envelopes: ActionEnvelope[] = [];
  const unreadable = new Set<string>();
  let lastSeq: number | undefined;
  for (const action of parsed.data.actions) {
    const read = readEnvelope(action);
    if (read === undefined) throw unusable("The host replays what cannot be read. Connecting afresh.");
    const { channel, serverSeq } = "envelope" in read ? read.envelope : read.place;
    if (serverSeq <= (lastSeq ?? seen)) throw unusable("The host sent its events out of order. Connecting afresh.");
    lastSeq = serverSeq;
    if ("envelope" in read) envelopes.push(read.envelope);
    else unreadable.add(channel);
  }
  return { type: "replay", envelopes, unreadable, lastSeq, missing: parsed.data.missing ?? [] };
}

function unusable(sentence: string): AppError {
  return new AppError("host.disconnected", sentence);
}
