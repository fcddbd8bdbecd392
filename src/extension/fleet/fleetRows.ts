import type { Translate } from "../../base/l10n.ts";
import type { SessionSummary } from "../../protocol/methods.ts";
import { isSame } from "../../base/isSame.ts";
import { type RowFacts, toFleetAgent } from "./agentRow.ts";
import { ATTENTIONS, type Attention, type FleetAgent, type FleetChange, agentKey } from "./fleetAgent.ts";
import type { FleetCounts } from "./selectors.ts";

/** How many agents have something that commands depend on. */
export interface FleetTallies {
  /** On a connected host that pushes branches. */
  readonly canShip: number;
  readonly pullRequests: number;
  readonly archived: number;
  /** One of several with the same prompt. */
  readonly attempts: number;
}

/**
 * The table of rows with its counts, kept up by differences. Collects what an update touches; `flush` tells it once.
 */
export class FleetRows {
  readonly agents = new Map<string, FleetAgent>();
  readonly #t: Translate;
  readonly #counts: Record<Attention, number> = zero();
  readonly #tallies = { canShip: 0, pullRequests: 0, archived: 0, attempts: 0 };
  readonly #byHost = new Map<string, Set<string>>();
  readonly #countsOn = new Map<string, Record<Attention, number>>();
  readonly #touched = new Map<string, "added" | "changed" | "removed">();

  constructor(t: Translate) {
    this.#t = t;
  }

  get counts(): FleetCounts {
    return this.#counts;
  }

  get tallies(): FleetTallies {
    return this.#tallies;
  }

  /** Keys of one host's rows. */
  ofHost(hostId: string): readonly string[] {
    return Array.from(this.#byHost.get(hostId) ?? []);
  }

  countOn(hostId: string): number {
    return this.#byHost.get(hostId)?.size ?? 0;
  }

  /** How many of a host's agents are in each group. */
  countsOn(hostId: string): FleetCounts {
    return this.#countsOn.get(hostId) ?? zero();
  }

  put(facts: RowFacts): FleetAgent {
    const agent = toFleetAgent(facts, this.#t);
    const { key } = agent;
    const before = this.agents.get(key);
    if (before !== undefined && isSame(before, agent)) return before;
    if (before !== undefined) this.#count(before, -1);
    this.#count(agent, 1);
    this.agents.set(key, agent);
    this.#keysOf(agent.hostId).add(key);
    const earlier = this.#touched.get(key);
    this.#touched.set(
      key,
      before === undefined ? (earlier === "removed" ? "changed" : "added") : (earlier ?? "changed"),
    );
    return agent;
  }

  delete(key: string): void {
    const before = this.agents.get(key);
    if (before === undefined) return;
    this.#count(before, -1);
    this.agents.delete(key);
    this.#byHost.get(before.hostId)?.delete(key);
    if (this.#touched.get(key) === "added") this.#touched.delete(key);
    else this.#touched.set(key, "removed");
  }

  /** What was touched since the last call; `undefined` when nothing was. */
  flush(): FleetChange | undefined {
    if (this.#touched.size === 0) return undefined;
    const change = { added: [] as string[], changed: [] as string[], removed: [] as string[] };
    for (const [key, how] of this.#touched) change[how].push(key);
    this.#touched.clear();
    return change;
  }

  #count({ hostId, attention, canShip, freshness, group, isArchived, pullRequest }: FleetAgent, step: 1 | -1): void {
    this.#counts[attention] += step;
    const onHost = this.#countsOn.get(hostId) ?? zero();
    this.#countsOn.set(hostId, onHost);
    onHost[attention] += step;
    if (canShip && freshness.live) this.#tallies.canShip += step;
    if (pullRequest !== undefined) this.#tallies.pullRequests += step;
    if (isArchived) this.#tallies.archived += step;
    if (group !== undefined) this.#tallies.attempts += step;
  }

  #keysOf(hostId: string): Set<string> {
    let keys = this.#byHost.get(hostId);
    if (keys === undefined) this.#byHost.set(hostId, (keys = new Set()));
    return keys;
  }
}

function zero(): Record<Attention, number> {
  const counts: Partial<Record<Attention, number>> = {};
  for (const attention of ATTENTIONS) counts[attention] = 0;
  return counts as Record<Attention, number>;
}

/** The row of a launch that the host has not listed yet. */
export interface Launching {
  readonly hostId: string;
  readonly summary: SessionSummary;
}

export function keyOfLaunch({ hostId, summary }: Launching): string {
  return agentKey(hostId, summary.resource);
}
