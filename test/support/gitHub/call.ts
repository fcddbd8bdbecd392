import type { Answer } from "./answers.ts";
import type { GitHubRepository, GitHubState, GitHubUser } from "./gitHubState.ts";
import type { Resources } from "./resources.ts";

/** One checked request on its way to its handler. */
export interface Call {
  readonly state: GitHubState;
  readonly resources: Resources;
  readonly user: GitHubUser;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Where GitHub keeps what it does not send itself: another server. */
  readonly storageUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A call about a repository that the user may read. */
export interface RepositoryCall extends Call {
  readonly repository: GitHubRepository;
  readonly owner: GitHubUser;
}

export type Handler = (call: Call) => Promise<Answer>;
export type RepositoryHandler = (call: RepositoryCall) => Promise<Answer>;
