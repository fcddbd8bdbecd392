import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { type GroupId, groupOf, GROUPS } from "./agentNode.ts";

/** Keys of agents by group, in the order in which the rows stand. Groups without anyone are left out. */
export type AgentOrder = ReadonlyMap<GroupId, readonly string[]>;

/**
 * Who waits longest first, then who failed; those at work in the order of their launch, so that rows do not jump while
 * they are read; the rest by their last event.
 */
export function orderAgents(agents: Iterable<FleetAgent>): AgentOrder {
  const groups = Map.groupBy(agents, ({ attention }) => groupOf(attention));
  return new Map(
    GROUPS.flatMap((id) => {
      const members = groups.get(id);
      return members ? [[id, members.toSorted(comparers[id]).map(({ key }) => key)] as const] : [];
    }),
  );
}

type Compare = (a: FleetAgent, b: FleetAgent) => number;

const byKey: Compare = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
const byLaunch: Compare = (a, b) => b.createdAt - a.createdAt || byKey(a, b);
const byRecency: Compare = (a, b) => b.modifiedAt - a.modifiedAt || byKey(a, b);
const byWait: Compare = (a, b) =>
  Number(a.attention === "failed") - Number(b.attention === "failed") || a.modifiedAt - b.modifiedAt || byKey(a, b);
const byQueue: Compare = (a, b) => (a.queuePosition ?? Infinity) - (b.queuePosition ?? Infinity) || byLaunch(a, b);

const comparers: Record<GroupId, Compare> = {
  needsYou: byWait,
  working: byLaunch,
  queued: byQueue,
  review: byRecency,
  pullRequest: byRecency,
  done: byRecency,
};

export interface OrderChange {
  /** Groups came or went. */
  readonly isRootChanged: boolean;
  /** Groups whose members, or their order, are others. Their titles show a count, so they are drawn anew too. */
  readonly groups: readonly GroupId[];
}

export function compareOrders(before: AgentOrder, after: AgentOrder): OrderChange {
  const isRootChanged = !sameList(Array.from(before.keys()), Array.from(after.keys()));
  const groups = Array.from(after.entries())
    .filter(([id, keys]) => !sameList(before.get(id) ?? [], keys))
    .map(([id]) => id);
  return { isRootChanged, groups };
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
