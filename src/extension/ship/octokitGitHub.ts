import type { Octokit } from "@octokit/rest";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { toAppError } from "./gitHubErrors.ts";
import type { CreatePullRequest, GitHubIssue, GitHubPort, PullRequest, RepositoryFacts } from "./gitHubPort.ts";
import { apiBase, type GitHubRepository, type GitHubServer } from "./gitHubServers.ts";
import { guardedFetch } from "./guardedFetch.ts";

const requestTimeoutMs = 5000;
/** GitHub's largest answer to what is asked here is well below this. */
const maxAnswerBytes = 8 * 1024 * 1024;
/** A rate limit that ends sooner is waited for; a longer one is told to the person. */
const maxWaitSeconds = 5;

export interface OctokitGitHubOptions {
  readonly server: GitHubServer;
  readonly token: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Product and version, as GitHub asks of every client. */
  readonly userAgent: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMs?: number;
  /** Unit of the waits between retries of a read; tests shorten it. */
  readonly retryUnitMs?: number;
}

const RepositoryAnswer = z.looseObject({
  default_branch: z.string(),
  archived: z.optional(z.boolean()),
  permissions: z.optional(z.looseObject({ push: z.boolean() })),
});

const PullAnswer = z.looseObject({
  number: z.number(),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  draft: z.optional(z.boolean()),
  merged_at: z.nullable(z.string()),
  title: z.string(),
  base: z.looseObject({ ref: z.string() }),
  head: z.looseObject({ sha: z.string() }),
});

const IssueAnswer = z.looseObject({
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: z.nullish(z.string()),
});

function toPullRequest(answer: z.infer<typeof PullAnswer>): PullRequest {
  const isOpen = answer.state === "open";
  const closed = answer.merged_at === null ? "closed" : "merged";
  return {
    number: answer.number,
    url: answer.html_url,
    state: isOpen ? (answer.draft === true ? "draft" : "open") : closed,
    title: answer.title,
    baseBranch: answer.base.ref,
    headCommit: answer.head.sha,
  };
}

/** GitHub through Octokit. The libraries are loaded by the first call of `connect`, not with the extension. */
export class OctokitGitHub implements GitHubPort {
  readonly #octokit: Octokit;
  readonly #clock: Clock;

  private constructor(octokit: Octokit, clock: Clock) {
    this.#octokit = octokit;
    this.#clock = clock;
  }

  static async connect(options: OctokitGitHubOptions): Promise<OctokitGitHub> {
    const baseUrl = apiBase(options.server);
    if (baseUrl === undefined) {
      throw new AppError(
        "github.unreachable",
        `The API address of ${options.server.host} is not one that a sign-in may be sent to. Correct it in muster.github.servers.`,
      );
    }
    const [{ Octokit }, { retry }, { throttling }] = await Promise.all([
      import("@octokit/rest"),
      import("@octokit/plugin-retry"),
      import("@octokit/plugin-throttling"),
    ]);
    const log = options.logger.child("github");
    const waitOrGiveUp = (retryAfterSeconds: number, _request: unknown, _octokit: unknown, retryCount: number) => {
      log.warn("rate limit reached", { retryAfterSeconds });
      return retryAfterSeconds <= maxWaitSeconds && retryCount < 1;
    };
    const Client = Octokit.plugin(retry, throttling);
    const octokit = new Client({
      auth: options.token,
      baseUrl,
      userAgent: options.userAgent,
      retry: { retries: 2, retryAfterBaseValue: options.retryUnitMs ?? 500 },
      throttle: { onRateLimit: waitOrGiveUp, onSecondaryRateLimit: waitOrGiveUp, fallbackSecondaryRateRetryAfter: 60 },
      request: {
        fetch: guardedFetch({
          fetch: options.fetch ?? globalThis.fetch,
          origin: new URL(baseUrl).origin,
          timeoutMs: options.timeoutMs ?? requestTimeoutMs,
          maxBytes: maxAnswerBytes,
        }),
      },
      // Octokit's own words may hold addresses; what matters is logged here by numbers.
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    octokit.hook.before("request", (request) => {
      request.headers["x-github-api-version"] = "2022-11-28";
    });
    return new OctokitGitHub(octokit, options.clock);
  }

  async getRepository(repository: GitHubRepository): Promise<RepositoryFacts> {
    return this.#ask(repository, RepositoryAnswer, (address) => this.#octokit.rest.repos.get(address)).then(
      (answer) => ({
        defaultBranch: answer.default_branch,
        isArchived: answer.archived ?? false,
        canPush: answer.permissions?.push,
      }),
    );
  }

  async findPullRequest(
    repository: GitHubRepository,
    headBranch: string,
    options: { readonly includeClosed?: boolean } = {},
  ): Promise<PullRequest | undefined> {
    const answer = await this.#ask(repository, z.array(PullAnswer), (address) =>
      this.#octokit.rest.pulls.list({
        ...address,
        head: `${address.owner}:${headBranch}`,
        state: options.includeClosed === true ? "all" : "open",
        sort: "created",
        direction: "desc",
        per_page: 10,
      }),
    );
    const found = answer.find((pull) => pull.state === "open") ?? answer[0];
    return found === undefined ? undefined : toPullRequest(found);
  }

  async getPullRequest(repository: GitHubRepository, number: number): Promise<PullRequest> {
    const answer = await this.#ask(repository, PullAnswer, (address) =>
      this.#octokit.rest.pulls.get({ ...address, pull_number: number }),
    );
    return toPullRequest(answer);
  }

  async getIssue(repository: GitHubRepository, number: number): Promise<GitHubIssue> {
    const answer = await this.#ask(repository, IssueAnswer, (address) =>
      this.#octokit.rest.issues.get({ ...address, issue_number: number }),
    );
    return { number: answer.number, title: answer.title, body: answer.body ?? "", url: answer.html_url };
  }

  async createPullRequest(repository: GitHubRepository, request: CreatePullRequest): Promise<PullRequest> {
    const answer = await this.#ask(repository, PullAnswer, (address) =>
      this.#octokit.rest.pulls.create({
        ...address,
        title: request.title,
        body: request.body,
        head: request.headBranch,
        base: request.baseBranch,
        draft: request.isDraft,
        // A repeated write could double what it made; the caller looks for it first.
        request: { retries: 0 },
      }),
    );
    return toPullRequest(answer);
  }

  /** One exchange: errors become ours, and the answer is parsed, for a server may send anything. */
  async #ask<T>(
    repository: GitHubRepository,
    schema: z.ZodMiniType<T>,
    send: (address: { owner: string; repo: string }) => Promise<{ readonly data: unknown }>,
  ): Promise<T> {
    let data: unknown;
    try {
      ({ data } = await send({ owner: repository.owner, repo: repository.repo }));
    } catch (error) {
      throw toAppError(error, repository, this.#clock.now());
    }
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    throw new AppError(
      "github.unreachable",
      `${repository.server.host} did not answer as GitHub does. Check the address in muster.github.servers.`,
    );
  }
}
