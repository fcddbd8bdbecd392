import type { GitHubRepository } from "./gitHubServers.ts";

export type PullRequestState = "draft" | "open" | "merged" | "closed";

export interface PullRequest {
  readonly number: number;
  /** What GraphQL calls it. */
  readonly id: string;
  /** Its page. Checked by `safePageUrl` before anything opens it. */
  readonly url: string;
  readonly state: PullRequestState;
  readonly title: string;
  readonly body: string;
  readonly baseBranch: string;
  readonly headBranch: string;
  /** Commit at the head of its branch, as GitHub knows it. */
  readonly headCommit: string;
}

export interface CreatePullRequest {
  readonly title: string;
  readonly body: string;
  readonly baseBranch: string;
  /** `owner:branch` where the branch is in a fork. */
  readonly headBranch: string;
  readonly isDraft: boolean;
}

/** What a pull request may have besides its text. Names and numbers as the repository has them. */
export interface PullRequestExtras {
  /** Logins. */
  readonly reviewers: readonly string[];
  readonly assignees: readonly string[];
  readonly labels: readonly string[];
  readonly milestone: number | undefined;
}

/** What the extras of a repository's pull requests can be. The first hundred of each. */
export interface ExtraChoices {
  /** Who may be assigned and asked for a review. */
  readonly people: readonly string[];
  readonly labels: readonly string[];
  readonly milestones: readonly { readonly number: number; readonly title: string }[];
}

/** Text of anybody. */
export interface GitHubIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly url: string;
}

export const MERGE_METHODS = ["squash", "merge", "rebase"] as const;
export type MergeMethod = (typeof MERGE_METHODS)[number];

export interface RepositoryFacts {
  readonly defaultBranch: string;
  readonly isArchived: boolean;
  /** `undefined` if GitHub does not say. */
  readonly canPush: boolean | undefined;
  /** The repository that this one is a fork of. */
  readonly parent: { readonly owner: string; readonly repo: string; readonly defaultBranch: string } | undefined;
  readonly mergeMethods: readonly MergeMethod[];
}

/**
 * GitHub, for one signed-in person. Every method throws `AppError`: `github.noSession` (the token is refused),
 * `github.refused`, `github.rateLimited`, `github.unreachable` (also: the reply got lost, so a write may have happened).
 */
export interface GitHubPort {
  getRepository(repository: GitHubRepository): Promise<RepositoryFacts>;
  /**
   * The open pull request of that branch, or the latest closed one with `includeClosed`.
   * @param headBranch `owner:branch` where the branch is in a fork
   */
  findPullRequest(
    repository: GitHubRepository,
    headBranch: string,
    options?: { readonly includeClosed?: boolean },
  ): Promise<PullRequest | undefined>;
  getPullRequest(repository: GitHubRepository, number: number): Promise<PullRequest>;
  getIssue(repository: GitHubRepository, number: number): Promise<GitHubIssue>;
  /** The description that the repository wants its pull requests to begin with, as it was written. */
  getTemplate(repository: GitHubRepository, branch: string): Promise<string | undefined>;
  getExtraChoices(repository: GitHubRepository): Promise<ExtraChoices>;
  /** Throws `conflict` if there is one for that branch. Never repeated by itself. */
  createPullRequest(repository: GitHubRepository, request: CreatePullRequest): Promise<PullRequest>;
  setBody(repository: GitHubRepository, number: number, body: string): Promise<void>;
  /** Sets what is named and leaves the rest. At most two writes. */
  addExtras(repository: GitHubRepository, number: number, extras: PullRequestExtras): Promise<void>;
}
