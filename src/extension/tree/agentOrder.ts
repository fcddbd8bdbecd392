import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { type GroupId, groupOf, GROUPS } from "./agentNode.ts";
import { SortedRuns } from "./sortedRuns.ts";

export interface OrderChange {
  /** Groups came or went. */
  readonly isRootChanged: boolean;
  /** Groups whose members, or their order, are others. Their titles show a count, so they are drawn anew too. */
  readonly groups: readonly GroupId[];
}

/** All that an agent's place depends on; the smallest numbers come first. */
interface Place {
  readonly key: string;
  readonly group: GroupId;
  readonly first: number;
  readonly second: number;
}

/**
 * Agents by group, in the order in which the rows stand. Kept up by differences: an update costs its own size, whatever
 * the size of the fleet.
 */
export class AgentOrder {
  readonly #groups = new Map(GROUPS.map((id) => [id, new SortedRuns<Place>(comparePlaces)]));
  readonly #places = new Map<string, Place>();

  /** Groups that hold someone. */
  get groups(): readonly GroupId[] {
    return GROUPS.filter((id) => this.count(id) > 0);
  }

  count(id: GroupId): number {
    return this.#groups.get(id)?.size ?? 0;
  }

  keys(id: GroupId): readonly string[] {
    return (
      this.#groups
        .get(id)
        ?.toArray()
        .map(({ key }) => key) ?? []
    );
  }

  /** Puts the agents where they belong; those of which there is nothing any more lose their place. */
  update(keys: Iterable<string>, agentOf: (key: string) => FleetAgent | undefined): OrderChange {
    const before = this.groups;
    const changed = new Set<GroupId>();
    for (const key of keys) {
      const from = this.#places.get(key);
      const agent = agentOf(key);
      const to = agent && placeOf(agent);
      if (from && to && isSamePlace(from, to)) continue;
      const wasAt = from && this.#remove(from);
      const isAt = to && this.#add(to);
      if (from?.group === to?.group && wasAt === isAt) continue;
      if (from) changed.add(from.group);
      if (to) changed.add(to.group);
    }
    const after = this.groups;
    const isRootChanged = before.length !== after.length || before.some((id, index) => id !== after[index]);
    return { isRootChanged, groups: after.filter((id) => changed.has(id)) };
  }

  /** The index in the group. */
  #add(place: Place): number | undefined {
    this.#places.set(place.key, place);
    return this.#groups.get(place.group)?.add(place);
  }

  #remove(place: Place): number | undefined {
    this.#places.delete(place.key);
    return this.#groups.get(place.group)?.delete(place);
  }
}

/**
 * Who waits longest first, then who failed; those at work in the order of their launch, so that rows do not jump while
 * they are read; the rest by their last event.
 */
function placeOf({ key, attention, createdAt, modifiedAt, queuePosition }: FleetAgent): Place {
  const group = groupOf(attention);
  switch (group) {
    case "needsYou":
      return { key, group, first: attention === "failed" ? 1 : 0, second: modifiedAt };
    case "working":
      return { key, group, first: -createdAt, second: 0 };
    case "queued":
      return { key, group, first: queuePosition ?? Number.MAX_VALUE, second: -createdAt };
    case "review":
    case "pullRequest":
    case "done":
    default:
      return { key, group, first: -modifiedAt, second: 0 };
  }
}

function comparePlaces(a: Place, b: Place): number {
  return a.first - b.first || a.second - b.second || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.group === b.group && comparePlaces(a, b) === 0;
}
