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

const needWords: Readonly<Record<PullRequestNeed, string>> = {
  unshipped: "new changes to push",
  checksFailed: "checks failed",
  changesRequested: "changes requested",
  conflicts: "conflicts with its base",
  mergeable: "ready to merge",
};

/** "draft #7 · checks running", "#7 · ready to merge", "#7 merged". */
export function pullRequestWords(agent: Facts): string {
  const { pullRequest } = agent;
  if (pullRequest === undefined) return "in pull request";
  const { number, state, isDraft } = pullRequest;
  if (state !== "open") return `#${number} ${state}`;
  const need = pullRequestNeed(agent);
  const standing = need === undefined ? standingWords(pullRequest) : needWords[need];
  return [`${isDraft ? "draft " : ""}#${number}`, standing].filter((part) => part !== "").join(" · ");
}

/** Of one that wants nothing. */
function standingWords({ checks, review, merge }: NonNullable<FleetAgent["pullRequest"]>): string {
  if (checks === "pending") return "checks running";
  if (merge === "behind") return "behind its base";
  if (review === "required") return "waits for a review";
  if (review === "approved") return "approved";
  return checks === "passed" ? "checks passed" : "";
}
