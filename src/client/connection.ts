import { AppError } from "../base/appError.ts";
import { type BackoffOptions, backoffMs } from "../base/backoff.ts";
import type { Clock } from "../base/clock.ts";
import { type Disposable, Disposables } from "../base/disposables.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { JsonRpcPeer, RPC, RpcError, toAppError, type Transport } from "../protocol/jsonrpc.ts";
import {
  failedAttempts,
  type ConnectionEvent,
  type ConnectionState,
  OFFLINE,
  reduceConnection,
} from "./connectionState.ts";

/**
 * Opens a transport. Rejects with `AppError`; `host.unauthorized` and `host.untrustedAddress` end the retries. What it
 * opens on the way it adds to `attempt`, which ends when nobody waits for the answer any more.
 */
export type Dial = (attempt: Disposables) => Promise<Transport>;

export type Call = (method: string, params: unknown) => Promise<unknown>;

/** What a connection does not know: the protocol of getting into step with the host. */
export interface Handshake {
  /** True when there is something to resume from. */
  canResume(): boolean;
  initialize(call: Call): Promise<void>;
  /** `unknownClient`: the host asks for `initialize`. Throws when the answer is of no use. */
  resume(call: Call): Promise<"resumed" | "unknownClient">;
  /** In step: notifications flow from here on. */
  established(): void;
  notification(method: string, params: unknown): void;
}

export interface ConnectionOptions {
  readonly dial: Dial;
  readonly handshake: Handshake;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
}

const backoff: BackoffOptions = { firstMs: 500, maxMs: 30_000 };
/** From dialling to the end of the handshake. */
const openTimeoutMs = 20_000;
/** Notifications between the request of a handshake and its answer. */
const maxHeld = 10_000;
const pingAfterSilenceMs = 5000;
const pingDeadlineMs = 20_000;
const pingParams = { channel: "ahp-root://" };

interface Notification {
  readonly method: string;
  readonly params: unknown;
}

/** One try to reach the host. Whoever comes back from an `await` compares it with the present one before acting. */
interface Link {
  readonly owned: Disposables;
  peer: JsonRpcPeer | undefined;
  /** Notifications that arrived while the handshake's answer was still being taken in. */
  held: Notification[] | undefined;
  heardAt: number;
  /** The one timer of the link: the deadline of opening, then of keep-alive. */
  timer: Disposable | undefined;
}

/** Owns socket, timers and jitter; what happens when is `reduceConnection`'s to say. */
export class Connection implements Disposable {
  readonly #options: ConnectionOptions;
  readonly #changed: Emitter<ConnectionState>;
  #state: ConnectionState = OFFLINE;
  #link: Link | undefined;
  #retry: Disposable | undefined;
  #lastHeardAt: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#changed = new Emitter((error) => options.logger.error("state listener failed", { error: String(error) }));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get onDidChangeState() {
    return this.#changed.event;
  }

  get lastHeardAt(): number | undefined {
    return this.#lastHeardAt;
  }

  connect(): void {
    this.#apply({ kind: "connect" });
  }

  disconnect(): void {
    this.#apply({ kind: "stop" });
  }

  dispose(): void {
    this.disconnect();
    this.#changed.dispose();
  }

  /** Rejects with `host.disconnected` unless the connection is live. */
  async request(method: string, params: unknown): Promise<unknown> {
    const peer = this.#state.kind === "live" ? this.#link?.peer : undefined;
    if (peer === undefined) throw notConnected();
    return call(peer, method, params);
  }

  /** False unless the connection is live. */
  notify(method: string, params: unknown): boolean {
    const peer = this.#state.kind === "live" ? this.#link?.peer : undefined;
    peer?.notify(method, params);
    return peer !== undefined;
  }

  #apply(event: ConnectionEvent, nowMs = this.#options.clock.now()): void {
    const next = reduceConnection(this.#state, event, nowMs);
    if (next === this.#state) return;
    this.#state = next;
    this.#options.logger.debug("connection", { state: next.kind });
    this.#retry?.dispose();
    this.#retry = undefined;
    if (next.kind === "opening" || next.kind === "waiting" || next.kind === "refused" || next.kind === "offline") {
      this.#cut();
    }
    if (next.kind === "waiting") {
      const { retryAtMs } = next;
      const waitMs = Math.max(0, retryAtMs - nowMs);
      // Timers may fire a millisecond early by the clock on the wall, and a tick before its time would be the last one.
      this.#retry = this.#options.clock.setTimeout(() => this.#apply({ kind: "tick" }, retryAtMs), waitMs);
    }
    if (next.kind === "opening") void this.#open();
    this.#changed.fire(next);
  }

  /** From here on nothing that the present link still does can change this connection. */
  #cut(): void {
    const link = this.#link;
    this.#link = undefined;
    link?.timer?.dispose();
    link?.owned.dispose();
  }

  async #open(): Promise<void> {
    const { clock, dial } = this.#options;
    const link: Link = {
      owned: new Disposables(),
      peer: undefined,
      held: [],
      heardAt: clock.now(),
      timer: undefined,
    };
    this.#link = link;
    link.timer = clock.setTimeout(
      () => this.#lose(link, new AppError("host.unreachable", "The host does not answer.")),
      openTimeoutMs,
    );
    try {
      const transport = await dial(link.owned);
      if (link !== this.#link) {
        transport.close(1000, "replaced");
        return;
      }
      const peer = this.#attach(link, transport);
      await this.#shakeHands(link, (method, params) => call(peer, method, params));
    } catch (thrown) {
      this.#lose(link, AppError.from(thrown, "Connecting to the host failed"));
    }
  }

  #attach(link: Link, transport: Transport): JsonRpcPeer {
    const { clock, logger } = this.#options;
    link.owned.add(
      transport.onMessage(() => {
        link.heardAt = clock.now();
        this.#lastHeardAt = link.heardAt;
      }),
    );
    const peer = new JsonRpcPeer(
      transport,
      {
        // A host may ask its client for files, watches and more. Nothing on this machine is its business.
        request: () => {
          throw new RpcError(RPC.permissionDenied, "This client shares nothing with hosts.");
        },
        notification: (method, params) => {
          if (link !== this.#link) return;
          if (link.held) this.#hold(link, link.held, { method, params });
          else this.#options.handshake.notification(method, params);
        },
      },
      { logger, clock },
    );
    link.peer = peer;
    link.owned.add({ dispose: () => peer.close(1000, "done") });
    link.owned.add(
      peer.onClose(({ code }) =>
        this.#lose(link, new AppError("host.disconnected", `The connection to the host was lost (${code}).`)),
      ),
    );
    return peer;
  }

  #hold(link: Link, held: Notification[], notification: Notification): void {
    if (held.push(notification) <= maxHeld) return;
    this.#lose(
      link,
      new AppError("limit.exceeded", "The host sends more than can be taken in before it has answered."),
    );
  }

  async #shakeHands(link: Link, request: Call): Promise<void> {
    const { handshake } = this.#options;
    const resume = handshake.canResume();
    const guarded: Call = async (method, params) => {
      const answer = await request(method, params);
      if (link !== this.#link) throw notConnected();
      return answer;
    };
    this.#apply({ kind: "opened", resume });
    if (resume && (await handshake.resume(guarded)) === "resumed") return this.#establish(link);
    if (link !== this.#link) return;
    this.#apply({ kind: "unknownClient" });
    await handshake.initialize(guarded);
    this.#establish(link);
  }

  #establish(link: Link): void {
    if (link !== this.#link) return;
    const held = link.held ?? [];
    link.held = undefined;
    for (const { method, params } of held) this.#options.handshake.notification(method, params);
    this.#apply({ kind: "established" });
    if (link !== this.#link) return;
    this.#options.handshake.established();
    this.#keepAlive(link);
  }

  /** A quiet host is asked for a sign of life; one that gives none is as good as gone. */
  #keepAlive(link: Link): void {
    const { clock } = this.#options;
    link.timer?.dispose();
    if (link !== this.#link) return;
    const quietMs = clock.now() - link.heardAt;
    if (quietMs < pingAfterSilenceMs) {
      link.timer = clock.setTimeout(() => this.#keepAlive(link), pingAfterSilenceMs - quietMs);
      return;
    }
    const heardBefore = link.heardAt;
    const beat = () => {
      if (link.heardAt > heardBefore) this.#keepAlive(link);
    };
    void link.peer?.request("ping", pingParams).then(beat, beat);
    link.timer = clock.setTimeout(() => {
      if (link.heardAt > heardBefore) this.#keepAlive(link);
      else this.#lose(link, new AppError("host.disconnected", "The host has stopped answering."));
    }, pingDeadlineMs);
  }

  #lose(link: Link, error: AppError): void {
    if (link !== this.#link) return;
    this.#options.logger.info("connection ended", { code: error.code, reason: error.message });
    if (isFinal(error)) return this.#apply({ kind: "refused", error });
    const attempts = failedAttempts(this.#state, this.#options.clock.now());
    const delayMs = backoffMs(attempts, backoff, this.#options.random());
    this.#apply({ kind: "lost", delayMs, error });
  }
}

/** The same answer would come again. */
function isFinal(error: AppError): boolean {
  return (
    error.code === "host.unauthorized" || error.code === "host.incompatible" || error.code === "host.untrustedAddress"
  );
}

export function notConnected(): AppError {
  return new AppError("host.disconnected", "There is no connection to the host. Try again when it is back.");
}

async function call(peer: JsonRpcPeer, method: string, params: unknown): Promise<unknown> {
  try {
    return await peer.request(method, params);
  } catch (thrown) {
    throw thrown instanceof RpcError ? toAppError(thrown) : thrown;
  }
}
