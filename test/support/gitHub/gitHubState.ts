import type { BareRepository } from "./bareRepository.ts";

export interface GitHubUser {
  readonly id: number;
  readonly login: string;
  readonly token: string;
  readonly scopes: readonly string[];
}

export interface Review {
  readonly id: number;
  readonly user: GitHubUser;
  readonly state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "PENDING" | "DISMISSED";
  readonly body: string;
  readonly commitId: string;
  readonly submittedAt: string;
}

export interface CheckRun {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: "success" | "failure" | "neutral" | "cancelled" | "skipped" | "timed_out" | null;
  /** With it, the run is a job of GitHub Actions with that log. */
  readonly log?: string;
  /** The workflow run of a job. */
  readonly workflowRun?: number;
  readonly title?: string;
  readonly annotations?: readonly Annotation[];
}

export interface Annotation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** By the older way to tell how a commit fared. */
export interface CommitStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly description: string;
}

/** Comments of reviewers on a line. */
export interface ReviewThread {
  readonly id: number;
  readonly path: string;
  readonly line: number;
  readonly diffHunk: string;
  isResolved: boolean;
  isOutdated: boolean;
  readonly comments: IssueComment[];
}

export interface IssueComment {
  readonly id: number;
  readonly user: GitHubUser;
  readonly body: string;
  readonly createdAt: string;
}

export interface Pull {
  readonly number: number;
  readonly user: GitHubUser;
  readonly head: string;
  /** Where the branch is, if not in this repository. */
  readonly fork?: GitHubRepository;
  /** Commit that the branch had when it was last looked at; a deleted branch keeps its last. */
  headSha: string;
  base: string;
  title: string;
  body: string | null;
  state: "open" | "closed";
  draft: boolean;
  merged: boolean;
  readonly createdAt: string;
  updatedAt: string;
  labels: string[];
  assignees: string[];
  milestone: number | null;
  readonly requestedReviewers: string[];
  readonly reviews: Review[];
  readonly comments: IssueComment[];
  readonly threads: ReviewThread[];
}

export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly user: GitHubUser;
  readonly createdAt: string;
}

export interface GitHubRepository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly isPrivate: boolean;
  readonly defaultBranch: string;
  /** Logins with the right to write; the owner has it too. */
  readonly writers: ReadonlySet<string>;
  readonly git: BareRepository;
  /** By number. */
  readonly pulls: Map<number, Pull>;
  readonly issues: Map<number, Issue>;
  readonly checkRuns: CheckRun[];
  readonly statuses: CommitStatus[];
  /** Which checks have to be green before a merge. */
  requiredChecks: readonly string[];
  /** How many have to approve before a merge. */
  requiredApprovals: number;
  mergeMethods: readonly ("merge" | "squash" | "rebase")[];
  labels: readonly string[];
  /** Titles; a milestone's number is its place, from 1. */
  milestones: readonly string[];
  readonly parent: GitHubRepository | undefined;
}

/** What this GitHub knows, apart from what git knows. */
export class GitHubState {
  readonly users: GitHubUser[] = [];
  readonly repositories: GitHubRepository[] = [];
  #lastId = 1_000;

  nextId(): number {
    return ++this.#lastId;
  }

  userOfToken(token: string | undefined): GitHubUser | undefined {
    return token === undefined ? undefined : this.users.find((user) => user.token === token);
  }

  user(login: string): GitHubUser | undefined {
    return this.users.find((user) => user.login.toLowerCase() === login.toLowerCase());
  }

  repository(owner: string, name: string): GitHubRepository | undefined {
    const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    return this.repositories.find((known) => isSame(known.owner, owner) && isSame(known.name, name));
  }
}

export function canRead(repository: GitHubRepository, user: GitHubUser | undefined): boolean {
  return !repository.isPrivate || canWrite(repository, user);
}

export function canWrite(repository: GitHubRepository, user: GitHubUser | undefined): boolean {
  if (user === undefined) return false;
  const hasScope = user.scopes.includes("repo") || (!repository.isPrivate && user.scopes.includes("public_repo"));
  return hasScope && (repository.owner === user.login || repository.writers.has(user.login));
}
