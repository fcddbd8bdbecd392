import type { GitHubRepository, GitHubServer } from "./gitHubServers.ts";

export type PullRequestState = "draft" | "open" | "merged" | "closed";

export interface PullRequest {
  readonly number: number;
  /** Its page. Checked by `safePageUrl` before anything opens it. */
  readonly url: string;
  readonly state: PullRequestState;
  readonly title: string;
  readonly baseBranch: string;
  /** Commit at the head of its branch, as GitHub knows it. */
  readonly headCommit: string;
}

export interface CreatePullRequest {
  readonly title: string;
  readonly body: string;
  readonly baseBranch: string;
  /** In the same repository. */
  readonly headBranch: string;
  readonly isDraft: boolean;
}

/** Text of anybody. */
export interface GitHubIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly url: string;
}

export interface RepositoryFacts {
  readonly defaultBranch: string;
  readonly isArchived: boolean;
  /** `undefined` if GitHub does not say. */
  readonly canPush: boolean | undefined;
}

/**
 * GitHub, for one signed-in person. Every method throws `AppError`: `github.noSession` (the token is refused),
 * `github.refused`, `github.rateLimited`, `github.unreachable` (also: the reply got lost, so a write may have happened).
 */
export interface GitHubPort {
  getRepository(repository: GitHubRepository): Promise<RepositoryFacts>;
  /** The open pull request of that branch, or the latest closed one with `includeClosed`. */
  findPullRequest(
    repository: GitHubRepository,
    headBranch: string,
    options?: { readonly includeClosed?: boolean },
  ): Promise<PullRequest | undefined>;
  getPullRequest(repository: GitHubRepository, number: number): Promise<PullRequest>;
  getIssue(repository: GitHubRepository, number: number): Promise<GitHubIssue>;
  /** Throws `conflict` if there is one for that branch. Never repeated by itself. */
  createPullRequest(repository: GitHubRepository, request: CreatePullRequest): Promise<PullRequest>;
}

/** A port for one server and one person's token. */
export type ConnectGitHub = (server: GitHubServer, token: string) => Promise<GitHubPort>;
