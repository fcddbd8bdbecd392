import type { FleetAgent } from "../../src/extension/fleet/fleetAgent.ts";
import { type AgentLayout, ATTENTION_GROUPS, placementOf } from "../../src/extension/tree/agentLayout.ts";
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
  const rank = (group: string) => ATTENTION_GROUPS.findIndex((id) => id === group);
  return {
    placementOf: (agent) =>
      isShown?.(agent) === false
        ? undefined
        : placementOf(agent, { grouping, sorting }, isPinned?.(agent) ?? false),
    compareGroups: (a, b) => (grouping === "attention" ? rank(a) - rank(b) : a.localeCompare(b)),
  };
}
