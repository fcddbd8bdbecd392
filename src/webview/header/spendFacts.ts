import { formatUsd } from "../../base/formatUsd.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { t } from "../kit/l10n.ts";

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
    cost === undefined
      ? unknown
        ? t("cost unknown")
        : t("no cost yet")
      : unknown
        ? t("over {0}", formatUsd(cost))
        : formatUsd(cost);
  const share = limit === undefined || limit <= 0 ? undefined : (cost ?? 0) / limit;
  const tokens = usage.inputTokens + usage.outputTokens;
  const title = [
    tokens > 0 ? t("{0} tokens", tokens.toLocaleString("en")) : t("No tokens yet"),
    unpricedWords(usage.unpricedTurns ?? 0),
    limit === undefined ? t("no budget of its own") : t("budget {0}", formatUsd(limit)),
  ];
  return {
    text: limit === undefined ? spent : t("{0} of {1}", spent, formatUsd(limit)),
    title: title.filter((part) => part !== undefined).join(", "),
    share,
    tone: spend?.paused !== undefined || (share ?? 0) >= 1 ? "reached" : (share ?? 0) >= 0.8 ? "near" : "plain",
  };
}

function unpricedWords(turns: number): string | undefined {
  if (turns === 0) return undefined;
  return turns === 1 ? t("the cost of 1 turn is not known") : t("the cost of {0} turns is not known", turns);
}
