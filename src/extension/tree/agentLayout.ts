import type { Attention, FleetAgent } from "../fleet/fleetAgent.ts";

/** What stands together. */
export const GROUPINGS = ["attention", "repository", "host", "none"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What comes first in a group. */
export const SORTINGS = ["attention", "activity", "created", "cost", "title"] as const;
export type Sorting = (typeof SORTINGS)[number];

export interface AgentLayout {
  readonly grouping: Grouping;
  readonly sorting: Sorting;
}

/** Groups by attention, in the order in which they are shown. Failures need a person too. */
export const ATTENTION_GROUPS = ["needsYou", "working", "queued", "review", "pullRequest", "done", "archived"] as const;
export type AttentionGroup = (typeof ATTENTION_GROUPS)[number];

export function attentionGroupOf({
  attention,
  isArchived,
}: {
  readonly attention: Attention;
  readonly isArchived: boolean;
}): AttentionGroup {
  if (isArchived) return "archived";
  return attention === "failed" ? "needsYou" : attention;
}

/** The smallest comes first; ranks that are compared have the same shape. */
export type Rank = readonly (number | string)[];

/** Where an agent belongs: the id of its group, and its rank in there. */
export interface Placement {
  readonly group: string;
  readonly rank: Rank;
}

export function placementOf(agent: FleetAgent, { grouping, sorting }: AgentLayout, isPinned: boolean): Placement {
  return { group: groupOf(agent, grouping), rank: [isPinned ? 0 : 1, ...ranks[sorting](agent)] };
}

export function compareRanks(a: Rank, b: Rank): number {
  for (let index = 0; index < a.length; index++) {
    const [one, other] = [a[index] ?? 0, b[index] ?? 0];
    if (one < other) return -1;
    if (one > other) return 1;
  }
  return 0;
}

/** In which order the groups stand. `hostIds`: the hosts as they are listed. */
export function compareGroups(grouping: Grouping, hostIds: () => readonly string[]): (a: string, b: string) => number {
  switch (grouping) {
    case "attention":
      return (a, b) => attentionRank(a) - attentionRank(b);
    case "host":
      return (a, b) => hostIds().indexOf(a) - hostIds().indexOf(b);
    case "repository":
    case "none":
    default:
      // Agents that work on nothing in particular come last.
      return (a, b) => (a === "" || b === "" ? b.length - a.length : a.localeCompare(b));
  }
}

function attentionRank(group: string): number {
  return ATTENTION_GROUPS.findIndex((id) => id === group);
}

function groupOf(agent: FleetAgent, grouping: Grouping): string {
  switch (grouping) {
    case "attention":
      return attentionGroupOf(agent);
    case "repository":
      return agent.place;
    case "host":
      return agent.hostId;
    case "none":
    default:
      return "";
  }
}

/** The latest first, where more is later. */
const ranks: Record<Sorting, (agent: FleetAgent) => Rank> = {
  attention: (agent) => {
    const group = attentionGroupOf(agent);
    return [ATTENTION_GROUPS.indexOf(group), ...pressing(agent, group)];
  },
  activity: ({ modifiedAt }) => [-modifiedAt],
  created: ({ createdAt }) => [-createdAt],
  cost: ({ spend = -1, createdAt }) => [-spend, -createdAt],
  title: ({ title }) => [title.toLowerCase()],
};

/**
 * Who waits longest first, then who failed; those at work in the order of their launch, so that rows do not jump while
 * they are read; the rest by their last event.
 */
function pressing({ attention, createdAt, modifiedAt, queuePosition }: FleetAgent, group: AttentionGroup): Rank {
  switch (group) {
    case "needsYou":
      return [attention === "failed" ? 1 : 0, modifiedAt];
    case "working":
      return [-createdAt, 0];
    case "queued":
      return [queuePosition ?? Number.MAX_VALUE, -createdAt];
    case "review":
    case "pullRequest":
    case "done":
    case "archived":
    default:
      return [-modifiedAt, 0];
  }
}
