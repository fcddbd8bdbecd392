import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Disposable } from "../../base/disposables.ts";
import { err, type Result } from "../../base/result.ts";
import type { Grant, Tokens } from "../access/grant.ts";
import { authorizeUpgrade, namesThisHost, type UpgradePolicy, type UpgradeRefusal } from "./authorizeUpgrade.ts";
import { FailureLimits } from "./failureLimits.ts";
import { Heartbeat } from "./heartbeat.ts";
import { answerHttp, type Operations } from "./httpRoutes.ts";
import { Connection, type ConnectionPorts, INBOUND_LIMITS, type Visitor } from "./connection.ts";
import { addressOf, checkListening, hostHeaders, listenFailure, type ListenOptions } from "./listening.ts";
import { Outbox } from "./outbox.ts";
import { createWebServer, type WebServer } from "./webServer.ts";

export interface GatewayOptions extends ConnectionPorts, ListenOptions {
  readonly tokens: Tokens;
  readonly allowedOrigins: readonly string[];
  /** Bytes that may wait on one socket before its reader is cut off. Default 8 MiB. */
  readonly maxQueuedBytes?: number;
  /** How long a new connection may take until it is initialized. Default 30 s. */
  readonly greetingTimeoutMs?: number;
  /** Default 1,000. */
  readonly maxConnections?: number;
  /** For those who look after the host. */
  readonly operations: Operations;
}

/** Codes with which the host closes a socket. */
export const CLOSE = { goingAway: 1001, notText: 1003, tooSlow: 1013, noGreeting: 4000, tokenEnded: 4001 } as const;

/** `ws` takes the last two, its types do not name them. */
const receiveLimits = { maxPayload: INBOUND_LIMITS.maxBytes, maxFragments: 64, maxBufferedChunks: 256 };
const busy: UpgradeRefusal = {
  status: 503,
  retryAfterSeconds: 10,
  reason: "The host has no room for more connections.",
};
const stopping: UpgradeRefusal = { status: 503, retryAfterSeconds: 5, reason: "The host is stopping." };
const ambiguous: UpgradeRefusal = { status: 400, reason: "The request is not one that can be trusted." };
const onlyOwn: UpgradeRefusal = {
  status: 403,
  reason: "This is about all sessions. Use a token that sees all of them.",
};
/** Clients of a host that stops come back one after the other: this long after it at the earliest, and this far apart. */
const firstReturnMs = 1_000;
const betweenReturnsMs = 20;

/** The host's door: one HTTP server that upgrades to WebSocket, and plain requests for whoever looks after it. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #web: WebServer;
  readonly #server: WebServer["server"];
  readonly #sockets: WebSocketServer;
  readonly #open = new Map<WebSocket, Connection>();
  readonly #heartbeat: Heartbeat;
  #policy: UpgradePolicy | undefined;
  #tokenTimer: Disposable | undefined;

  constructor(options: GatewayOptions) {
    checkListening(options);
    this.#options = options;
    this.#heartbeat = new Heartbeat(options.clock, (ws) => ws.terminate());
    this.#web = createWebServer(options.tls, options);
    this.#server = this.#web.server;
    this.#server.on("request", (request, response) => {
      answerHttp(request, response, this.#routesFor(request), () => this.#authorizeForAll(request));
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

  /** Resolves with the port in use. Rejects as `listenFailure` says. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenFailure(error, host, port)));
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    const actual = typeof address === "object" && address !== null ? address.port : port;
    this.#policy = {
      tokens: this.#options.tokens,
      allowedOrigins: this.#options.allowedOrigins,
      hosts: hostHeaders(this.#options, actual),
      failures: new FailureLimits(this.#options.clock, { perAddress: 10, ofAll: 100 }),
    };
    this.#endTokens();
    this.#heartbeat.start();
    return actual;
  }

  /** Tells every client that the host stops, and when to come back: one after the other. */
  goAway(): void {
    let retryAfterMs = firstReturnMs;
    for (const connection of this.#open.values()) {
      connection.goAway(retryAfterMs);
      retryAfterMs += betweenReturnsMs;
    }
  }

  /** Tells every client when to come back, lets queued frames leave, closes every socket with 1001, then stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#tokenTimer?.dispose();
    this.#heartbeat.dispose();
    this.#web.dispose();
    this.goAway();
    for (const [socket, connection] of this.#open) {
      connection.dispose();
      socket.close(CLOSE.goingAway, "The host is stopping.");
    }
    const patience = this.#options.clock.setTimeout(() => this.#terminateAll(), 2_000);
    this.#server.closeIdleConnections();
    await closed;
    patience.dispose();
  }

  /** What expired or was revoked ends within a second, with everything that it opened. */
  #endTokens(): void {
    for (const [socket, connection] of this.#open) {
      if (this.#options.tokens.isCurrent(connection.grant)) continue;
      connection.dispose();
      endToken(socket);
      this.#options.clock.setTimeout(() => socket.terminate(), 2_000);
    }
    this.#tokenTimer = this.#options.clock.setTimeout(() => this.#endTokens(), 1_000);
  }

  #terminateAll(): void {
    for (const socket of this.#open.keys()) socket.terminate();
    this.#server.closeAllConnections();
  }

  #authorize(request: IncomingMessage): Result<Grant, UpgradeRefusal> {
    const { url = "", headers } = request;
    if (isAmbiguous(request)) return err(ambiguous);
    if (this.#policy === undefined) return err(stopping);
    return authorizeUpgrade({ url, headers, address: this.#addressOf(request) }, this.#policy);
  }

  /** What is counted is counted over everybody's sessions. */
  #authorizeForAll(request: IncomingMessage): Result<Grant, UpgradeRefusal> {
    const known = this.#authorize(request);
    const allowed = known.ok && known.value.sessions !== "all" ? err(onlyOwn) : known;
    const { user, tokenId: token } = known.ok ? known.value : {};
    const refused = allowed.ok ? undefined : allowed.error.reason;
    this.#options.audit.record({ user, token, from: this.#addressOf(request), what: "metrics", refused });
    return allowed;
  }

  /** A probe may call the host what it likes; a page under a name of its own, rebound to this address, learns no reasons. */
  #routesFor({ headers }: IncomingMessage): Operations {
    const { operations } = this.#options;
    if (headers.origin === undefined && namesThisHost(headers, this.#policy?.hosts ?? [])) return operations;
    const unready = () => operations.unready().map(() => "Ask this host by its own name.");
    return { ...operations, unready };
  }

  #addressOf(request: IncomingMessage): string {
    return addressOf(request, this.#options.behindProxy ?? false);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const from = this.#addressOf(request);
    const turnAway = (refusal: UpgradeRefusal, grant?: Grant) => {
      const { status, reason } = refusal;
      this.#options.logger.warn("connection refused", { status, reason, from });
      this.#options.operations.refused(status);
      this.#options.audit.record({ user: grant?.user, token: grant?.tokenId, from, what: "connect", refused: reason });
      refuse(socket, refusal);
    };
    const allowed = this.#authorize(request);
    if (!allowed.ok) return turnAway(allowed.error);
    const grant = allowed.value;
    if (this.#options.operations.isDraining()) return turnAway(stopping, grant);
    if (this.#open.size >= (this.#options.maxConnections ?? 1_000)) return turnAway(busy, grant);
    this.#options.tokens.used(grant);
    this.#options.audit.record({ user: grant.user, token: grant.tokenId, role: grant.role, from, what: "connect" });
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, socket, { grant, from }));
  }

  #accept(ws: WebSocket, socket: Duplex, visitor: Visitor): void {
    const { logger, clock } = this.#options;
    const { user } = visitor.grant;
    const outbox = new Outbox(socket, {
      maxQueuedBytes: this.#options.maxQueuedBytes ?? 8 * 1024 * 1024,
      onOverflow: () => {
        logger.warn("reader cut off", { user, reason: "too slow" });
        this.#options.operations.cutOff();
        ws.close(CLOSE.tooSlow, "The reader is too slow. Reconnect to go on from a snapshot.");
        clock.setTimeout(() => ws.terminate(), 2_000);
      },
    });
    const connection = new Connection(this.#options, visitor, outbox);
    this.#open.set(ws, connection);
    const heartbeat = this.#heartbeat.watch(ws, socket);
    const greeting = clock.setTimeout(() => {
      if (!connection.isOpen) ws.close(CLOSE.noGreeting, "The connection was not initialized in time.");
    }, this.#options.greetingTimeoutMs ?? 30_000);
    ws.on("message", (data: Buffer, isBinary) => {
      if (!this.#options.tokens.isCurrent(visitor.grant)) endToken(ws);
      else if (isBinary) ws.close(CLOSE.notText, "Messages are text.");
      else connection.receive(data.toString("utf8"));
    });
    ws.on("error", (error) => logger.warn("socket failed", { user, reason: error.message }));
    ws.on("close", (code) => {
      greeting.dispose();
      heartbeat.dispose();
      connection.dispose();
      this.#open.delete(ws);
      logger.debug("connection closed", { user, code });
    });
  }
}

function endToken(socket: WebSocket): void {
  socket.close(CLOSE.tokenEnded, "The token has expired or was revoked.");
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
