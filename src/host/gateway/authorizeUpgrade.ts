import type { IncomingHttpHeaders } from "node:http";
import { err, ok, type Result } from "../../base/result.ts";
import type { Grant, Tokens } from "../access/grant.ts";
import type { FailureLimits } from "./failureLimits.ts";

export interface UpgradeRequest {
  /** Path and query as on the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Where it comes from. */
  readonly address: string;
}

export interface UpgradePolicy {
  readonly tokens: Tokens;
  /** Origins of web pages that may connect, exactly as browsers write them. Editors send none. */
  readonly allowedOrigins: readonly string[];
  /** Values of the Host header that name this host, with port, in lower case. */
  readonly hosts: readonly string[];
  readonly failures: FailureLimits;
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
 * is why both are checked before the token; guessing is slowed down, while the right token always passes. Who the client
 * is comes from its token alone: nothing else that it says of itself is looked at.
 */
export function authorizeUpgrade(request: UpgradeRequest, policy: UpgradePolicy): Result<Grant, UpgradeRefusal> {
  const { origin } = request.headers;
  if (!namesThisHost(request.headers, policy.hosts)) {
    return err({ status: 403, reason: "The Host header does not name this host." });
  }
  if (origin !== undefined && !policy.allowedOrigins.includes(origin)) {
    return err({ status: 403, reason: "Connections from web pages are refused." });
  }
  const token = tokenOf(request);
  const grant = token === undefined ? undefined : policy.tokens.grantOf(token);
  if (grant !== undefined && grant !== "expired") return ok(grant);
  const { failures } = policy;
  if (failures.isExceeded(request.address)) {
    return err({ status: 429, retryAfterSeconds: 60, reason: "Too many failed attempts. Wait a minute." });
  }
  failures.count(request.address);
  if (token === undefined) return err({ status: 401, reason: "A token is needed." });
  if (grant === "expired") return err({ status: 401, reason: "The token has expired. Ask for another." });
  return err({ status: 403, reason: "The token is not valid." });
}

/** A name that a web page had resolved to this address is none of this host's. */
export function namesThisHost({ host }: IncomingHttpHeaders, hosts: readonly string[]): boolean {
  return host !== undefined && hosts.includes(host.toLowerCase());
}

/** From `Authorization: Bearer` or the query's `tkn`; undefined when absent or given more than once. */
function tokenOf(request: UpgradeRequest): string | undefined {
  const bearer = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const query = request.url.includes("?") ? request.url.slice(request.url.indexOf("?") + 1) : "";
  const given = [...new URLSearchParams(query).getAll("tkn"), ...(bearer === undefined ? [] : [bearer])];
  return given.length === 1 ? given[0] : undefined;
}
