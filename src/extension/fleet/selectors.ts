import { ATTENTIONS, type Attention, type FleetAgent } from "./fleetAgent.ts";

/** How many agents are in each group. */
export type FleetCounts = Readonly<Record<Attention, number>>;

export interface FleetGroup<Id extends string = string> {
  readonly id: Id;
  readonly agents: readonly FleetAgent[];
}

/** Groups that hold someone, most pressing first; inside, who waits longest first, then the latest first. */
export function groupByAttention(agents: Iterable<FleetAgent>): readonly FleetGroup<Attention>[] {
  const groups = Map.groupBy(agents, ({ attention }) => attention);
  return ATTENTIONS.flatMap((id) => {
    const members = groups.get(id);
    return members ? [{ id, agents: members.toSorted(id === "needsYou" ? byWait : byRecency) }] : [];
  });
}

/** Groups by a text such as repository or host, in alphabetical order; inside, the most pressing first. */
export function groupBy(agents: Iterable<FleetAgent>, idOf: (agent: FleetAgent) => string): readonly FleetGroup[] {
  return Array.from(Map.groupBy(agents, idOf), ([id, members]) => ({
    id,
    agents: members.toSorted(byPriority),
  })).toSorted((a, b) => compareText(a.id, b.id));
}

export function sortByPriority(agents: Iterable<FleetAgent>): readonly FleetAgent[] {
  return Array.from(agents).toSorted(byPriority);
}

/** Agents that do not go on without a person: those that wait for an answer, and those that failed. For badge and status bar. */
export function needYouCount(counts: FleetCounts): number {
  return counts.needsYou + counts.failed;
}

/**
 * The next agent that needs a person, after `afterKey` in the order in which the list shows them, round and round.
 * `undefined` when nobody does.
 */
export function nextNeedingYou(agents: Iterable<FleetAgent>, afterKey: string | undefined): FleetAgent | undefined {
  const waiting = sortByPriority(agents).filter(({ attention }) => attention === "needsYou" || attention === "failed");
  return waiting[waiting.findIndex(({ key }) => key === afterKey) + 1] ?? waiting[0];
}

function byPriority(a: FleetAgent, b: FleetAgent): number {
  const rank = ATTENTIONS.indexOf(a.attention) - ATTENTIONS.indexOf(b.attention);
  return rank || (a.attention === "needsYou" ? byWait(a, b) : byRecency(a, b));
}

function byWait(a: FleetAgent, b: FleetAgent): number {
  return a.modifiedAt - b.modifiedAt || compareText(a.key, b.key);
}

function byRecency(a: FleetAgent, b: FleetAgent): number {
  return b.modifiedAt - a.modifiedAt || compareText(a.key, b.key);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
