import * as z from "zod/mini";
import { type ActionOf, defineActions, loose, openEnum, opt, set, Timestamp } from "./schema.ts";

/** Who did what to a session: AHP names clients, not people. The host tells it, from the token of the connection. */

const act = {
  act: openEnum(["prompted", "queued", "stopped", "answered", "decided", "pushed", "recorded"]),
  /** What it was done to, by its id: a turn, a waiting message, a tool call, a question, a server, a commit, a checkpoint. */
  on: z.string(),
  /** Of what belongs to a turn: ids of tool calls are its own. */
  turnId: opt(z.string()),
  /** The user. */
  by: z.string(),
  at: Timestamp,
};
export const FleetAct = loose(act);
export type FleetAct = z.infer<typeof FleetAct>;

/** Members of `FleetSessionState`. */
export const actMembers = {
  /** The latest ones, oldest first. */
  acts: opt(z.array(FleetAct)),
};

export const actActions = defineActions({ "x-fleet/acted": act });
export type ActAction = ActionOf<typeof actActions>;

const maxActs = 100;

export function reduceActs<S extends { acts?: FleetAct[] | undefined }>(state: S, action: ActAction): S {
  const { type: _type, ...done } = action;
  return set<{ acts?: FleetAct[] | undefined }>(state, { acts: [...(state.acts ?? []), done].slice(-maxActs) }) as S;
}

/** The latest act of this kind on this thing, as far as it is remembered. */
export function findAct(
  { acts }: { readonly acts?: readonly FleetAct[] | undefined },
  wanted: Pick<FleetAct, "act" | "on" | "turnId">,
): FleetAct | undefined {
  return acts?.findLast(({ act, on, turnId }) => act === wanted.act && on === wanted.on && turnId === wanted.turnId);
}
