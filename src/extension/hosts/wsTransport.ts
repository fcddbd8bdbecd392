import type { ConnectionOptions } from "node:tls";
import { WebSocket } from "ws";
import { AppError } from "../../base/appError.ts";
import { type Disposables, toDisposable } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { Transport } from "../../protocol/jsonrpc.ts";

/** The largest message that a host may send: a snapshot of a long transcript. */
const maxPayloadBytes = 32 * 1024 * 1024;
const handshakeTimeoutMs = 10_000;
/** What may wait for a host that does not read. */
const maxUnsentBytes = 64 * 1024 * 1024;
/** Close code of WebSocket for a message beyond `maxPayloadBytes`. */
const tooBig = 1009;

/**
 * Opens a WebSocket to a host. The token goes into a header, never into the address. Rejects with `host.unauthorized`,
 * `host.incompatible`, `limit.exceeded` or `host.unreachable`, each a sentence for people; `details.retryAfterMs` is how
 * long the host asks to be left alone. A certificate that is not trusted is `host.untrustedCertificate`; `trust` says which
 * is, instead of this machine. `attempt` ends the socket.
 */
export function dialWebSocket(
  url: string,
  token: string | undefined,
  attempt: Disposables,
  logger: Logger,
  trust: ConnectionOptions = {},
): Promise<Transport> {
  const socket = new WebSocket(url, {
    ...trust,
    perMessageDeflate: false,
    maxPayload: maxPayloadBytes,
    handshakeTimeout: handshakeTimeoutMs,
    followRedirects: false,
    ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
  });
  // A socket without an error listener would bring the process down.
  socket.on("error", (error) => logger.debug("socket error", { error: error.message }));
  attempt.add({
    dispose: () => {
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
      else socket.close(1000);
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  socket.once("open", () => resolve(new WsTransport(socket, logger)));
  socket.once("unexpected-response", (_request, response) => {
    response.destroy();
    socket.terminate();
    const retryAfterMs = parseRetryAfter(response.headers["retry-after"], response.headers.date);
    reject(refusal(response.statusCode ?? 0, url, retryAfterMs));
  });
  socket.once("error", (error) => reject(unreachable(error, url)));
  const values = [nameOf(url)];
  socket.once("close", () => reject(new AppError("host.unreachable", "{0} closed the connection.", { values })));
  return promise;
}

interface Closed {
  readonly code: number;
  readonly reason: string;
}

class WsTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #message: Emitter<string>;
  readonly #close: Emitter<Closed>;
  #closed: Closed | undefined;

  constructor(socket: WebSocket, logger: Logger) {
    this.#socket = socket;
    const report = (error: unknown) => logger.error("transport listener failed", { error: String(error) });
    this.#message = new Emitter(report);
    this.#close = new Emitter(report);
    socket.on("message", (data, isBinary) => {
      // The protocol has text messages only.
      if (isBinary) socket.close(1003, "text only");
      else this.#message.fire(textOf(data));
    });
    socket.on("close", (code, reason) => this.#end(code, reason.toString("utf8")));
    socket.on("error", (error) => {
      // Nothing more will be read, and the peer may take its time to agree to the end.
      this.#end("code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? tooBig : 1006, "");
      socket.terminate();
    });
  }

  #end(code: number, reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = { code, reason };
    this.#close.fire(this.#closed);
    this.#message.dispose();
    this.#close.dispose();
  }

  get onMessage() {
    return this.#message.event;
  }

  /** Whoever comes after the close, which may follow the opening in the same breath, hears of it too. */
  readonly onClose: Event<Closed> = (listener) => {
    const closed = this.#closed;
    if (closed === undefined) return this.#close.event(listener);
    queueMicrotask(() => listener(closed));
    return toDisposable(() => undefined);
  };

  send(text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > maxUnsentBytes) this.#socket.terminate();
    else this.#socket.send(text);
  }

  close(code?: number, reason?: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(code, reason);
  }
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : Buffer.from(data).toString("utf8");
}

/** The header `Retry-After`, seconds or a date, in ms; a date counts from the answer's own. */
export function parseRetryAfter(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const waitMs = Date.parse(value) - Date.parse(date ?? "");
  return waitMs > 0 ? waitMs : undefined;
}

/** Why an upgrade was answered by an HTTP status. */
function refusal(status: number, url: string, retryAfterMs: number | undefined): AppError {
  const host = nameOf(url);
  const details = { status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  const about = { details, values: [host] };
  switch (status) {
    case 401:
    case 403:
      return new AppError(
        "host.unauthorized",
        "{0} did not accept the token. Edit the host and enter a valid one.",
        about,
      );
    case 404:
    case 426:
      return new AppError(
        "host.incompatible",
        "{0} answers, but not as an agent host. Check the address and its path.",
        about,
      );
    case 429:
    case 503:
      return new AppError("limit.exceeded", "{0} is busy and takes no more connections at the moment.", about);
    default:
      if (status >= 300 && status < 400) {
        return new AppError(
          "host.incompatible",
          "{0} sends connections elsewhere. Enter the address it stands for.",
          about,
        );
      }
      return new AppError("host.unreachable", "{0} answered with HTTP status {1}.", {
        details,
        values: [host, status],
      });
  }
}

/** With a place for the host's name. */
interface Sentence {
  readonly sentence: string;
}

const reasons: Readonly<Record<string, Sentence>> = {
  ECONNREFUSED: { sentence: "Nothing listens at {0}. Check that the host is running and the port is right." },
  ENOTFOUND: { sentence: "There is no machine named {0}. Check the address." },
  EAI_AGAIN: { sentence: "The name {0} could not be looked up. Check your network." },
  ETIMEDOUT: { sentence: "{0} does not answer. Check your network and the address." },
  EHOSTUNREACH: { sentence: "{0} cannot be reached from here. Check your network." },
  ENETUNREACH: { sentence: "There is no network to reach {0}." },
  ECONNRESET: { sentence: "{0} broke the connection off. Check the address and whether it wants wss://." },
};
const anyReason: Sentence = { sentence: "{0} cannot be reached. Check the address and your network." };

const unknownAuthority: Sentence = {
  sentence:
    "The certificate of {0} comes from an authority that this machine does not know. Install its authority on this machine, or trust this one certificate when you add or edit the host.",
};
/** One that has expired is trusted by nobody; others may be, by their fingerprint. */
const untrusted: Readonly<Record<string, Sentence>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    sentence:
      "The certificate of {0} is self-signed. Install its authority on this machine, or trust this one certificate when you add or edit the host.",
  },
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: { sentence: "The certificate of {0} has expired; whoever runs the host has to renew it." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    sentence:
      "The certificate of {0} was made for another name. Install its authority on this machine, or trust this one certificate when you add or edit the host.",
  },
};

/** A socket error by its code; its text is for the log only. */
function unreachable(error: Error, url: string): AppError {
  const code: unknown = Reflect.get(error, "code");
  const of = (table: Readonly<Record<string, Sentence>>) =>
    typeof code === "string" && Object.hasOwn(table, code) ? table[code] : undefined;
  const values = [nameOf(url)];
  const refused = of(untrusted);
  if (refused !== undefined) {
    const details = { canPin: code !== "CERT_HAS_EXPIRED" };
    return new AppError("host.untrustedCertificate", refused.sentence, { cause: error, details, values });
  }
  const { sentence } = of(reasons) ?? anyReason;
  return new AppError("host.unreachable", sentence, { cause: error, values });
}

/** Host and port: the address may hold more than should be shown. */
function nameOf(url: string): string {
  return URL.parse(url)?.host ?? "The host";
}
