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

/** A failure in words: the key of its sentence, and what stands in its places. */
interface Told {
  readonly code: AppError["code"];
  readonly sentence: string;
  readonly values?: readonly (string | number)[];
  readonly details?: Readonly<Record<string, unknown>>;
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
  const { code, sentence, values = [], details } = tell(failure, repository, nowMs);
  return new AppError(code, sentence, { cause: error, values, details: { status: failure?.status, ...details } });
}

function tell(failure: RequestFailure | undefined, { owner, repo, server }: GitHubRepository, nowMs: number): Told {
  const { host, authProvider } = server;
  if (failure === undefined || !failure.isAnswered || failure.status >= 500) {
    const sentence = "{0} did not answer. Check the connection, then try again; what you typed is kept.";
    return { code: "github.unreachable", sentence, values: [host] };
  }
  const { headers, status } = failure;
  const waitSeconds = status === 403 || status === 429 ? rateLimitWaitSeconds(failure, nowMs) : undefined;
  if (waitSeconds !== undefined || status === 429) return tellLimit(host, waitSeconds ?? 60);
  const name = `${owner}/${repo}`;
  switch (status) {
    case 401: {
      const sentence = "{0} does not accept your sign-in. Sign in again, then try once more.";
      return { code: "github.noSession", sentence, values: [host], details: { authProvider } };
    }
    case 403: {
      if (headers["x-github-sso"] !== undefined) {
        const sentence =
          "The organization {0} wants your sign-in to be authorized for single sign-on. Sign in again and authorize it there.";
        return { code: "github.noSession", sentence, values: [owner], details: { authProvider } };
      }
      const sentence =
        "Your account may not do this in {0}. Ask its owner for access, or sign in with another account.";
      return { code: "github.refused", sentence, values: [name] };
    }
    case 404: {
      const sentence = "{0} does not exist on {1}, or your account cannot see it. Sign in with an account that can.";
      return { code: "github.refused", sentence, values: [name, host] };
    }
    case 422:
      return tellRefusal(failure, name, host);
    default: {
      const sentence = "{0} refused it ({1}). Try again, or open the repository in the browser.";
      return { code: "github.refused", sentence, values: [host, status] };
    }
  }
}

function tellLimit(host: string, seconds: number): Told {
  const details = { retryAfterMs: seconds * 1000 };
  if (seconds < 90) {
    const sentence = "{0} has had too many requests from you. Try again in {1} seconds; what you typed is kept.";
    return { code: "github.rateLimited", sentence, values: [host, Math.max(1, Math.round(seconds))], details };
  }
  const sentence = "{0} has had too many requests from you. Try again in {1} minutes; what you typed is kept.";
  return { code: "github.rateLimited", sentence, values: [host, Math.ceil(seconds / 60)], details };
}

/** What GitHub has against the content of a request. */
function tellRefusal({ message, errors }: RequestFailure, name: string, host: string): Told {
  if ([message, ...errors].some((reason) => /already exists/i.test(reason))) {
    return { code: "conflict", sentence: "A pull request for this branch exists in {0}.", values: [name] };
  }
  if (errors.some((reason) => /no commits between/i.test(reason))) {
    const sentence = "The branch holds nothing that its base does not have. Let the agent commit a change first.";
    return { code: "branch.empty", sentence };
  }
  const reason = errors[0] ?? message;
  if (reason === "") {
    return { code: "github.refused", sentence: "{0} refused it. Correct the form and try again.", values: [host] };
  }
  return {
    code: "github.refused",
    sentence: "{0} refused it ({1}). Correct the form and try again.",
    values: [host, reason],
  };
}
