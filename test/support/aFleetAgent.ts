import type { FleetAgent } from "../../src/extension/fleet/fleetAgent.ts";
import { agentKey } from "../../src/extension/fleet/fleetAgent.ts";
import { aSummary } from "./clientOnFakeHost.ts";

export const nowMs = Date.UTC(2026, 0, 1, 12);

/** A connected agent at work since three minutes. */
export function aFleetAgent(changes: Partial<FleetAgent> = {}): FleetAgent {
  const session = changes.session ?? "ahp-session:/1";
  const hostId = changes.hostId ?? "a";
  return {
    key: agentKey(hostId, session),
    hostId,
    session,
    summary: aSummary(session),
    title: "Fix the parser",
    attention: "working",
    need: undefined,
    requests: [],
    freshness: { live: true, heardAt: undefined },
    isPending: false,
    isArchived: false,
    isRead: true,
    provider: "sample",
    place: "acme/widgets",
    repository: "https://github.com/acme/widgets",
    folder: undefined,
    canShip: true,
    branch: undefined,
    baseBranch: undefined,
    head: undefined,
    changes: undefined,
    phase: "working",
    queuePosition: undefined,
    isolation: "bubblewrap",
    spend: undefined,
    budgetShare: undefined,
    conflicts: undefined,
    openComments: undefined,
    group: undefined,
    parent: undefined,
    activity: undefined,
    createdAt: nowMs - 600_000,
    modifiedAt: nowMs - 180_000,
    pullRequest: undefined,
    ...changes,
  };
}
