import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { chmod, chown, rm } from "node:fs/promises";
import type { AddressRules } from "../../workspaces/addressRules.ts";
import type { Resolve } from "../../workspaces/remoteAccess.ts";
import type { Admit } from "./admission.ts";
import { type HostTarget, parseAuthority } from "./hostPattern.ts";

export interface ProxyOptions {
  /** Where the server listens: a unix socket, in a directory of the host's own. */
  readonly socket: string;
  /** The only user besides the host's who may connect. */
  readonly uid?: number | undefined;
  readonly admit: Admit;
  readonly hostPorts: readonly number[];
  readonly addresses: AddressRules;
  readonly resolve: Resolve;
  readonly dial?: (address: string, port: number) => Socket;
}

const maxConnections = 256;
const connectTimeoutMs = 20_000;
const idleTimeoutMs = 15 * 60_000;
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The one way out of a box: an HTTP proxy that knows CONNECT and plain `http:` requests. What it decides about is what it
 * dials: the name is read once, resolved once here, and the address that was checked is the address that is connected to.
 */
export class EgressProxy {
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createServer({ maxHeaderSize: 64 * 1024, requestTimeout: 0, headersTimeout: 30_000 });
    this.#server.maxConnections = maxConnections;
    this.#server.on("connection", (socket: Socket) => this.#hold(socket));
    this.#server.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#tunnel(request, socket, head);
    });
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#forward(request, response);
    });
    this.#server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => socket.end(answer(501, "Use CONNECT.")));
    this.#server.on("clientError", (_error: Error, socket: Duplex) => socket.end(answer(400, "Not an HTTP request.")));
  }

  static async listen(options: ProxyOptions): Promise<EgressProxy> {
    const { socket, uid } = options;
    const proxy = new EgressProxy(options);
    await rm(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject).listen(socket, resolve);
    });
    await chmod(socket, 0o600);
    if (uid !== undefined) await chown(socket, uid, uid);
    return proxy;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.#options.socket, { force: true });
  }

  #hold<S extends Duplex>(socket: S): S {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    return socket;
  }

  async #tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const target = parseAuthority(request.url ?? "");
    if (!target) return void socket.end(answer(400, "A CONNECT request names a host and a port."));
    const early = new EarlyBytes(socket, head);
    const upstream = await this.#reach(target, socket);
    if (typeof upstream === "string") return void socket.end(answer(403, upstream));
    if (upstream instanceof Error) return void socket.end(answer(502, upstream.message));
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    for (const piece of early.take()) upstream.write(piece);
    upstream.setTimeout(idleTimeoutMs, () => upstream.destroy());
    pipeline(socket, upstream, () => upstream.destroy());
    pipeline(upstream, socket, () => socket.destroy());
  }

  /** Each request of a connection is looked at by itself; its target is the address of the request line alone. */
  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "" } = request;
    const authority = /^http:\/\/([^/?#\\@\s]+)([/?][^\s#]*)?$/i.exec(url);
    const target = authority ? parseAuthority(authority[1] ?? "", 80) : undefined;
    if (!target) return tell(response, 400, "This proxy forwards http: addresses and opens tunnels with CONNECT.");
    const upstream = await this.#reach(target, request.socket);
    if (typeof upstream === "string") return tell(response, 403, upstream);
    if (upstream instanceof Error) return tell(response, 502, upstream.message);
    const path = (authority?.[2] ?? "/").replace(/^\?/, "/?");
    const forwarded = httpRequest({
      createConnection: () => upstream,
      method: request.method,
      path,
      headers: { ...endToEnd(request), host: authority?.[1], connection: "close" },
    });
    forwarded.on("response", (reply) => {
      response.writeHead(reply.statusCode ?? 502, endToEnd(reply));
      pipeline(reply, response, () => upstream.destroy());
    });
    forwarded.on("error", () => {
      if (response.headersSent) response.destroy();
      else tell(response, 502, `${target.host} did not answer.`);
    });
    pipeline(request, forwarded, () => {});
    response.once("close", () => upstream.destroy());
  }

  /** An open connection; a sentence where there shall be none; an error where there could be none. */
  async #reach(target: HostTarget, client: Duplex): Promise<Socket | string | Error> {
    const gone = new AbortController();
    const onClose = () => gone.abort();
    client.once("close", onClose);
    try {
      const isHostPort = target.host === "127.0.0.1" && this.#options.hostPorts.includes(target.port);
      if (isHostPort) return await this.#dial(target.host, target);
      const refusal = await this.#options.admit(target, gone.signal);
      if (refusal !== undefined) return refusal;
      if (gone.signal.aborted) return new Error("The connection was given up.");
      const addresses = isIP(target.host) ? [target.host] : await this.#options.resolve(target.host);
      const address = addresses[0];
      if (address === undefined) return new Error(`${target.host} has no address.`);
      if (addresses.some((each) => this.#options.addresses.judge(each) !== "allowed")) return privateAddress(target);
      return await this.#dial(address, target);
    } catch (error) {
      const why = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
      return new Error(`${target.host} could not be reached${why}.`);
    } finally {
      client.off("close", onClose);
    }
  }

  async #dial(address: string, { port }: HostTarget): Promise<Socket> {
    const dial = this.#options.dial ?? ((host: string) => connect({ host, port, timeout: connectTimeoutMs }));
    const socket = this.#hold(dial(address, port));
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
      socket.once("timeout", () => socket.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })));
    });
    return socket.setTimeout(0);
  }
}

const maxEarlyBytes = 64 * 1024;

/** What a client sends before its tunnel stands. It is read, because only a reader learns that the client has gone. */
class EarlyBytes {
  readonly #socket: Duplex;
  readonly #pieces: Buffer[];
  #bytes: number;
  readonly #take = (piece: Buffer) => {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > maxEarlyBytes) this.#socket.destroy();
  };
  readonly #leave = () => this.#socket.destroy();

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.#pieces = head.length > 0 ? [head] : [];
    this.#bytes = head.length;
    socket.on("data", this.#take).once("end", this.#leave);
  }

  take(): readonly Buffer[] {
    this.#socket.off("data", this.#take).off("end", this.#leave).pause();
    return this.#pieces;
  }
}

function privateAddress({ host }: HostTarget): string {
  return `${host} is an address inside this host's own network. If it is meant to be used, name its network under "egress.privateNetworks" in the host's configuration.`;
}

function endToEnd({ headers }: IncomingMessage): Record<string, string | string[] | undefined> {
  const named = (headers.connection ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.includes(name)));
}

function answer(status: number, text: string): string {
  const body = `${text}\n`;
  return [
    `HTTP/1.1 ${status} ${status === 403 ? "Forbidden by Muster" : "Muster"}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}

function tell(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`${text}\n`);
}
