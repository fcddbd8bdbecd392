import type { Octokit } from "@octokit/rest";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { rememberAnswers } from "./conditionalAnswers.ts";
import { toAppError } from "./gitHubErrors.ts";
import { apiBase, type GitHubRepository, type GitHubServer } from "./gitHubServers.ts";
import { guardedFetch } from "./guardedFetch.ts";
import { logTailFetch } from "./logTailFetch.ts";

/** GitHub itself gives a request up after ten seconds; a slow line comes on top. */
const requestTimeoutMs = 20_000;
const logTimeoutMs = 15_000;
/** GitHub's largest answer to what is asked here is well below this. */
const maxAnswerBytes = 8 * 1024 * 1024;
/** A rate limit that ends sooner is waited for; a longer one is told to the person. */
const maxWaitSeconds = 5;

export interface GitHubApiOptions {
  readonly server: GitHubServer;
  readonly token: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Product and version, as GitHub asks of every client. */
  readonly userAgent: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMs?: number;
  /** The server does not accept the token. */
  readonly onRefused?: () => void;
  /** Unit of the waits between retries of a read; tests shorten it. */
  readonly retryUnitMs?: number;
  /** Writes keep the distance that GitHub asks for, and short limits are waited for. Default: true. */
  readonly isPaced?: boolean;
}

/** What is left of the hour's requests. */
export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  /** ms since the epoch. */
  readonly resetsAt: number;
}

type Send = (address: { owner: string; repo: string }, octokit: Octokit) => Promise<{ readonly data: unknown }>;

/** One server's API for one person. The libraries are loaded by the first call of `connect`, not with the extension. */
export class GitHubApi {
  readonly #octokit: Octokit;
  readonly #options: GitHubApiOptions;
  readonly #fetch: typeof globalThis.fetch;
  #quota: Quota | undefined;

  private constructor(octokit: Octokit, options: GitHubApiOptions, fetch: typeof globalThis.fetch) {
    this.#octokit = octokit;
    this.#options = options;
    this.#fetch = fetch;
    octokit.hook.before("request", (request) => {
      request.headers["x-github-api-version"] = "2022-11-28";
    });
    octokit.hook.after("request", ({ headers }) => {
      if (headers["x-ratelimit-resource"] === "core") this.#quota = readQuota(headers) ?? this.#quota;
    });
    rememberAnswers(octokit);
  }

  static async connect(options: GitHubApiOptions): Promise<GitHubApi> {
    const baseUrl = apiBase(options.server);
    if (baseUrl === undefined) {
      throw new AppError(
        "github.unreachable",
        "The API address of {0} is not one that a sign-in may be sent to. Correct it in muster.github.servers.",
        { values: [options.server.host] },
      );
    }
    const { newPacedOctokit } = await import("./pacedOctokit.ts");
    const log = options.logger.child("github");
    const waitOrGiveUp = (retryAfterSeconds: number, _request: unknown, _octokit: unknown, retryCount: number) => {
      log.warn("rate limit reached", { retryAfterSeconds });
      return retryAfterSeconds <= maxWaitSeconds && retryCount < 1;
    };
    const fetch = options.fetch ?? globalThis.fetch;
    const octokit = newPacedOctokit({
      auth: options.token,
      baseUrl,
      userAgent: options.userAgent,
      retry: { retries: 2, retryAfterBaseValue: options.retryUnitMs ?? 500 },
      throttle: {
        enabled: options.isPaced ?? true,
        onRateLimit: waitOrGiveUp,
        onSecondaryRateLimit: waitOrGiveUp,
        fallbackSecondaryRateRetryAfter: 60,
      },
      request: {
        fetch: guardedFetch({
          fetch,
          origin: new URL(baseUrl).origin,
          timeoutMs: options.timeoutMs ?? requestTimeoutMs,
          maxBytes: maxAnswerBytes,
        }),
      },
      // Octokit's own words may hold addresses; what matters is logged here by numbers.
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    return new GitHubApi(octokit, options, fetch);
  }

  get server(): GitHubServer {
    return this.#options.server;
  }

  /** As the latest answer told; `undefined` on servers without limits. */
  get quota(): Quota | undefined {
    return this.#quota;
  }

  /** The end of a job's log, which GitHub keeps on another server. */
  async readLogTail(repository: GitHubRepository, jobId: number, maxBytes: number): Promise<string> {
    const fetch = logTailFetch({
      fetch: this.#fetch,
      timeoutMs: this.#options.timeoutMs ?? logTimeoutMs,
      tailBytes: maxBytes,
    });
    return this.ask(repository, z.string(), (address, { rest }) =>
      rest.actions.downloadJobLogsForWorkflowRun({ ...address, job_id: jobId, request: { fetch, retries: 0 } }),
    );
  }

  /** One exchange: errors become ours, and the answer is parsed, for a server may send anything. */
  async ask<T>(repository: GitHubRepository, schema: z.ZodMiniType<T>, send: Send): Promise<T> {
    const { owner, repo } = repository;
    let data: unknown;
    try {
      ({ data } = await send({ owner, repo }, this.#octokit));
    } catch (error) {
      const failure = toAppError(error, repository, this.#options.clock.now());
      if (failure.code === "github.noSession") this.#options.onRefused?.();
      throw failure;
    }
    return this.#parse(schema, data);
  }

  /** One exchange of what only GraphQL has. Never repeated by itself. */
  async askGraphQl<T>(
    repository: GitHubRepository,
    schema: z.ZodMiniType<T>,
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<T> {
    return this.ask(repository, schema, async (_address, octokit) => ({
      data: await octokit.graphql(query, { ...variables, request: { retries: 0 } }),
    }));
  }

  #parse<T>(schema: z.ZodMiniType<T>, data: unknown): T {
    const parsed = schema.safeParse(data);
    if (parsed.success) return parsed.data;
    throw new AppError(
      "github.unreachable",
      "{0} did not answer as GitHub does. Check the address in muster.github.servers.",
      { values: [this.server.host] },
    );
  }
}

function readQuota(headers: Readonly<Record<string, string | number | undefined>>): Quota | undefined {
  const limit = Number(headers["x-ratelimit-limit"]);
  const remaining = Number(headers["x-ratelimit-remaining"]);
  const resetSeconds = Number(headers["x-ratelimit-reset"]);
  const isTold = [limit, remaining, resetSeconds].every((value) => Number.isFinite(value));
  return isTold ? { limit, remaining, resetsAt: resetSeconds * 1000 } : undefined;
}
