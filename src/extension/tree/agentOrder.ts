import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { needsPerson } from "../fleet/selectors.ts";
import { compareRanks, type Placement } from "./agentLayout.ts";
import { SortedRuns } from "./sortedRuns.ts";

/** What became other in one list of rows. */
export interface ListChange {
  /** The first row that stands elsewhere, came or went. */
  readonly from: number;
  /** The title or the row above it counts others. */
  readonly isResized: boolean;
}

export interface OrderChange {
  /** Groups came or went. */
  readonly isRootChanged: boolean;
  /** By list: a group's, or the agents under an agent. */
  readonly lists: ReadonlyMap<string, ListChange>;
}

export interface GroupTally {
  /** Those under other agents included. */
  readonly agents: number;
  readonly needing: number;
}

export interface AgentOrderOptions {
  /** Where the agent belongs; `undefined` for one that is not shown. Depends on the agent alone. */
  readonly placementOf: (agent: FleetAgent) => Placement | undefined;
  readonly compareGroups: (a: string, b: string) => number;
}

/** All that an agent's row depends on for its place. */
interface Place extends Placement {
  readonly key: string;
  /** Key of the agent that it comes from, whether that one is shown or not. */
  readonly parent: string | undefined;
  readonly list: string;
  readonly createdAt: number;
  readonly needsPerson: boolean;
}

/** Names a group's list. The list under an agent has the agent's key, which always holds a `|` after a host's id. */
export function groupList(group: string): string {
  return `group:${group}`;
}

/**
 * Shown agents by group, in the order in which the rows stand; an agent that comes from another one of its group stands
 * under that. Kept up by differences: an update costs its own size, whatever the size of the fleet.
 */
export class AgentOrder {
  readonly #options: AgentOrderOptions;
  readonly #lists = new Map<string, SortedRuns<Place>>();
  readonly #places = new Map<string, Place>();
  /** By the key of the agent that they come from. */
  readonly #children = new Map<string, Set<string>>();
  readonly #tallies = new Map<string, { agents: number; needing: number }>();
  #sortedGroups: readonly string[] | undefined;

  constructor(options: AgentOrderOptions) {
    this.#options = options;
  }

  /** How many agents are shown. */
  get size(): number {
    return this.#places.size;
  }

  /** Groups that hold someone, as they are shown. */
  get groups(): readonly string[] {
    this.#sortedGroups ??= Array.from(this.#tallies.keys()).toSorted(this.#options.compareGroups);
    return this.#sortedGroups;
  }

  tally(group: string): GroupTally {
    return this.#tallies.get(group) ?? { agents: 0, needing: 0 };
  }

  /** Length of a list. */
  count(list: string): number {
    return this.#lists.get(list)?.size ?? 0;
  }

  /** The first agents of a list. */
  keys(list: string, count: number): readonly string[] {
    return (this.#lists.get(list)?.first(count) ?? []).map(({ key }) => key);
  }

  /** The list that an agent stands in, its group, and its index there. */
  find(key: string): { readonly list: string; readonly group: string; readonly index: number } | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    return { list: place.list, group: place.group, index: this.#lists.get(place.list)?.indexOf(place) ?? -1 };
  }

  /** Puts the agents where they belong; those that are gone or not shown lose their place. */
  update(keys: Iterable<string>, agentOf: (key: string) => FleetAgent | undefined): OrderChange {
    const lists = new Map<string, ListChange>();
    const before = this.#sortedGroups;
    for (const key of keys) this.#put(key, agentOf, lists);
    return { isRootChanged: before === undefined || before !== this.#sortedGroups, lists };
  }

  #put(key: string, agentOf: (key: string) => FleetAgent | undefined, lists: Map<string, ListChange>): void {
    const from = this.#places.get(key);
    const agent = agentOf(key);
    const to = agent && this.#placeOf(agent);
    if (from !== undefined && to !== undefined && isSamePlace(from, to)) return;
    // First the new one: a group of one whose row moves does not go and come.
    if (to !== undefined) this.#count(to, 1);
    if (from !== undefined) this.#count(from, -1);
    const wasAt = from && this.#remove(from);
    const isAt = to && this.#add(to);
    if (from?.list !== to?.list) {
      if (from !== undefined) note(lists, from.list, wasAt, true);
      if (to !== undefined) note(lists, to.list, isAt, true);
    } else if (wasAt !== isAt && to !== undefined) {
      note(lists, to.list, Math.min(wasAt ?? 0, isAt ?? 0), false);
    }
    const needs = (place: Place | undefined) => place?.needsPerson === true;
    if (from !== undefined && (from.group !== to?.group || needs(from) !== needs(to))) retell(lists, from.group);
    if (to !== undefined && from?.group !== to.group) retell(lists, to.group);
    if (from?.group === to?.group && from?.createdAt === to?.createdAt) return;
    // Who comes from it stands under it only in its own group.
    for (const child of Array.from(this.#children.get(key) ?? [])) this.#put(child, agentOf, lists);
  }

  #placeOf(agent: FleetAgent): Place | undefined {
    const placement = this.#options.placementOf(agent);
    if (placement === undefined) return undefined;
    const { key, parent, createdAt } = agent;
    const above = parent === undefined || parent === key ? undefined : this.#places.get(parent);
    // What was there first is above, so that two agents that name each other are not under one another.
    const isUnder = above !== undefined && above.group === placement.group && isEarlier(above, agent);
    const list = isUnder ? above.key : groupList(placement.group);
    return { ...placement, key, parent, list, createdAt, needsPerson: needsPerson(agent) };
  }

  /** The index in its list. */
  #add(place: Place): number {
    this.#places.set(place.key, place);
    if (place.parent !== undefined) setOf(this.#children, place.parent).add(place.key);
    let list = this.#lists.get(place.list);
    if (list === undefined) this.#lists.set(place.list, (list = new SortedRuns(comparePlaces)));
    return list.add(place);
  }

  #remove(place: Place): number {
    this.#places.delete(place.key);
    if (place.parent !== undefined) {
      const siblings = setOf(this.#children, place.parent);
      siblings.delete(place.key);
      if (siblings.size === 0) this.#children.delete(place.parent);
    }
    const list = this.#lists.get(place.list);
    const index = list?.delete(place) ?? -1;
    if (list?.size === 0) this.#lists.delete(place.list);
    return index;
  }

  #count({ group, needsPerson }: Place, step: 1 | -1): void {
    let tally = this.#tallies.get(group);
    if (tally === undefined) {
      this.#tallies.set(group, (tally = { agents: 0, needing: 0 }));
      this.#sortedGroups = undefined;
    }
    tally.agents += step;
    if (needsPerson) tally.needing += step;
    if (tally.agents > 0) return;
    this.#tallies.delete(group);
    this.#sortedGroups = undefined;
  }
}

function note(lists: Map<string, ListChange>, list: string, from = 0, isResized: boolean): void {
  const before = lists.get(list);
  lists.set(list, {
    from: Math.min(from, before?.from ?? Number.MAX_VALUE),
    isResized: isResized || before?.isResized === true,
  });
}

/** The title of the group is drawn anew. */
function retell(lists: Map<string, ListChange>, group: string): void {
  note(lists, groupList(group), Number.MAX_VALUE, true);
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}

function isEarlier(a: Pick<Place, "createdAt" | "key">, b: Pick<Place, "createdAt" | "key">): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.key < b.key);
}

function comparePlaces(a: Place, b: Place): number {
  return compareRanks(a.rank, b.rank) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function isSamePlace(a: Place, b: Place): boolean {
  return (
    a.list === b.list &&
    a.group === b.group &&
    a.parent === b.parent &&
    a.createdAt === b.createdAt &&
    a.needsPerson === b.needsPerson &&
    comparePlaces(a, b) === 0
  );
}
