import type { Disposable } from "../../base/disposables.ts";
import { isUnread } from "../fleet/agentFilter.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";

export interface ReadMarksOptions {
  readonly fleet: Pick<Fleet, "get" | "markRead" | "onDidChange">;
  /** The agent whose panel the person has in front. */
  readonly active: () => AgentTarget | undefined;
}

/**
 * What comes to rest before the person's eyes is read. It is marked by its host, for every window; what a person marks as
 * unread stays so until something happens to it.
 */
export function markWatchedAsRead({ active, fleet }: ReadMarksOptions): Disposable {
  let seen: Pick<FleetAgent, "key" | "attention"> | undefined;
  return fleet.onDidChange(({ changed }) => {
    const target = active();
    const agent = target && fleet.get(keyOf(target));
    if (agent === undefined || !changed.includes(agent.key)) return;
    const hasCome = seen?.key === agent.key && seen.attention !== agent.attention;
    seen = agent;
    if (hasCome && isUnread(agent) && agent.freshness.live) void fleet.markRead(agent.key).catch(() => undefined);
  });
}
