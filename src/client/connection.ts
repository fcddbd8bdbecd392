import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable, Disposables } from "../base/disposables.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import type { Transport } from "../protocol/jsonrpc.ts";
import {
  failedAttempts,
  type ConnectionEvent,
  type ConnectionState,
  OFFLINE,
  reduceConnection,
} from "./connectionState.ts";
import type { ClientLimits } from "./limits.ts";
import { Link, notConnected } from "./link.ts";
import { retryDelayMs } from "./retryDelay.ts";

/**
 * Opens a transport. Rejects with `AppError`; `host.unauthorized` and what is not trusted end the retries, and
 * `details.retryAfterMs` delays the next. What it opens on the way it adds to `attempt`, which ends when nobody waits for
 * the answer any more.
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
  /** `size` is that of the frame in characters. */
  notification(method: string, params: unknown, size: number): void;
}

export interface ConnectionOptions {
  readonly dial: Dial;
  readonly handshake: Handshake;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly limits: ClientLimits;
  /** Starts the sentences about what the host does. */
  readonly hostName: string;
}

/** Follows the host with one link at a time and waits between them; what happens when is `reduceConnection`'s to say. */
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
    if (this.#state.kind !== "live" || this.#link === undefined) throw notConnected();
    return this.#link.call(method, params);
  }

  /** Does nothing unless the connection is live. */
  notify(method: string, params: unknown): void {
    if (this.#state.kind === "live") this.#link?.notify(method, params);
  }

  /** What came over the present link shows that it cannot be used: ends it, and tries again. */
  fail(error: AppError): void {
    this.#link?.fail(error);
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

  #cut(): void {
    const link = this.#link;
    this.#link = undefined;
    link?.end();
  }

  async #open(): Promise<void> {
    const { dial, handshake, clock } = this.#options;
    const link = new Link(this.#options, {
      notification: (method, params, size) => handshake.notification(method, params, size),
      heard: () => (this.#lastHeardAt = clock.now()),
      lost: (error) => this.#lose(error),
    });
    this.#link = link;
    try {
      const transport = await dial(link.attempt);
      if (link.isOver) return transport.close(1000, "replaced");
      link.attach(transport);
      await this.#shakeHands(link);
    } catch (thrown) {
      link.fail(AppError.from(thrown, "Connecting to the host failed"));
    }
  }

  async #shakeHands(link: Link): Promise<void> {
    const { handshake } = this.#options;
    const call: Call = (method, params) => link.call(method, params);
    const resume = handshake.canResume();
    this.#apply({ kind: "opened", resume });
    if (!resume || (await handshake.resume(call)) === "unknownClient") {
      if (link.isOver) return;
      this.#apply({ kind: "unknownClient" });
      await handshake.initialize(call);
    }
    if (link.isOver) return;
    link.establish();
    if (link.isOver) return;
    this.#apply({ kind: "established" });
    if (!link.isOver) handshake.established();
  }

  #lose(error: AppError): void {
    this.#options.logger.info("connection ended", { code: error.code, reason: error.message });
    if (isFinal(error)) return this.#apply({ kind: "refused", error });
    const attempts = failedAttempts(this.#state, this.#options.clock.now());
    const delayMs = retryDelayMs(attempts, error, this.#options.random());
    this.#apply({ kind: "lost", delayMs, error });
  }
}

const final: ReadonlySet<AppError["code"]> = new Set([
  "host.unauthorized",
  "host.incompatible",
  "host.untrustedAddress",
  "host.untrustedCertificate",
]);

/** The same answer would come again. */
function isFinal(error: AppError): boolean {
  return final.has(error.code);
}
