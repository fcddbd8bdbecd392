import type { IncomingMessage, ServerResponse } from "node:http";
import type { Result } from "../../base/result.ts";
import type { UpgradeRefusal } from "./authorizeUpgrade.ts";

/** What those who look after the host get from the gateway, and are told by it. */
export interface Operations {
  /** Why the host takes no work, one sentence each. */
  readonly unready: () => readonly string[];
  /** The metrics as Prometheus reads them. */
  readonly metrics: () => string;
  /** The host is on its way out: nobody new is let in. */
  readonly isDraining: () => boolean;
  /** A connection was refused with this status. */
  readonly refused: (status: number) => void;
  /** A connection was closed because its reader did not keep up. */
  readonly cutOff: () => void;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/**
 * `GET /healthz`: the process answers. `GET /readyz`: it takes work, or 503 and why not. `GET /metrics`: for Prometheus,
 * with a token like a connection's. Everything else is not here.
 * @param authorize the checks of an upgrade
 */
export function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Operations,
  authorize: () => Result<unknown, UpgradeRefusal>,
): void {
  const { status, type = "application/json", headers, body } = answerOf(request, routes, authorize);
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function answerOf(
  request: IncomingMessage,
  routes: Operations,
  authorize: () => Result<unknown, UpgradeRefusal>,
): Answer {
  const path = (request.url ?? "").split("?", 1)[0];
  if (request.method !== "GET" && request.method !== "HEAD") return json(404, { status: "not found" });
  switch (path) {
    case "/healthz":
      return json(200, { status: "ok" });
    case "/readyz": {
      const reasons = routes.unready();
      return reasons.length === 0 ? json(200, { status: "ready" }) : json(503, { status: "not ready", reasons });
    }
    case "/metrics": {
      const allowed = authorize();
      if (allowed.ok) return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: routes.metrics() };
      const { status, reason, retryAfterSeconds } = allowed.error;
      const headers: Record<string, string> = {};
      if (status === 401) headers["www-authenticate"] = "Bearer";
      if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
      return { ...json(status, { error: reason }), headers };
    }
    default:
      return json(404, { status: "not found" });
  }
}

function json(status: number, value: object): Answer {
  return { status, body: JSON.stringify(value) };
}
