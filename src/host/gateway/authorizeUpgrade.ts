import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../base/clock.ts";
import { err, ok, type Result } from "../../base/result.ts";

export interface UpgradeRequest {
  /** Path and query as on the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface UpgradePolicy {
  readonly principalOf: (token: string) => string | undefined;
  /** Origins of web pages that may connect, exactly as browsers write them. Editors send none. */
  readonly allowedOrigins: readonly string[];
  /** Values of the Host header that name this host, with port. */
  readonly hosts: readonly string[];
  readonly failures: FailureLimit;
}

export interface UpgradeRefusal {
  readonly status: 400 | 401 | 403 | 429 | 503;
  /** When trying again makes sense. */
  readonly retryAfterSeconds?: number;
  /** One plain sentence. */
  readonly reason: string;
}

/**
 * The only way in: every upgrade is checked here before a frame is read. A web page cannot forge Origin and Host, which
 * is why both are checked before the token; guessing is slowed down, while the right token always passes.
 */
export function authorizeUpgrade(
  request: UpgradeRequest,
  policy: UpgradePolicy,
): Result<{ readonly principal: string }, UpgradeRefusal> {
  const { origin, host } = request.headers;
  if (host === undefined || !policy.hosts.includes(host.toLowerCase())) {
    return err({ status: 403, reason: "The Host header does not name this host." });
  }
  if (origin !== undefined && !policy.allowedOrigins.includes(origin)) {
    return err({ status: 403, reason: "Connections from web pages are refused." });
  }
  const token = tokenOf(request);
  const principal = token === undefined ? undefined : policy.principalOf(token);
  if (principal !== undefined) return ok({ principal });
  if (policy.failures.isExceeded()) {
    return err({ status: 429, retryAfterSeconds: 60, reason: "Too many failed attempts. Wait a minute." });
  }
  policy.failures.count();
  if (token === undefined) return err({ status: 401, reason: "A token is needed." });
  return err({ status: 403, reason: "The token is not valid." });
}

/** From `Authorization: Bearer` or the query's `tkn`; undefined when absent or given more than once. */
function tokenOf(request: UpgradeRequest): string | undefined {
  const bearer = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const query = request.url.includes("?") ? request.url.slice(request.url.indexOf("?") + 1) : "";
  const given = [...new URLSearchParams(query).getAll("tkn"), ...(bearer === undefined ? [] : [bearer])];
  return given.length === 1 ? given[0] : undefined;
}

/** Failed attempts in the current window of a minute. */
export class FailureLimit {
  readonly #clock: Clock;
  readonly #perMinute: number;
  #windowStart = 0;
  #failures = 0;

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  isExceeded(): boolean {
    this.#roll();
    return this.#failures >= this.#perMinute;
  }

  count(): void {
    this.#roll();
    this.#failures += 1;
  }

  #roll(): void {
    const now = this.#clock.now();
    if (now - this.#windowStart < 60_000) return;
    this.#windowStart = now;
    this.#failures = 0;
  }
}
