import type { Attention, FleetAgent } from "./fleetAgent.ts";

/** Which agents a list shows. */
export interface AgentFilter {
  /** Every word of it has to be in what the agent is called, works on, or is. */
  readonly text: string;
  /** Empty: all of them. */
  readonly states: readonly Attention[];
  /** Those alone in which something came to rest since a person looked. */
  readonly isUnread: boolean;
}

export const noFilter: AgentFilter = { text: "", states: [], isUnread: false };

export function isFiltering({ text, states, isUnread }: AgentFilter): boolean {
  return text.trim() !== "" || states.length > 0 || isUnread;
}

/** The words to look for, in lower case. */
export function filterWords({ text }: AgentFilter): readonly string[] {
  return text.toLowerCase().split(/\s+/u).filter(Boolean);
}

/** Whether an agent passes. Only facts that stay are searched, so that rows do not come and go while the agent works. */
export function agentMatcher(
  filter: AgentFilter,
  hostName: (hostId: string) => string,
): (agent: FleetAgent) => boolean {
  const words = filterWords(filter);
  const states = new Set(filter.states);
  return (agent) => {
    if (states.size > 0 && !states.has(agent.attention)) return false;
    if (filter.isUnread && !isUnread(agent)) return false;
    if (words.length === 0) return true;
    const { title, place, branch = "", provider, pullRequest } = agent;
    const number = pullRequest === undefined ? "" : `#${pullRequest.number}`;
    const text = [title, place, branch, provider, number, hostName(agent.hostId)].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** Something came to rest that nobody has looked at. An agent at work has nothing to read yet. */
export function isUnread({ attention, isArchived, isPending, isRead }: FleetAgent): boolean {
  return !isRead && !isArchived && !isPending && attention !== "working" && attention !== "queued";
}
