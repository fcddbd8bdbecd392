import type { Translate } from "../../base/l10n.ts";
import type { FleetAgent } from "./fleetAgent.ts";

/**
 * What an open pull request wants of a person, most pressing first.
 * - `unshipped`: the agent has changed more since it was pushed, so what is said of its checks and reviews is of before.
 * - `mergeable`: nothing stands in the way of merging it.
 */
export const PULL_REQUEST_NEEDS = ["unshipped", "checksFailed", "changesRequested", "conflicts", "mergeable"] as const;
export type PullRequestNeed = (typeof PULL_REQUEST_NEEDS)[number];

type Facts = Pick<FleetAgent, "pullRequest" | "head">;

export function pullRequestNeed({ pullRequest, head }: Facts): PullRequestNeed | undefined {
  if (pullRequest?.state !== "open") return undefined;
  const { shipped, checks, review, merge, isDraft } = pullRequest;
  if (shipped !== undefined && head !== undefined && shipped !== head) return "unshipped";
  if (checks === "failed") return "checksFailed";
  if (review === "changesRequested") return "changesRequested";
  if (merge === "conflicts") return "conflicts";
  return merge === "ready" && checks !== "pending" && isDraft !== true ? "mergeable" : undefined;
}

/** "draft #7 · checks running", "#7 · ready to merge", "#7 merged · branch deleted". */
export function pullRequestWords(agent: Facts, t: Translate): string {
  const { pullRequest } = agent;
  if (pullRequest === undefined) return t("in pull request");
  const { number, state, isDraft, isBranchDeleted } = pullRequest;
  if (state !== "open") {
    const over = state === "merged" ? t("#{0} merged", number) : t("#{0} closed", number);
    return isBranchDeleted ? `${over} · ${t("branch deleted")}` : over;
  }
  const need = pullRequestNeed(agent);
  const standing = need === undefined ? standingWords(pullRequest, t) : needWords(need, t);
  return [isDraft ? t("draft #{0}", number) : `#${number}`, standing].filter((part) => part !== "").join(" · ");
}

function needWords(need: PullRequestNeed, t: Translate): string {
  switch (need) {
    case "unshipped":
      return t("new changes to push");
    case "checksFailed":
      return t("checks failed");
    case "changesRequested":
      return t("changes requested");
    case "conflicts":
      return t("conflicts with its base");
    case "mergeable":
    default:
      return t("ready to merge");
  }
}

/** Of one that wants nothing. */
function standingWords({ checks, review, merge }: NonNullable<FleetAgent["pullRequest"]>, t: Translate): string {
  if (checks === "pending") return t("checks running");
  if (merge === "behind") return t("behind its base");
  if (review === "required") return t("waits for a review");
  if (review === "approved") return t("approved");
  return checks === "passed" ? t("checks passed") : "";
}
