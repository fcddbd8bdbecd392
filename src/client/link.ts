import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import { type Disposable, Disposables } from "../base/disposables.ts";
import type { Logger } from "../base/logger.ts";
import { TokenBucket } from "../base/tokenBucket.ts";
import { defaultFrameLimits } from "../protocol/frame.ts";
import { decode } from "../protocol/decode.ts";
import { FleetNotifications } from "../protocol/fleet.ts";
import { JsonRpcPeer, RPC, RpcError, toAppError, type Transport } from "../protocol/jsonrpc.ts";
import { Held } from "./held.ts";
import { beyondLimit, type ClientLimits } from "./limits.ts";
import { hintOf } from "./retryDelay.ts";

export interface LinkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ClientLimits;
  /** Starts the sentences about what the host does. */
  readonly hostName: string;
}

export interface LinkEvents {
  /** In the order of arrival. `size` is that of the frame in characters. */
  notification(method: string, params: unknown, size: number): void;
  /** A frame of any kind has arrived. */
  heard(): void;
  /** At most once; the link is of no use any more. */
  lost(error: AppError): void;
}

interface Notification {
  readonly method: string;
  readonly params: unknown;
  readonly size: number;
}

/** From dialling to the end of the handshake. */
const openTimeoutMs = 20_000;
const pingAfterSilenceMs = 5000;
const pingDeadlineMs = 20_000;
const pingParams = { channel: "ahp-root://" };
/** Close codes of WebSocket that a host sends before it comes back, or that tell of a message beyond the limit. */
const comesBack = new Set([1001, 1012, 1013]);
const tooBig = 1009;

/**
 * One try to reach a host, from dialling to the loss of the socket. After `end` nothing that the socket, the host or an
 * answer still does gets through: a link that was replaced can change nothing.
 */
export class Link {
  /** What dialling opens on the way. */
  readonly attempt = new Disposables();
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #frames: TokenBucket;
  readonly #chars: TokenBucket;
  readonly #refusals: TokenBucket;
  #peer: JsonRpcPeer | undefined;
  /** Notifications that arrived while the handshake's answer was still being taken in. */
  #held: Held<Notification> | undefined;
  #openRequests = 0;
  #heardAt: number;
  #size = 0;
  /** The host has said that it goes, and when it will be back. */
  #retryAfterMs: number | undefined;
  /** The one timer: the deadline of opening, then of keep-alive. */
  #timer: Disposable | undefined;
  #isOver = false;

  constructor(options: LinkOptions, events: LinkEvents) {
    const { clock, limits, hostName } = options;
    this.#options = options;
    this.#events = events;
    this.#heardAt = clock.now();
    this.#held = new Held(limits);
    this.#frames = new TokenBucket(clock, limits.framesPerSecond, limits.burstFrames);
    this.#chars = new TokenBucket(clock, limits.charsPerSecond, limits.burstChars);
    this.#refusals = new TokenBucket(clock, limits.refusalsPerSecond, limits.burstRefusals);
    this.#timer = clock.setTimeout(
      () => this.fail(new AppError("host.unreachable", "{0} does not answer.", { values: [hostName] })),
      openTimeoutMs,
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  attach(transport: Transport): void {
    const { clock, logger, limits } = this.#options;
    const admitted: Transport = {
      send: (text) => transport.send(text),
      close: (code, reason) => transport.close(code, reason),
      onClose: transport.onClose,
      onMessage: (listener) =>
        transport.onMessage((text) => {
          if (this.#admit(text)) listener(text);
        }),
    };
    const peer = new JsonRpcPeer(
      admitted,
      {
        request: (method) => this.#refuse(method),
        notification: (method, params) => this.#hear({ method, params, size: this.#size }),
        malformed: () => this.#countRefusal(),
      },
      {
        logger,
        clock,
        limits: { ...defaultFrameLimits, maxBytes: limits.maxFrameBytes, maxDepth: limits.maxFrameDepth },
      },
    );
    this.#peer = peer;
    peer.onClose(({ code }) => this.fail(this.#lossOf(code)));
  }

  /** Rejects with the host's refusal, `timeout`, `limit.exceeded`, or `host.disconnected` once this link is over. */
  async call(method: string, params: unknown): Promise<unknown> {
    const peer = this.#peer;
    if (this.#isOver || peer === undefined) throw notConnected();
    if (this.#openRequests >= this.#options.limits.maxRequests) {
      const values = [this.#options.hostName];
      throw new AppError("limit.exceeded", "{0} leaves too many requests without an answer.", { values });
    }
    this.#openRequests++;
    try {
      const answer = await peer.request(method, params);
      if (this.#isOver) throw notConnected();
      return answer;
    } catch (thrown) {
      if (this.#isOver) throw notConnected();
      throw thrown instanceof RpcError ? toAppError(thrown) : thrown;
    } finally {
      this.#openRequests--;
    }
  }

  notify(method: string, params: unknown): void {
    if (!this.#isOver) this.#peer?.notify(method, params);
  }

  /** The handshake is done: lets through what was held, and looks after the connection from here on. */
  establish(): void {
    const held = this.#held?.take() ?? [];
    this.#held = undefined;
    for (const { method, params, size } of held) if (!this.#isOver) this.#events.notification(method, params, size);
    this.#keepAlive();
  }

  /** Ends the link because of something that went wrong on it. */
  fail(error: AppError): void {
    if (this.#isOver) return;
    this.end();
    this.#events.lost(error);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.dispose();
    this.#held = undefined;
    try {
      this.#peer?.close(1000, "done");
      this.attempt.dispose();
    } catch (thrown) {
      this.#options.logger.warn("closing failed", { error: String(thrown) });
    }
  }

  /** Counts a frame before anything looks into it. */
  #admit(text: string): boolean {
    if (this.#isOver) return false;
    this.#heardAt = this.#options.clock.now();
    this.#size = text.length;
    this.#events.heard();
    if (this.#frames.take() && this.#chars.take(text.length)) return true;
    this.fail(
      beyondLimit("{0} sends more than can be taken in, so the connection was closed.", this.#options.hostName),
    );
    return false;
  }

  /** A host may ask its client for files, watches and more. Nothing on this machine is its business. */
  #refuse(method: string): never {
    this.#countRefusal();
    if (/^(?:resource|createResource)/.test(method)) {
      throw new RpcError(RPC.permissionDenied, "This client shares nothing with hosts.");
    }
    throw new RpcError(RPC.methodNotFound, "This client answers no requests.");
  }

  #countRefusal(): void {
    if (this.#refusals.take()) return;
    this.fail(
      beyondLimit("{0} keeps sending what cannot be answered, so the connection was closed.", this.#options.hostName),
    );
  }

  #hear(notification: Notification): void {
    if (this.#isOver) return;
    if (notification.method === "x-fleet/goingAway") {
      const read = decode(FleetNotifications["x-fleet/goingAway"], notification.params);
      if (read.ok) this.#retryAfterMs = hintOf(read.value.retryAfterMs);
      return;
    }
    if (this.#held === undefined) {
      return this.#events.notification(notification.method, notification.params, notification.size);
    }
    if (this.#held.add(notification, notification.size)) return;
    this.fail(beyondLimit("{0} sends more than can be held before it has answered.", this.#options.hostName));
  }

  #lossOf(code: number): AppError {
    const { hostName } = this.#options;
    if (code === tooBig) return beyondLimit("{0} sent a message that is larger than this client accepts.", hostName);
    const details = this.#retryAfterMs === undefined ? {} : { retryAfterMs: this.#retryAfterMs };
    return comesBack.has(code)
      ? new AppError("host.disconnected", "{0} is going away for a moment ({1}).", {
          details,
          values: [hostName, code],
        })
      : new AppError("host.disconnected", "The connection to the host was lost ({0}).", { details, values: [code] });
  }

  /** A quiet host is asked for a sign of life; one that gives none is as good as gone. */
  #keepAlive(): void {
    const { clock, hostName } = this.#options;
    this.#timer?.dispose();
    if (this.#isOver) return;
    const quietMs = clock.now() - this.#heardAt;
    if (quietMs < pingAfterSilenceMs) {
      this.#timer = clock.setTimeout(() => this.#keepAlive(), pingAfterSilenceMs - Math.max(0, quietMs));
      return;
    }
    const heardBefore = this.#heardAt;
    // What is left of the time that it may be silent, counted from its last frame, not from this question. All of the
    // time if hardly any is left: it was this machine that slept.
    const leftMs = pingAfterSilenceMs + pingDeadlineMs - quietMs;
    const deadlineMs = leftMs < pingAfterSilenceMs ? pingDeadlineMs : leftMs;
    const beat = () => {
      if (this.#heardAt > heardBefore) this.#keepAlive();
    };
    void this.#peer?.request("ping", pingParams).then(beat, beat);
    this.#timer = clock.setTimeout(() => {
      if (this.#heardAt > heardBefore) this.#keepAlive();
      else this.fail(new AppError("host.disconnected", "{0} has stopped answering.", { values: [hostName] }));
    }, deadlineMs);
  }
}

export function notConnected(): AppError {
  return new AppError("host.disconnected", "There is no connection to the host. Try again when it is back.");
}
