import type { FailedCheck } from "./failedChecks.ts";
import type { Check, PullRequestStanding } from "./pullRequestStanding.ts";
import type { MergeMethod, PullRequest } from "./gitHubPort.ts";

/** What reviewers wrote about one place. Text of anybody who may comment there. */
export interface ReviewThread {
  /** What GraphQL calls it. */
  readonly id: string;
  readonly path: string;
  /** From 1; `undefined` where the lines are gone. */
  readonly line: number | undefined;
  readonly isOutdated: boolean;
  /** The lines that it is about, as a part of a diff; the last is the line itself. */
  readonly diffHunk: string;
  readonly comments: readonly { readonly author: string; readonly body: string }[];
}

export interface ReviewFeedback {
  /** Those that nobody has resolved. */
  readonly threads: readonly ReviewThread[];
  /** What reviewers said about the whole, where their word still counts. */
  readonly summaries: readonly { readonly author: string; readonly body: string }[];
}

/**
 * What is done with pull requests of one repository, for one signed-in person. Throws `AppError` as `GitHubPort` does.
 * Nothing here is repeated by itself.
 */
export interface PullRequestPort {
  read(number: number): Promise<PullRequestStanding>;
  /**
   * The red checks, with what they left to read: at most five, each bounded, without secrets.
   * @param isBehind the base has got more since, whether GitHub minds or not
   */
  readFailedChecks(standing: PullRequestStanding, isBehind: boolean): Promise<readonly FailedCheck[]>;
  /** Runs the failed jobs of these checks' workflows again. */
  rerun(checks: readonly Check[]): Promise<void>;
  mergeMethods(): Promise<readonly MergeMethod[]>;
  /** Throws `branch.moved` if the head is another than `headCommit`, `conflict` if GitHub would not merge it. */
  merge(pull: PullRequest, method: MergeMethod): Promise<void>;
  markReady(pull: PullRequest): Promise<void>;
  close(number: number): Promise<void>;
  readFeedback(number: number): Promise<ReviewFeedback>;
  reply(threadId: string, body: string): Promise<void>;
  resolve(threadId: string): Promise<void>;
}
