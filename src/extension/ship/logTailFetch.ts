import { AppError } from "../../base/appError.ts";

/** More than any log that somebody still reads; what is behind it is not waited for. */
const maxLogBytes = 64 * 1024 * 1024;

export interface LogTailOptions {
  readonly fetch: typeof globalThis.fetch;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** How much of the end is kept. */
  readonly tailBytes: number;
}

/**
 * A `fetch` for logs, which GitHub has on other servers: it follows one redirect, to where the token does not go along,
 * and keeps the end of what it gets.
 */
export function logTailFetch({ fetch, timeoutMs, tailBytes }: LogTailOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const api = new URL(input instanceof Request ? input.url : String(input));
    const answer = await fetch(api.href, { ...init, redirect: "manual", signal });
    const location = answer.headers.get("location");
    if (answer.status !== 302 || location === null) return answer;
    await answer.body?.cancel();
    const target = URL.canParse(location, api.href) ? new URL(location, api.href) : undefined;
    // A server of this machine is one that somebody tries things out on.
    const isSafe = target !== undefined && (target.protocol === "https:" || target.hostname === api.hostname);
    if (!isSafe) throw new AppError("github.refused", "GitHub keeps that log at an address that is not safe to open.");
    const log = await fetch(target.href, { redirect: "error", signal });
    const tail = log.ok ? await readTail(log, tailBytes) : "";
    return new Response(tail, { status: log.status, headers: { "content-type": "text/plain; charset=utf-8" } });
  };
}

async function readTail(response: Response, tailBytes: number): Promise<string> {
  let chunks: Uint8Array[] = [];
  let kept = 0;
  let read = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    kept += chunk.length;
    read += chunk.length;
    if (read > maxLogBytes) break;
    if (kept > 4 * tailBytes) {
      chunks = [Buffer.concat(chunks).subarray(-tailBytes)];
      kept = tailBytes;
    }
  }
  const tail = Buffer.concat(chunks).subarray(-tailBytes);
  const text = new TextDecoder().decode(tail);
  // What is cut begins with a whole line.
  return read > tail.length ? text.slice(text.indexOf("\n") + 1) : text;
}
