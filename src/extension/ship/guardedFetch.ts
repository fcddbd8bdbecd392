import { AppError } from "../../base/appError.ts";

const maxRedirects = 3;

export interface GuardOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Nothing is asked of, and no token goes to, another origin than this one. */
  readonly origin: string;
  /** For the whole exchange with its redirects and body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * A `fetch` for requests with a token: it stays at one origin whatever redirects say, ends in time, and takes no more
 * bytes than an answer of that API has. The body is complete when the promise resolves.
 */
export function guardedFetch(options: GuardOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const signal = AbortSignal.any([AbortSignal.timeout(options.timeoutMs), ...(init?.signal ? [init.signal] : [])]);
    let url = new URL(input instanceof Request ? input.url : String(input));
    for (let redirects = 0; ; redirects++) {
      if (url.origin !== options.origin) throw refused(url);
      const response = await options.fetch(url.href, { ...init, redirect: "manual", signal }).catch(late(signal));
      const target = redirectOf(response, url);
      if (target === undefined) return readWhole(response, options.maxBytes).catch(late(signal));
      await response.body?.cancel();
      const method = (init?.method ?? "GET").toUpperCase();
      // A redirected write would repeat it somewhere else.
      if (method !== "GET" && method !== "HEAD") throw target.origin === options.origin ? moved() : refused(target);
      if (redirects >= maxRedirects) throw refused(target);
      url = target;
    }
  };
}

/** Octokit repeats whatever fails without an answer, except an `AbortError`; so that is what a final failure looks like to it. */
function final(failure: AppError): Error {
  const error = new Error(failure.message, { cause: failure });
  error.name = "AbortError";
  return error;
}

function refused(url: URL): Error {
  return final(
    new AppError(
      "github.refused",
      "GitHub answered with a redirect to {0}, which was not followed. Check the address in muster.github.servers.",
      { values: [url.origin] },
    ),
  );
}

/** As GitHub answers for a repository that was renamed or given to another owner. */
function moved(): Error {
  return final(
    new AppError(
      "github.refused",
      "The repository has another name or owner than when the agent was launched. Nothing was written; open it on its page.",
    ),
  );
}

/** Whoever did not answer in time is not asked again while a person waits. */
function late(signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    if (!signal.aborted) throw error;
    throw final(
      new AppError("github.unreachable", "GitHub took too long to answer. Check the connection, then try again."),
    );
  };
}

function redirectOf(response: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get("location");
  return location !== null && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
}

async function readWhole(response: Response, maxBytes: number): Promise<Response> {
  if (response.body === null) return response;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > maxBytes)
      throw final(new AppError("github.unreachable", "GitHub's answer is larger than any real one."));
    chunks.push(chunk);
  }
  const whole = new Response(chunks.length === 0 ? null : Buffer.concat(chunks), {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
  Object.defineProperty(whole, "url", { value: response.url });
  return whole;
}
