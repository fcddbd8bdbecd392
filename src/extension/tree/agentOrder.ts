import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { type GroupId, groupOf, GROUPS } from "./agentNode.ts";
import { type Compare, SortedRuns } from "./sortedRuns.ts";

export interface OrderChange {
  /** Groups came or went. */
  readonly isRootChanged: boolean;
  /** Groups whose members, or their order, are others. Their titles show a count, so they are drawn anew too. */
  readonly groups: readonly GroupId[];
}

/**
 * Agents by group, in the order in which the rows stand: who waits longest first, then who failed; those at work in the
 * order of their launch, so that rows do not jump while they are read; the rest by their last event. Kept up by
 * differences: an update costs its own size, whatever the size of the fleet.
 */
export class AgentOrder {
  readonly #groups: Readonly<Record<GroupId, SortedRuns<FleetAgent>>> = {
    needsYou: new SortedRuns(byWait),
    working: new SortedRuns(byLaunch),
    queued: new SortedRuns(byQueue),
    review: new SortedRuns(byRecency),
    pullRequest: new SortedRuns(byRecency),
    done: new SortedRuns(byRecency),
  };
  /** Each agent as it was when it got its place. */
  readonly #placed = new Map<string, FleetAgent>();

  /** Groups that hold someone. */
  get groups(): readonly GroupId[] {
    return GROUPS.filter((id) => this.count(id) > 0);
  }

  count(id: GroupId): number {
    return this.#groups[id].size;
  }

  keys(id: GroupId): readonly string[] {
    return this.#groups[id].toArray().map(({ key }) => key);
  }

  /** Puts the agents where they belong; those of which there is nothing any more lose their place. */
  update(keys: Iterable<string>, agentOf: (key: string) => FleetAgent | undefined): OrderChange {
    const before = this.groups;
    const changed = new Set<GroupId>();
    for (const key of keys) {
      const from = this.#remove(key);
      const agent = agentOf(key);
      const to = agent && this.#insert(agent);
      if (from?.id === to?.id && from?.index === to?.index) continue;
      if (from) changed.add(from.id);
      if (to) changed.add(to.id);
    }
    const after = this.groups;
    const isRootChanged = before.length !== after.length || before.some((id, index) => id !== after[index]);
    return { isRootChanged, groups: after.filter((id) => changed.has(id)) };
  }

  #remove(key: string): Place | undefined {
    const agent = this.#placed.get(key);
    if (agent === undefined) return undefined;
    this.#placed.delete(key);
    const id = groupOf(agent.attention);
    return { id, index: this.#groups[id].delete(agent) };
  }

  #insert(agent: FleetAgent): Place {
    this.#placed.set(agent.key, agent);
    const id = groupOf(agent.attention);
    return { id, index: this.#groups[id].add(agent) };
  }
}

interface Place {
  readonly id: GroupId;
  readonly index: number;
}

type ByAgent = Compare<FleetAgent>;

const byKey: ByAgent = (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
const byLaunch: ByAgent = (a, b) => b.createdAt - a.createdAt || byKey(a, b);
const byRecency: ByAgent = (a, b) => b.modifiedAt - a.modifiedAt || byKey(a, b);
const byWait: ByAgent = (a, b) =>
  Number(a.attention === "failed") - Number(b.attention === "failed") || a.modifiedAt - b.modifiedAt || byKey(a, b);
const byQueue: ByAgent = (a, b) => queuePlace(a) - queuePlace(b) || byLaunch(a, b);

function queuePlace({ queuePosition }: FleetAgent): number {
  return queuePosition ?? Number.MAX_VALUE;
}
