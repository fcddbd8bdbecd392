import { ATTENTIONS, type Attention, type FleetAgent } from "./fleetAgent.ts";

/** How many agents are in each group. */
export type FleetCounts = Readonly<Record<Attention, number>>;

export function sortByPriority(agents: Iterable<FleetAgent>): readonly FleetAgent[] {
  return Array.from(agents).toSorted(byPriority);
}

/** It does not go on without a person: it waits for an answer, or it failed. */
export function needsPerson({ attention }: Pick<FleetAgent, "attention">): boolean {
  return attention === "needsYou" || attention === "failed";
}

/** How many those are. For badge and status bar. */
export function needYouCount(counts: FleetCounts): number {
  return counts.needsYou + counts.failed;
}

/**
 * The next agent that needs a person, after `afterKey` in the order in which the list shows them, round and round; the one before it by `step` -1.
 * `undefined` when nobody does.
 */
export function nextNeedingYou(
  agents: Iterable<FleetAgent>,
  afterKey: string | undefined,
  step: 1 | -1 = 1,
): FleetAgent | undefined {
  const waiting = sortByPriority(agents).filter(needsPerson);
  const at = waiting.findIndex(({ key }) => key === afterKey);
  if (at < 0) return step === 1 ? waiting[0] : waiting.at(-1);
  return waiting[(at + step + waiting.length) % waiting.length];
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
