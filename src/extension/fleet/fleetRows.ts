import type { SessionSummary } from "../../protocol/methods.ts";
import { isSame } from "../../client/mirror.ts";
import { type RowFacts, toFleetAgent } from "./agentRow.ts";
import { ATTENTIONS, type Attention, type FleetAgent, type FleetChange, agentKey } from "./fleetAgent.ts";
import type { FleetCounts } from "./selectors.ts";

/**
 * The table of rows with its counts, kept up by differences. Collects what an update touches; `flush` tells it once.
 */
export class FleetRows {
  readonly agents = new Map<string, FleetAgent>();
  readonly #counts: Record<Attention, number> = zero();
  readonly #byHost = new Map<string, Set<string>>();
  readonly #touched = new Map<string, "added" | "changed" | "removed">();

  get counts(): FleetCounts {
    return this.#counts;
  }

  /** Keys of one host's rows. */
  ofHost(hostId: string): readonly string[] {
    return Array.from(this.#byHost.get(hostId) ?? []);
  }

  put(facts: RowFacts): FleetAgent {
    const agent = toFleetAgent(facts);
    const { key } = agent;
    const before = this.agents.get(key);
    if (before !== undefined && isSame(before, agent)) return before;
    if (before !== undefined) this.#counts[before.attention]--;
    this.#counts[agent.attention]++;
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
    this.#counts[before.attention]--;
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
