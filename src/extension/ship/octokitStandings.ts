import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { GitHubApi, Quota } from "./gitHubApi.ts";
import type { GitHubRepository } from "./gitHubServers.ts";
import {
  CheckRunsAnswer,
  PullAnswer,
  ReviewAnswer,
  StatusAnswer,
  toPullRequest,
  WholePullAnswer,
} from "./pullAnswers.ts";
import type { StandingsReader } from "./pullRequestWatch.ts";
import { type Check, type PullRequestStanding, reviewVerdict, toChecks, toMergeState } from "./pullRequestStanding.ts";

const StatusesAnswer = z.looseObject({ statuses: z.array(StatusAnswer) });
const pageSize = 100;
const maxPages = 3;

/** What a single pull request is known by, until its list says that something has changed. */
interface Known {
  readonly standing: PullRequestStanding;
  readonly version: string;
}

/**
 * Reads how pull requests stand. The repository's list tells which have changed; the others are asked only for their
 * checks, which change by themselves. All of it is conditional: what has not changed costs nothing.
 */
export class OctokitStandings implements StandingsReader {
  readonly #api: GitHubApi;
  readonly #known = new Map<string, Known>();

  constructor(api: GitHubApi) {
    this.#api = api;
  }

  get quota(): Quota | undefined {
    return this.#api.quota;
  }

  /**
   * Those with these numbers, and the open ones of these branches, as far as this person may see them. Throws when GitHub
   * cannot be asked at all.
   */
  async readAll(
    repository: GitHubRepository,
    numbers: readonly number[],
    branches: ReadonlySet<string>,
  ): Promise<readonly PullRequestStanding[]> {
    const listed = await this.#listOpen(repository);
    const name = `${repository.owner}/${repository.repo}`.toLowerCase();
    const ofBranches = Array.from(listed.values())
      // A fork may have a branch of the same name.
      .filter(({ head }) => branches.has(head.ref) && head.repo?.full_name.toLowerCase() === name)
      .map(({ number }) => number);
    const found: PullRequestStanding[] = [];
    // One after the other, as GitHub asks of clients that poll.
    for (const number of new Set([...numbers, ...ofBranches])) {
      const standing = await this.#readListed(repository, number, listed.get(number)).catch(orHidden);
      if (standing !== undefined) found.push(standing);
    }
    return found;
  }

  async read(repository: GitHubRepository, number: number): Promise<PullRequestStanding> {
    const answer = await this.#api.ask(repository, WholePullAnswer, (address, { rest }) =>
      rest.pulls.get({ ...address, pull_number: number }),
    );
    const pull = toPullRequest(answer);
    const isOpen = answer.state === "open";
    const [reviews, checks, isBranchDeleted] = await Promise.all([
      isOpen ? this.#reviews(repository, number) : [],
      isOpen ? this.readChecks(repository, pull.headCommit) : [],
      isOpen ? false : this.#isGone(repository, answer),
    ]);
    const waiting = (answer.requested_reviewers?.length ?? 0) + (answer.requested_teams?.length ?? 0);
    const standing: PullRequestStanding = {
      pull,
      checks,
      review: reviewVerdict(reviews, waiting),
      merge: isOpen ? toMergeState(answer.mergeable_state) : "unknown",
      isBranchDeleted,
    };
    this.#known.set(keyOf(repository, number), { standing, version: versionOf(answer) });
    return standing;
  }

  /** Checks and statuses of a commit or a branch. */
  async readChecks(repository: GitHubRepository, ref: string): Promise<readonly Check[]> {
    const [runs, statuses] = await Promise.all([
      this.#pages(async (page) => {
        const answer = await this.#api.ask(repository, CheckRunsAnswer, (address, { rest }) =>
          rest.checks.listForRef({ ...address, ref, filter: "latest", per_page: pageSize, page }),
        );
        return answer.check_runs;
      }),
      this.#api.ask(repository, StatusesAnswer, (address, { rest }) =>
        rest.repos.getCombinedStatusForRef({ ...address, ref, per_page: pageSize }),
      ),
    ]);
    return toChecks(runs, statuses.statuses);
  }

  async #readListed(
    repository: GitHubRepository,
    number: number,
    listed: PullAnswer | undefined,
  ): Promise<PullRequestStanding> {
    const known = this.#known.get(keyOf(repository, number));
    const isSame = known !== undefined && listed !== undefined && known.version === versionOf(listed);
    if (!isSame || known.standing.merge === "unknown") return this.read(repository, number);
    const checks = await this.readChecks(repository, known.standing.pull.headCommit);
    const standing = { ...known.standing, checks };
    // What may be merged changes with the checks that the base branch requires.
    if (JSON.stringify(checks) !== JSON.stringify(known.standing.checks)) return this.read(repository, number);
    return standing;
  }

  async #listOpen(repository: GitHubRepository): Promise<ReadonlyMap<number, PullAnswer>> {
    const answers = await this.#api.ask(repository, z.array(PullAnswer), (address, { rest }) =>
      rest.pulls.list({ ...address, state: "open", sort: "updated", direction: "desc", per_page: pageSize }),
    );
    return new Map(answers.map((answer) => [answer.number, answer]));
  }

  async #reviews(repository: GitHubRepository, number: number): Promise<readonly ReviewAnswer[]> {
    return this.#pages((page) =>
      this.#api.ask(repository, z.array(ReviewAnswer), (address, { rest }) =>
        rest.pulls.listReviews({ ...address, pull_number: number, per_page: pageSize, page }),
      ),
    );
  }

  async #isGone(repository: GitHubRepository, { head }: PullAnswer): Promise<boolean> {
    const [owner = repository.owner, repo = repository.repo] = head.repo?.full_name.split("/") ?? [];
    if (head.repo === null) return true;
    try {
      await this.#api.ask(repository, z.unknown(), (_address, { rest }) =>
        rest.git.getRef({ owner, repo, ref: `heads/${head.ref}` }),
      );
      return false;
    } catch (error) {
      if (AppError.is(error) && error.details["status"] === 404) return true;
      throw error;
    }
  }

  async #pages<T>(read: (page: number) => Promise<readonly T[]>): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const items = await read(page);
      all.push(...items);
      if (items.length < pageSize) break;
    }
    return all;
  }
}

function keyOf({ owner, repo }: GitHubRepository, number: number): string {
  return `${owner}/${repo}#${number}`;
}

/** Another one when the pull request, its branch, its base or a review of it changes. */
function versionOf({ updated_at, head, base, draft }: PullAnswer): string {
  return [updated_at, head.sha, base.ref, base.sha, draft].join(" ");
}

/** One that is gone, or that the person may not see any more, keeps nobody from reading the others. */
function orHidden(error: unknown): undefined {
  if (!AppError.is(error, "github.refused")) throw error;
}
