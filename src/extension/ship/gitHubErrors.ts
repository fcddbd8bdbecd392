import { AppError } from "../../base/appError.ts";
import type { GitHubRepository } from "./gitHubServers.ts";

/** What is read of Octokit's `RequestError`: numbers and headers, never its text, to decide what happened. */
interface RequestFailure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  /** True if GitHub itself answered; without an answer a write may or may not have happened. */
  readonly isAnswered: boolean;
  /** GitHub's own words, for the sentence. */
  readonly message: string;
  readonly errors: readonly string[];
}

/** GraphQL answers 200 to everything; these are the statuses that REST has for the same. */
const graphQlStatuses: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  INSUFFICIENT_SCOPES: 403,
  RATE_LIMITED: 429,
};

/** The first error of a GraphQL answer. */
function readGraphQlFailure(error: Error): RequestFailure | undefined {
  const errors: unknown = Reflect.get(error, "errors");
  const [first]: readonly unknown[] = Array.isArray(errors) ? errors : [];
  if (error.name !== "GraphqlResponseError" || typeof first !== "object" || first === null) return undefined;
  const type = String(Reflect.get(first, "type"));
  const headers: unknown = Reflect.get(error, "headers");
  return {
    status: (Object.hasOwn(graphQlStatuses, type) ? graphQlStatuses[type] : undefined) ?? 422,
    isAnswered: true,
    headers: typeof headers === "object" && headers !== null ? { ...headers } : {},
    message: messageOf(first)[0] ?? "",
    errors: [],
  };
}

function readFailure(error: unknown): RequestFailure | undefined {
  if (!(error instanceof Error)) return undefined;
  const status: unknown = Reflect.get(error, "status");
  if (typeof status !== "number") return readGraphQlFailure(error);
  const response: unknown = Reflect.get(error, "response");
  const isAnswered = typeof response === "object" && response !== null;
  const data: unknown = isAnswered ? Reflect.get(response, "data") : undefined;
  const read = (key: string): unknown =>
    typeof data === "object" && data !== null ? Reflect.get(data, key) : undefined;
  const message = read("message");
  const errors = read("errors");
  const headers: unknown = isAnswered ? Reflect.get(response, "headers") : undefined;
  return {
    status,
    isAnswered,
    headers: typeof headers === "object" && headers !== null ? { ...headers } : {},
    message: typeof message === "string" ? message.slice(0, 200) : "",
    errors: Array.isArray(errors) ? errors.flatMap((entry) => messageOf(entry)) : [],
  };
}

function messageOf(entry: unknown): string[] {
  if (typeof entry === "string") return [entry.slice(0, 200)];
  if (typeof entry !== "object" || entry === null) return [];
  const message: unknown = Reflect.get(entry, "message");
  if (typeof message === "string") return [message.slice(0, 200)];
  // Most errors name the field of the request and a code, and leave the sentence to the client.
  const field: unknown = Reflect.get(entry, "field");
  const code: unknown = Reflect.get(entry, "code");
  return typeof field === "string" ? [`${field}: ${String(code)}`.slice(0, 200)] : [];
}

function rateLimitWaitSeconds(failure: RequestFailure, nowMs: number): number | undefined {
  const retryAfter = Number(failure.headers["retry-after"]);
  if (Number.isFinite(retryAfter)) return retryAfter;
  if (String(failure.headers["x-ratelimit-remaining"]) !== "0") return undefined;
  const resetSeconds = Number(failure.headers["x-ratelimit-reset"]);
  return Number.isFinite(resetSeconds) ? Math.max(0, Math.ceil(resetSeconds - nowMs / 1000)) : 60;
}

function waitText(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

/**
 * A failure of Octokit as one of ours. Its sentence says why and what to do; what was tried is for the presenter to say.
 */
export function toAppError(error: unknown, repository: GitHubRepository, nowMs: number): AppError {
  // Guards of the request throw our own errors; Octokit wraps them as the cause of a failure without an answer.
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AppError) return cause;
  }
  const failure = readFailure(error);
  const { owner, repo, server } = repository;
  const fail = (code: AppError["code"], sentence: string, details: Record<string, unknown> = {}) =>
    new AppError(code, sentence, { cause: error, details: { status: failure?.status, ...details } });
  if (failure === undefined || !failure.isAnswered || failure.status >= 500) {
    return fail(
      "github.unreachable",
      `${server.host} did not answer. Check the connection, then try again; what you typed is kept.`,
    );
  }
  const waitSeconds =
    failure.status === 403 || failure.status === 429 ? rateLimitWaitSeconds(failure, nowMs) : undefined;
  if (waitSeconds !== undefined || failure.status === 429) {
    const wait = waitText(waitSeconds ?? 60);
    return fail(
      "github.rateLimited",
      `${server.host} has had too many requests from you. Try again in ${wait}; what you typed is kept.`,
      { retryAfterMs: (waitSeconds ?? 60) * 1000 },
    );
  }
  switch (failure.status) {
    case 401:
      return fail(
        "github.noSession",
        `${server.host} does not accept your sign-in. Sign in again, then try once more.`,
        { authProvider: server.authProvider },
      );
    case 403:
      if (failure.headers["x-github-sso"] !== undefined) {
        return fail(
          "github.noSession",
          `The organization ${owner} wants your sign-in to be authorized for single sign-on. Sign in again and authorize it there.`,
          { authProvider: server.authProvider },
        );
      }
      return fail(
        "github.refused",
        `Your account may not do this in ${owner}/${repo}. Ask its owner for access, or sign in with another account.`,
      );
    case 404:
      return fail(
        "github.refused",
        `${owner}/${repo} does not exist on ${server.host}, or your account cannot see it. Sign in with an account that can.`,
      );
    case 422: {
      const reasons = [failure.message, ...failure.errors];
      if (reasons.some((reason) => /already exists/i.test(reason))) {
        return fail("conflict", `A pull request for this branch exists in ${owner}/${repo}.`);
      }
      if (failure.errors.some((reason) => /no commits between/i.test(reason))) {
        return fail(
          "branch.empty",
          `The branch holds nothing that its base does not have. Let the agent commit a change first.`,
        );
      }
      const reason = failure.errors[0] ?? failure.message;
      return fail(
        "github.refused",
        `${server.host} refused it${reason === "" ? "" : ` (${reason})`}. Correct the form and try again.`,
      );
    }
    default:
      return fail(
        "github.refused",
        `${server.host} refused it (${failure.status}). Try again, or open the repository in the browser.`,
      );
  }
}
