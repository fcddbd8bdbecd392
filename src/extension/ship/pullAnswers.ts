import * as z from "zod/mini";
import type { PullRequest } from "./gitHubPort.ts";

/** What is read of GitHub's JSON about pull requests; what is not named here is not relied on. */

export const PullAnswer = z.looseObject({
  number: z.number(),
  node_id: z.string(),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  draft: z.optional(z.boolean()),
  merged_at: z.nullable(z.string()),
  title: z.string(),
  body: z.nullish(z.string()),
  updated_at: z.string(),
  base: z.looseObject({ ref: z.string(), sha: z.string() }),
  /** `repo` is `null` for a fork that is gone. */
  head: z.looseObject({ ref: z.string(), sha: z.string(), repo: z.nullish(z.looseObject({ full_name: z.string() })) }),
});
export type PullAnswer = z.infer<typeof PullAnswer>;

/** A single pull request tells more than a listed one. */
export const WholePullAnswer = z.extend(PullAnswer, {
  mergeable_state: z.string(),
  requested_reviewers: z.nullish(z.array(z.unknown())),
  requested_teams: z.nullish(z.array(z.unknown())),
});

export function toPullRequest(answer: PullAnswer): PullRequest {
  const isOpen = answer.state === "open";
  const closed = answer.merged_at === null ? "closed" : "merged";
  return {
    number: answer.number,
    id: answer.node_id,
    url: answer.html_url,
    state: isOpen ? (answer.draft === true ? "draft" : "open") : closed,
    title: answer.title,
    body: answer.body ?? "",
    baseBranch: answer.base.ref,
    headBranch: answer.head.ref,
    headCommit: answer.head.sha,
  };
}

export const ReviewAnswer = z.looseObject({
  /** `null` for an account that is gone. */
  user: z.nullish(z.looseObject({ login: z.string() })),
  /** APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED, PENDING. */
  state: z.string(),
});
export type ReviewAnswer = z.infer<typeof ReviewAnswer>;

const CheckRunAnswer = z.looseObject({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  conclusion: z.nullable(z.string()),
  html_url: z.nullish(z.string()),
  app: z.nullish(z.looseObject({ slug: z.optional(z.string()) })),
  output: z.nullish(z.looseObject({ title: z.nullish(z.string()), summary: z.nullish(z.string()) })),
});
export type CheckRunAnswer = z.infer<typeof CheckRunAnswer>;

export const CheckRunsAnswer = z.looseObject({ check_runs: z.array(CheckRunAnswer) });

/** By the older of GitHub's two ways to tell how a commit fared. */
export const StatusAnswer = z.looseObject({
  context: z.string(),
  /** error, failure, pending, success. */
  state: z.string(),
  target_url: z.nullish(z.string()),
  description: z.nullish(z.string()),
});
export type StatusAnswer = z.infer<typeof StatusAnswer>;
