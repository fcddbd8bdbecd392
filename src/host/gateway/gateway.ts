import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { AppError } from "../../base/appError.ts";
import { authorizeUpgrade, FailureLimit, type UpgradePolicy, type UpgradeRefusal } from "./authorizeUpgrade.ts";
import { Connection, type ConnectionPorts, INBOUND_LIMITS } from "./connection.ts";
import { Outbox } from "./outbox.ts";

export interface GatewayOptions extends ConnectionPorts {
  /** Loopback only: the wire is not encrypted. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly principalOf: (token: string) => string | undefined;
  readonly allowedOrigins: readonly string[];
  /** Bytes that may wait on one socket before its reader is cut off. Default 8 MiB. */
  readonly maxQueuedBytes?: number;
  /** How long a new connection may take until it is initialized. Default 30 s. */
  readonly greetingTimeoutMs?: number;
  /** Default 1,000. */
  readonly maxConnections?: number;
}

/** Codes with which the host closes a socket. */
export const CLOSE = { goingAway: 1001, notText: 1003, tooSlow: 1013, noGreeting: 4000 } as const;

/** `ws` takes the last two, its types do not name them. */
const receiveLimits = { maxPayload: INBOUND_LIMITS.maxBytes, maxFragments: 64, maxBufferedChunks: 256 };
const loopback = new Set(["127.0.0.1", "::1", "localhost"]);
const busy: UpgradeRefusal = {
  status: 503,
  retryAfterSeconds: 10,
  reason: "The host has no room for more connections.",
};
const ambiguous: UpgradeRefusal = { status: 400, reason: "The request is not one that can be trusted." };
/** Clients of a host that stops come back one after the other: this long after it at the earliest, and this far apart. */
const firstReturnMs = 1_000;
const betweenReturnsMs = 20;

/** The host's door: one HTTP server that upgrades to WebSocket, and `GET /health` for whoever watches the process. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #open = new Map<WebSocket, Connection>();
  #policy: UpgradePolicy | undefined;

  constructor(options: GatewayOptions) {
    if (!loopback.has(options.host)) {
      throw new AppError(
        "host.untrustedAddress",
        `The host listens on loopback only, not on ${options.host}: the connection is not encrypted. Use an SSH tunnel or a TLS proxy in front.`,
      );
    }
    this.#options = options;
    this.#server = createServer({
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      // How often Node looks for those that take longer; half a minute unless told.
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16_384,
    });
    this.#server.on("request", (request, response) => {
      const isHealth = request.method === "GET" && request.url === "/health";
      response.writeHead(isHealth ? 200 : 404, { "content-type": "application/json", "cache-control": "no-store" });
      response.end(JSON.stringify(isHealth ? { status: "ok" } : { status: "not found" }));
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      ...receiveLimits,
    });
  }

  get connectionCount(): number {
    return this.#open.size;
  }

  /** Resolves with the port in use. Rejects with AppError `conflict` when the port is taken. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => {
        const taken = "code" in error && error.code === "EADDRINUSE";
        const sentence = taken ? `Port ${port} is in use. Choose another with --port.` : error.message;
        reject(new AppError(taken ? "conflict" : "internal", sentence, { cause: error }));
      });
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    const actual = typeof address === "object" && address !== null ? address.port : port;
    this.#policy = {
      principalOf: this.#options.principalOf,
      allowedOrigins: this.#options.allowedOrigins,
      hosts: [`127.0.0.1:${actual}`, `localhost:${actual}`, `[::1]:${actual}`],
      failures: new FailureLimit(this.#options.clock, 30),
    };
    return actual;
  }

  /** Tells every client when to come back, lets queued frames leave, closes every socket with 1001, then stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    let retryAfterMs = firstReturnMs;
    for (const [socket, connection] of this.#open) {
      connection.goAway(retryAfterMs);
      retryAfterMs += betweenReturnsMs;
      connection.dispose();
      socket.close(CLOSE.goingAway, "The host is stopping.");
    }
    const patience = this.#options.clock.setTimeout(() => this.#terminateAll(), 2_000);
    this.#server.closeIdleConnections();
    await closed;
    patience.dispose();
  }

  #terminateAll(): void {
    for (const socket of this.#open.keys()) socket.terminate();
    this.#server.closeAllConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const policy = this.#policy;
    if (policy === undefined) return void socket.destroy();
    if (isAmbiguous(request)) return refuse(socket, ambiguous);
    const allowed = authorizeUpgrade({ url: request.url ?? "", headers: request.headers }, policy);
    if (!allowed.ok) {
      this.#options.logger.warn("connection refused", { status: allowed.error.status, reason: allowed.error.reason });
      return refuse(socket, allowed.error);
    }
    if (this.#open.size >= (this.#options.maxConnections ?? 1_000)) return refuse(socket, busy);
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, socket, allowed.value.principal));
  }

  #accept(ws: WebSocket, socket: Duplex, principal: string): void {
    const { logger, clock } = this.#options;
    const outbox = new Outbox(socket, {
      maxQueuedBytes: this.#options.maxQueuedBytes ?? 8 * 1024 * 1024,
      onOverflow: () => {
        logger.warn("reader cut off", { reason: "too slow" });
        ws.close(CLOSE.tooSlow, "The reader is too slow. Reconnect to go on from a snapshot.");
        clock.setTimeout(() => ws.terminate(), 2_000);
      },
    });
    const connection = new Connection(this.#options, principal, outbox);
    this.#open.set(ws, connection);
    const greeting = clock.setTimeout(() => {
      if (!connection.isOpen) ws.close(CLOSE.noGreeting, "The connection was not initialized in time.");
    }, this.#options.greetingTimeoutMs ?? 30_000);
    ws.on("message", (data: Buffer, isBinary) => {
      if (isBinary) ws.close(CLOSE.notText, "Messages are text.");
      else connection.receive(data.toString("utf8"));
    });
    ws.on("error", (error) => logger.warn("socket failed", { reason: error.message }));
    ws.on("close", (code) => {
      greeting.dispose();
      connection.dispose();
      this.#open.delete(ws);
      logger.debug("connection closed", { code });
    });
  }
}

function refuse(socket: Duplex, refusal: UpgradeRefusal): void {
  const body = JSON.stringify({ error: refusal.reason });
  const titles = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    429: "Too Many Requests",
    503: "Service Unavailable",
  } as const;
  const { retryAfterSeconds } = refusal;
  const extra =
    refusal.status === 401
      ? "WWW-Authenticate: Bearer\r\n"
      : retryAfterSeconds === undefined
        ? ""
        : `Retry-After: ${retryAfterSeconds}\r\n`;
  socket.end(
    `HTTP/1.1 ${refusal.status} ${titles[refusal.status]}\r\nConnection: close\r\nContent-Type: application/json\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** WebSocket needs HTTP/1.1; and of a header that is there twice, a proxy in front may have judged the other one. */
function isAmbiguous({ httpVersion, headersDistinct }: IncomingMessage): boolean {
  const { host = [], authorization = [] } = headersDistinct;
  return httpVersion !== "1.1" || host.length > 1 || authorization.length > 1;
}
