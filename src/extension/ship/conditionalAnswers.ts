import type { Octokit } from "@octokit/rest";

/** An answer that GitHub gave with a name for its content. */
interface KeptAnswer {
  readonly etag: string;
  readonly response: { readonly data: unknown };
  readonly bytes: number;
}

/** JSON takes several times as much in memory as on the line; this is what the line had. */
const maxKeptBytes = 4 * 1024 * 1024;

/**
 * Makes reads conditional: an answer is kept with its ETag, and where GitHub says that nothing has changed (304, which
 * does not count against the limit) the kept one is the answer. For the lifetime of the client, in memory, the least
 * recently used go first.
 */
export function rememberAnswers(octokit: Octokit, maxBytes = maxKeptBytes): void {
  const kept = new Map<string, KeptAnswer>();
  let bytes = 0;
  const forget = (key: string) => {
    bytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  octokit.hook.wrap("request", async (request, options) => {
    const { method, url } = octokit.request.endpoint(options);
    if (method !== "GET") return request(options);
    const known = kept.get(url);
    if (known !== undefined) options.headers["if-none-match"] = known.etag;
    try {
      const response = await request(options);
      forget(url);
      const { etag } = response.headers;
      const size = response.headers["content-length"] ?? JSON.stringify(response.data).length;
      if (etag === undefined || size > maxBytes) return response;
      kept.set(url, { etag, response, bytes: size });
      bytes += size;
      for (const oldest of kept.keys()) {
        if (bytes <= maxBytes) break;
        forget(oldest);
      }
      return response;
    } catch (error) {
      if (known === undefined || !isNotModified(error)) throw error;
      kept.delete(url);
      kept.set(url, known);
      return known.response as Awaited<ReturnType<typeof request>>;
    }
  });
}

function isNotModified(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "status") === 304;
}
