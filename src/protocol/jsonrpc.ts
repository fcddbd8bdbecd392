import { AppError, type ErrorCode } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import { type Disposable, Disposables } from "../base/disposables.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { defaultFrameLimits, type FrameError, type FrameLimits, parseFrame, type RpcId } from "./frame.ts";

/** What a connection is made of: whole text messages in order, both ways. Implementations own the socket. */
export interface Transport {
  /** Never throws; after the close it does nothing. */
  send(text: string): void;
  readonly onMessage: Event<string>;
  /** At most once. */
  readonly onClose: Event<{ readonly code: number; readonly reason: string }>;
  close(code?: number, reason?: string): void;
}

/** Numeric error codes of JSON-RPC and AHP. -32006 is reserved. */
export const RPC = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** A session, chat or other channel does not exist, or is not the caller's. */
  channelNotFound: -32001,
  providerNotFound: -32002,
  sessionExists: -32003,
  turnInProgress: -32004,
  /** `data.supportedVersions`. */
  versionMismatch: -32005,
  /** `data.resources`. */
  authRequired: -32007,
  notFound: -32008,
  permissionDenied: -32009,
  alreadyExists: -32010,
  conflict: -32011,
} as const;

/** A failure as the wire tells it. Callers that know `AppError` want `toAppError`. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data?: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The closest AHP code of each of ours; the exact one travels in `data.muster.code`. */
const rpcCodes: Record<ErrorCode, number> = {
  "host.unreachable": RPC.internal,
  "host.unauthorized": RPC.authRequired,
  "host.incompatible": RPC.versionMismatch,
  "host.disconnected": RPC.internal,
  "host.untrustedAddress": RPC.permissionDenied,
  "host.untrustedCertificate": RPC.permissionDenied,
  "agent.unknown": RPC.providerNotFound,
  "agent.missing": RPC.internal,
  "agent.crashed": RPC.internal,
  "agent.failed": RPC.internal,
  "agent.interrupted": RPC.internal,
  "isolation.missing": RPC.internal,
  "repository.invalid": RPC.invalidParams,
  "repository.cloneFailed": RPC.internal,
  "setup.failed": RPC.internal,
  "branch.empty": RPC.conflict,
  "branch.moved": RPC.conflict,
  "push.refused": RPC.permissionDenied,
  "content.tooLarge": RPC.permissionDenied,
  "github.noSession": RPC.authRequired,
  "github.notGitHub": RPC.invalidParams,
  "github.refused": RPC.permissionDenied,
  "github.rateLimited": RPC.internal,
  "demo.failed": RPC.internal,
  "github.unreachable": RPC.internal,
  "auth.required": RPC.authRequired,
  "permission.denied": RPC.permissionDenied,
  notFound: RPC.notFound,
  conflict: RPC.conflict,
  "request.invalid": RPC.invalidParams,
  "request.rejected": RPC.invalidRequest,
  "limit.exceeded": RPC.internal,
  timeout: RPC.internal,
  cancelled: RPC.internal,
  internal: RPC.internal,
};

/** For codes of hosts that tell no code of ours. */
const appCodes: Readonly<Record<number, ErrorCode>> = {
  [RPC.parse]: "request.invalid",
  [RPC.invalidRequest]: "request.rejected",
  [RPC.methodNotFound]: "request.rejected",
  [RPC.invalidParams]: "request.invalid",
  [RPC.channelNotFound]: "notFound",
  [RPC.providerNotFound]: "agent.unknown",
  [RPC.sessionExists]: "conflict",
  [RPC.turnInProgress]: "conflict",
  [RPC.versionMismatch]: "host.incompatible",
  [RPC.authRequired]: "auth.required",
  [RPC.notFound]: "notFound",
  [RPC.permissionDenied]: "permission.denied",
  [RPC.alreadyExists]: "conflict",
  [RPC.conflict]: "conflict",
};

/**
 * Anything a request handler threw, as the wire may tell it: an `AppError` keeps its sentence and details, anything
 * foreign becomes a bare internal error, because its text may hold paths, prompts or stacks.
 */
export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  if (!AppError.is(thrown) || thrown.code === "internal") {
    return new RpcError(RPC.internal, "The request failed inside the peer.", { muster: { code: "internal" } });
  }
  return new RpcError(rpcCodes[thrown.code], thrown.message, { ...thrown.details, muster: { code: thrown.code } });
}

/** A peer's refusal as an error of ours. `details` holds the error's `data` and its numeric code as `rpcCode`. */
export function toAppError(error: RpcError): AppError {
  const data = typeof error.data === "object" && error.data !== null ? error.data : {};
  const ours: unknown = "muster" in data ? data.muster : undefined;
  const told = typeof ours === "object" && ours !== null && "code" in ours ? ours.code : undefined;
  const code = isErrorCode(told) ? told : (appCodes[error.code] ?? "internal");
  return new AppError(code, sentenceOf(error), { cause: error, details: { ...data, rpcCode: error.code } });
}

/** Some hosts send what they caught: the name of its class and its stack are not for people. The cause has them. */
function sentenceOf({ message }: RpcError): string {
  return message.replace(/\n[^\S\n]+at [^]*$/, "").replace(/^(?:[A-Z]\w*)?Error: /, "");
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(rpcCodes, value);
}

export interface PeerHandlers {
  /** Its answer, or a promise of it. Throws `RpcError` or `AppError` to refuse. Absent: every method is unknown. */
  readonly request?: (method: string, params: unknown) => unknown;
  /** Unknown ones are to be ignored. */
  readonly notification?: (method: string, params: unknown) => void;
  /** A message came that cannot be read. It is answered by an error afterwards, unless this ends the connection. */
  readonly malformed?: () => void;
}

export interface PeerOptions {
  readonly logger: Logger;
  /** Without a clock requests wait for ever, or until the connection closes. */
  readonly clock?: Clock;
  /** Default 30 s. */
  readonly requestTimeoutMs?: number;
  readonly limits?: FrameLimits;
}

interface Pending {
  readonly method: string;
  readonly timer: Disposable | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Both directions of JSON-RPC over one transport. Owns the subscription to the transport, not the transport: `dispose`
 * ends the peer, `close` the connection too. What arrives malformed is answered and never thrown.
 */
export class JsonRpcPeer implements Disposable {
  readonly #transport: Transport;
  readonly #handlers: PeerHandlers;
  readonly #logger: Logger;
  readonly #clock: Clock | undefined;
  readonly #timeoutMs: number;
  readonly #limits: FrameLimits;
  readonly #pending = new Map<RpcId, Pending>();
  readonly #owned = new Disposables();
  readonly #closed: Emitter<{ readonly code: number; readonly reason: string }>;
  #lastId = 0;
  #isClosed = false;

  constructor(transport: Transport, handlers: PeerHandlers, options: PeerOptions) {
    this.#transport = transport;
    this.#handlers = handlers;
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#limits = options.limits ?? defaultFrameLimits;
    this.#closed = new Emitter((error) => this.#logger.error("close listener failed", { error: String(error) }));
    this.#owned.add(transport.onMessage((text) => this.#receive(text)));
    this.#owned.add(
      transport.onClose((event) => {
        if (this.#end("The connection was lost.")) this.#closed.fire(event);
      }),
    );
  }

  /** The transport closed under the peer; not fired by `close` or `dispose`. Pending requests are rejected by then. */
  get onClose(): Event<{ readonly code: number; readonly reason: string }> {
    return this.#closed.event;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Rejects with `RpcError` if the peer refuses, `AppError` "timeout" without an answer in time and "host.disconnected"
   * if the connection ends first.
   */
  request(method: string, params: unknown, options?: { readonly timeoutMs?: number }): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(disconnected(method));
    const id = ++this.#lastId;
    const timeoutMs = options?.timeoutMs ?? this.#timeoutMs;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = this.#clock?.setTimeout(() => {
      this.#pending.delete(id);
      reject(new AppError("timeout", `No answer to ${method} within ${timeoutMs} ms.`));
    }, timeoutMs);
    this.#pending.set(id, { method, timer, resolve, reject });
    this.#send({ id, method, params });
    return promise;
  }

  notify(method: string, params: unknown): void {
    if (!this.#isClosed) this.#send({ method, params });
  }

  /** Ends the peer and its transport. */
  close(code?: number, reason?: string): void {
    this.dispose();
    this.#transport.close(code, reason);
  }

  dispose(): void {
    this.#end("The connection was closed.");
    this.#closed.dispose();
  }

  #end(reason: string): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#owned.dispose();
    const pending = Array.from(this.#pending.values());
    this.#pending.clear();
    for (const { method, timer, reject } of pending) {
      timer?.dispose();
      reject(disconnected(method, reason));
    }
    return true;
  }

  #send(message: object): void {
    this.#transport.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  #receive(text: string): void {
    const parsed = parseFrame(text, this.#limits);
    if (!parsed.ok) {
      const { kind, message } = parsed.error;
      this.#logger.warn("malformed message", { reason: message, length: text.length });
      this.#handlers.malformed?.();
      const code = kind === "parse" ? RPC.parse : RPC.invalidRequest;
      this.#answerError(kind === "parse" ? null : parsed.error.id, { code, message });
      return;
    }
    const frame = parsed.value;
    switch (frame.kind) {
      case "request":
        void this.#answer(frame.id, frame.method, frame.params);
        return;
      case "notification":
        this.#hear(frame.method, frame.params);
        return;
      case "result":
        this.#take(frame.id)?.resolve(frame.result);
        return;
      case "error": {
        const { code, message, data } = frame.error;
        if (frame.id === null) this.#logger.warn("peer reports an error", { code });
        else this.#take(frame.id)?.reject(new RpcError(code, message, data));
        return;
      }
    }
  }

  /** An answer that nobody waits for any more (late, or never asked for) is dropped. */
  #take(id: RpcId): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.timer?.dispose();
    return pending;
  }

  async #answer(id: RpcId, method: string, params: unknown): Promise<void> {
    try {
      if (!this.#handlers.request) throw new RpcError(RPC.methodNotFound, `There is no method ${method}.`);
      const result = await this.#handlers.request(method, params);
      if (!this.#isClosed) this.#send({ id, result: result ?? null });
    } catch (thrown) {
      const { code, message, data } = toRpcError(thrown);
      this.#logger.debug("request failed", { method, code, error: String(thrown) });
      this.#answerError(id, data === undefined ? { code, message } : { code, message, data });
    }
  }

  #answerError(id: RpcId | null, error: FrameError): void {
    if (!this.#isClosed) this.#send({ id, error });
  }

  #hear(method: string, params: unknown): void {
    try {
      this.#handlers.notification?.(method, params);
    } catch (thrown) {
      this.#logger.error("notification handler failed", { method, error: String(thrown) });
    }
  }
}

function disconnected(method: string, reason = "The connection is closed."): AppError {
  return new AppError("host.disconnected", `${method} was not answered: ${reason}`);
}
