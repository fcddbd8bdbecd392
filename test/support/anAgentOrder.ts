import type { FleetAgent } from "../../src/extension/fleet/fleetAgent.ts";
import { type AgentLayout, compareGroups, placementOf } from "../../src/extension/tree/agentLayout.ts";
import { AgentOrder, type AgentOrderOptions } from "../../src/extension/tree/agentOrder.ts";

interface Looks extends Partial<AgentLayout> {
  readonly isShown?: (agent: FleetAgent) => boolean;
  readonly isPinned?: (agent: FleetAgent) => boolean;
}

/** An order of agents, by attention where nothing else is said. */
export function anAgentOrder(looks: Looks = {}): AgentOrder {
  return new AgentOrder(orderOptions(looks));
}

export function orderOptions({
  grouping = "attention",
  sorting = "attention",
  isShown,
  isPinned,
}: Looks = {}): AgentOrderOptions {
  return {
    placementOf: (agent) =>
      isShown?.(agent) === false ? undefined : placementOf(agent, { grouping, sorting }, isPinned?.(agent) ?? false),
    compareGroups: compareGroups(grouping, () => ["x", "y"]),
  };
}
