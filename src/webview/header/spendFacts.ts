import { formatUsd } from "../../base/formatUsd.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";

export interface SpendFacts {
  readonly text: string;
  readonly title: string;
  /** Of the session's own budget. */
  readonly share: number | undefined;
  readonly tone: "plain" | "near" | "reached";
}

/** The cost of a session's models in a few words. What nobody knows is said to be unknown, never 0. */
export function toSpendFacts({ usage, spend }: Pick<FleetSessionState, "usage" | "spend">): SpendFacts {
  const told = spend?.budgets.find(({ scope }) => scope === "session");
  const limit = spend?.budgetUsd ?? told?.limitUsd;
  const cost = usage.costUsd;
  const unknown = (usage.unpricedTurns ?? 0) > 0;
  const spent =
    cost === undefined ? (unknown ? "cost unknown" : "no cost yet") : `${unknown ? "over " : ""}${formatUsd(cost)}`;
  const share = limit === undefined || limit <= 0 ? undefined : (cost ?? 0) / limit;
  const tokens = usage.inputTokens + usage.outputTokens;
  const title = [
    tokens > 0 ? `${tokens.toLocaleString("en")} tokens` : "No tokens yet",
    unknown ? `the cost of ${usage.unpricedTurns} turns is not known` : undefined,
    limit === undefined ? "no budget of its own" : `budget ${formatUsd(limit)}`,
  ];
  return {
    text: limit === undefined ? spent : `${spent} of ${formatUsd(limit)}`,
    title: title.filter((part) => part !== undefined).join(", "),
    share,
    tone: spend?.paused !== undefined || (share ?? 0) >= 1 ? "reached" : (share ?? 0) >= 0.8 ? "near" : "plain",
  };
}
