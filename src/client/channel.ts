import { AppError } from "../base/appError.ts";
import { type Disposable, Disposables } from "../base/disposables.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import type { ActionEnvelope, ChannelKind, StateAction } from "../protocol/actions.ts";
import { type ChannelStates, parseState, reduce } from "../protocol/reduce.ts";
import type { ChannelChange, ChannelHandle, ChannelStatus } from "./client.ts";
import { type Mirror, mirrorOf, type MirrorStep, type PendingAction, propose, receive, withdraw } from "./mirror.ts";

/** Envelopes that may arrive before the snapshot they belong to; more than that is a host that does not answer. */
const maxHeld = 10_000;

/** A channel of any kind, as the registry sees it. */
export interface AnyChannel extends Disposable {
  readonly kind: ChannelKind;
  readonly uri: string;
  readonly hasState: boolean;
  readonly inStep: boolean;
  readonly status: ChannelStatus;
  release: Disposable | undefined;
  handle(): ChannelHandle<ChannelStates[ChannelKind]>;
  accept(state: unknown, fromSeq: number): void;
  resumed(): void;
  loading(): void;
  interrupted(): void;
  fail(error: AppError): void;
  receive(envelope: ActionEnvelope, ownClientSeq: number | undefined): void;
  replay(envelope: ActionEnvelope, ownClientSeq: number | undefined): void;
  propose(proposal: PendingAction): boolean;
  withdraw(clientSeq: number): void;
}

/** One subscribed channel with everyone who looks at it. Decisions about its state are mirror.ts's. */
export class Channel<K extends ChannelKind> implements AnyChannel {
  readonly kind: K;
  readonly uri: string;
  readonly #changed: Emitter<ChannelChange<ChannelStates[K]>>;
  readonly #handles = new Set<Disposable>();
  readonly #onUnused: () => void;
  #mirror: Mirror<ChannelStates[K]> | undefined;
  #status: ChannelStatus = "loading";
  #error: AppError | undefined;
  #waiting: PromiseWithResolvers<ChannelStates[K]>[] = [];
  #held: { envelope: ActionEnvelope; ownClientSeq: number | undefined }[] = [];
  /** True while this channel follows the present connection: a snapshot or replay of it has been taken in. */
  inStep = false;
  /** Runs while nobody looks; its end releases the subscription. */
  release: Disposable | undefined;

  constructor(kind: K, uri: string, logger: Logger, onUnused: () => void) {
    this.kind = kind;
    this.uri = uri;
    this.#onUnused = onUnused;
    this.#changed = new Emitter((error) => logger.error("channel listener failed", { uri, error: String(error) }));
  }

  get status(): ChannelStatus {
    return this.#status;
  }

  get hasState(): boolean {
    return this.#mirror !== undefined;
  }

  handle(): ChannelHandle<ChannelStates[K]> {
    const owned = new Disposables();
    const state = () => this.#mirror?.shown;
    const status = () => this.#status;
    const error = () => this.#error;
    const ready = this.#ready(owned);
    const handle: ChannelHandle<ChannelStates[K]> = {
      uri: this.uri,
      get state() {
        return state();
      },
      get status() {
        return status();
      },
      get error() {
        return error();
      },
      ready,
      onDidChange: (listener) => owned.add(this.#changed.event(listener)),
      dispose: () => {
        if (!this.#handles.delete(handle)) return;
        owned.dispose();
        if (this.#handles.size === 0) this.#onUnused();
      },
    };
    this.#handles.add(handle);
    return handle;
  }

  #ready(owned: Disposables): Promise<ChannelStates[K]> {
    if (this.#mirror !== undefined) return Promise.resolve(this.#mirror.shown);
    const waiter = Promise.withResolvers<ChannelStates[K]>();
    // Nobody has to look at `ready`.
    waiter.promise.catch(() => undefined);
    if (this.#error === undefined) this.#waiting.push(waiter);
    else waiter.reject(this.#error);
    owned.add({ dispose: () => waiter.reject(new AppError("cancelled", "The channel was closed.")) });
    return waiter.promise;
  }

  /** Takes a whole state; what was pending is forgotten. */
  accept(state: unknown, fromSeq: number): void {
    try {
      this.#mirror = mirrorOf(parseState(this.kind, state), fromSeq);
    } catch (thrown) {
      return this.fail(AppError.from(thrown, "Reading a channel failed"));
    }
    const held = this.#held;
    this.#held = [];
    for (const { envelope, ownClientSeq } of held) this.#take(envelope, ownClientSeq);
    this.inStep = true;
    this.#status = "live";
    this.#error = undefined;
    this.#settle();
    this.#fire(undefined);
  }

  /** The connection was resumed: what is here is what the host has. */
  resumed(): void {
    this.inStep = true;
    if (this.#status === "live") return;
    this.#status = "live";
    this.#fire([]);
  }

  /** An answer to `subscribe` is awaited: envelopes are kept until it tells which of them are in the snapshot. */
  loading(): void {
    this.#held = [];
    this.inStep = false;
    this.#error = undefined;
    if (this.#status === "failed") this.#status = this.hasState ? "stale" : "loading";
  }

  interrupted(): void {
    this.inStep = false;
    this.#held = [];
    if (this.#status !== "live") return;
    this.#status = "stale";
    this.#fire([]);
  }

  fail(error: AppError): void {
    this.inStep = false;
    this.#held = [];
    this.#status = "failed";
    this.#error = error;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
    this.#fire([]);
  }

  receive(envelope: ActionEnvelope, ownClientSeq: number | undefined): void {
    if (!this.inStep) {
      if (this.#held.length < maxHeld) this.#held.push({ envelope, ownClientSeq });
      return;
    }
    const step = this.#take(envelope, ownClientSeq);
    if (step) this.#fire(step.applied);
  }

  /** The same for the envelopes of a replay, which come before `resumed`. */
  replay(envelope: ActionEnvelope, ownClientSeq: number | undefined): void {
    const step = this.#take(envelope, ownClientSeq);
    if (step) this.#fire(step.applied);
  }

  /** False while there is no state to show the action in. */
  propose(proposal: PendingAction): boolean {
    if (this.#mirror === undefined || !this.inStep) return false;
    this.#step(propose(this.#mirror, proposal, this.#fold));
    return true;
  }

  withdraw(clientSeq: number): void {
    if (this.#mirror !== undefined) this.#step(withdraw(this.#mirror, clientSeq, this.#fold));
  }

  dispose(): void {
    this.release?.dispose();
    for (const handle of Array.from(this.#handles)) handle.dispose();
    this.#changed.dispose();
  }

  readonly #fold = (state: ChannelStates[K], action: StateAction): ChannelStates[K] => reduce(this.kind, state, action);

  #take(envelope: ActionEnvelope, ownClientSeq: number | undefined): MirrorStep<ChannelStates[K]> | undefined {
    if (this.#mirror === undefined) return undefined;
    const step = receive(
      this.#mirror,
      {
        serverSeq: envelope.serverSeq,
        action: envelope.action,
        isRejected: envelope.rejectionReason !== undefined,
        ownClientSeq,
      },
      this.#fold,
    );
    if (step) this.#mirror = step.mirror;
    return step;
  }

  #step(step: MirrorStep<ChannelStates[K]>): void {
    this.#mirror = step.mirror;
    if (step.applied === undefined || step.applied.length > 0) this.#fire(step.applied);
  }

  #settle(): void {
    const mirror = this.#mirror;
    if (mirror === undefined) return;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(mirror.shown);
  }

  #fire(applied: readonly StateAction[] | undefined): void {
    const change = { state: this.#mirror?.shown, status: this.#status };
    this.#changed.fire(applied === undefined ? change : { ...change, applied });
  }
}
