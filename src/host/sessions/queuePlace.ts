import { ordinal } from "../../base/ordinal.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { type FleetPriority, type FleetQueue, priorities } from "../../protocol/fleetQueue.ts";
import { OWNER } from "../gateway/accessToken.ts";
import { repositoryKey } from "./queueLimits.ts";
import type { Job, Priority } from "./scheduler.ts";

/** The session as the scheduler counts it. */
export function jobOf(id: string, { owner, repository, provider, priority }: FleetSessionState): Job {
  return {
    id,
    user: owner ?? OWNER,
    repository: repositoryKey(repository),
    agent: provider,
    priority: knownPriority(priority),
  };
}

export function knownPriority(priority: FleetPriority | undefined): Priority {
  return priorities.find((known) => known === priority) ?? "normal";
}

/** "2nd in the queue: 4 agents work, the limit of this host". */
export function placeInWords({ position, isAtLeast, reason }: FleetQueue): string {
  const place = isAtLeast ? `Behind ${position - 1} others in the queue` : `${ordinal(position)} in the queue`;
  return reason === undefined ? place : `${place}: ${reason}`;
}
