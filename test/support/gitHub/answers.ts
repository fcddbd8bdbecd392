/** An answer of the API before it is written: status, JSON and headers. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function okAnswer(body: unknown): Answer {
  return { status: 200, body };
}

export function createdAnswer(body: unknown): Answer {
  return { status: 201, body };
}

/** GitHub's form of an error. */
export function errorAnswer(status: number, message: string, errors?: readonly unknown[]): Answer {
  const documentation = "https://docs.github.com/rest";
  const body = {
    message,
    ...(errors !== undefined && { errors }),
    documentation_url: documentation,
    status: String(status),
  };
  return { status, body };
}

/** 404 for what is not there and for what the caller may not know of. */
export const NOT_FOUND = errorAnswer(404, "Not Found");

/** 422 with one error about a pull request, as GitHub words it. */
export function invalidPull(error: {
  readonly message?: string;
  readonly field?: string;
  readonly code: string;
}): Answer {
  return errorAnswer(422, "Validation Failed", [{ resource: "PullRequest", ...error }]);
}

/** 403 as GitHub answers when the hour's requests are used up. @param resetSeconds Unix time when the limit is lifted */
export function rateLimitAnswer(login: string, resetSeconds: number): Answer {
  const headers = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-used": "5000",
    "x-ratelimit-reset": String(resetSeconds),
    "x-ratelimit-resource": "core",
  };
  return { ...errorAnswer(403, `API rate limit exceeded for user ${login}.`), headers };
}

/** 403 as GitHub answers a burst of writes. */
export function secondaryLimitAnswer(retryAfterSeconds: number): Answer {
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  return { ...errorAnswer(403, message), headers: { "retry-after": String(retryAfterSeconds) } };
}
