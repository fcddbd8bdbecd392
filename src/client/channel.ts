import { AppError } from "../base/appError.ts";
import type { Disposable, Disposables } from "../base/disposables.ts";
import { Emitter } from "../base/emitter.ts";
import { isSame } from "../base/isSame.ts";
import type { ChannelKind, StateAction } from "../protocol/actions.ts";
import { upgradeState } from "../protocol/olderShapes.ts";
import { type ChannelStates, parseState } from "../protocol/reduce.ts";
import type { ChannelPorts, Delivery } from "./channelPorts.ts";
import type { ChannelChange, ChannelHandle, ChannelStatus, SubscribeOptions } from "./client.ts";
import { Handle } from "./handle.ts";
import { Held } from "./held.ts";
import { type Mirror, type MirrorStep, type PendingAction, propose, receive, renew, withdraw } from "./mirror.ts";
import { Share } from "./weight.ts";

/**
 * How a channel stands to the host.
 * - `none`: it needs a snapshot.
 * - `loading`: one has been asked for; envelopes wait for it.
 * - `inStep`: it follows.
 * - `suspended`: it followed a connection that is gone, and lacks only what a replay tells.
 */
type Sync = "none" | "loading" | "inStep" | "suspended";

/** A channel of any kind, as the registry sees it. */
export type AnyChannel = Omit<Channel<ChannelKind>, "handle"> & {
  handle(): ChannelHandle<ChannelStates[ChannelKind]>;
};

/** One subscribed channel with everyone who looks at it. Decisions about its state are mirror.ts's. */
export class Channel<K extends ChannelKind> implements Disposable {
  readonly kind: K;
  readonly uri: string;
  readonly options: SubscribeOptions;
  readonly #ports: ChannelPorts;
  readonly #changed: Emitter<ChannelChange<ChannelStates[K]>>;
  readonly #handles = new Set<Disposable>();
  #mirror: Mirror<ChannelStates[K]> | undefined;
  #status: ChannelStatus = "loading";
  #error: AppError | undefined;
  #sync: Sync = "none";
  #asOf: number | undefined;
  #waiting: PromiseWithResolvers<ChannelStates[K]>[] = [];
  readonly #held: Held<Delivery>;
  readonly #share: Share;
  /** What a replay has applied so far; `undefined` when the whole state has to be taken. */
  #replayed: StateAction[] | undefined = [];
  /** Runs while nobody looks; its end releases the subscription. */
  release: Disposable | undefined;

  constructor(kind: K, uri: string, options: SubscribeOptions, ports: ChannelPorts) {
    this.kind = kind;
    this.uri = uri;
    this.options = options;
    this.#ports = ports;
    this.#held = new Held(ports.limits);
    this.#share = new Share(ports.budget, ports.limits.maxChannelWeight);
    this.#changed = new Emitter((error) =>
      ports.logger.error("channel listener failed", { uri, error: String(error) }),
    );
  }

  get status(): ChannelStatus {
    return this.#status;
  }

  get sync(): Sync {
    return this.#sync;
  }

  get error(): AppError | undefined {
    return this.#error;
  }

  get state(): ChannelStates[K] | undefined {
    return this.#mirror?.shown;
  }

  get asOf(): number | undefined {
    return this.#sync === "inStep" ? this.#ports.lastHeardAt() : this.#asOf;
  }

  get seq(): number | undefined {
    return this.#mirror?.seq;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  handle(): ChannelHandle<ChannelStates[K]> {
    const handle = new Handle<ChannelStates[K]>(this, () => {
      if (this.#handles.delete(handle) && this.#handles.size === 0) this.#ports.unused();
    });
    this.#handles.add(handle);
    return handle;
  }

  /** Rejects when `owned` ends first. */
  ready(owned: Disposables): Promise<ChannelStates[K]> {
    if (this.#mirror !== undefined) return Promise.resolve(this.#mirror.shown);
    const waiter = Promise.withResolvers<ChannelStates[K]>();
    // Nobody has to look at `ready`.
    waiter.promise.catch(() => undefined);
    if (this.#error === undefined) this.#waiting.push(waiter);
    else waiter.reject(this.#error);
    owned.add({ dispose: () => waiter.reject(new AppError("cancelled", "The channel was closed.")) });
    return waiter.promise;
  }

  /** Takes a whole state, then what was held for it. What is unanswered stays on top. */
  accept(state: unknown, fromSeq: number): void {
    try {
      const parsed = parseState(this.kind, upgradeState(this.kind, state));
      if (!this.#share.measure(parsed)) return this.#tooLarge();
      this.#mirror = renew(this.#mirror, parsed, fromSeq, this.#fold);
    } catch (thrown) {
      return this.fail(AppError.from(thrown, "Reading a channel failed"));
    }
    const held = this.#held.take();
    this.#sync = "inStep";
    for (const delivery of held) if (this.#isInStep()) this.#take(delivery);
    if (!this.#isInStep()) return;
    this.#status = "live";
    this.#error = undefined;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(this.#mirror.shown);
    this.#fire(undefined);
  }

  /** A replay brought all that was missed: what is here is what the host has. */
  resumed(): void {
    if (this.#sync !== "suspended") return;
    this.#sync = "inStep";
    this.#status = "live";
    this.#fire(this.#replayed);
  }

  /** An answer to `subscribe` is awaited: envelopes are kept until it tells which of them are in the snapshot. */
  loading(): void {
    this.#age();
    this.#dropHeld();
    this.#sync = "loading";
    this.#error = undefined;
    if (this.#status === "failed") this.#status = this.#mirror === undefined ? "loading" : "stale";
  }

  /** The connection is gone. */
  interrupted(): void {
    this.#age();
    this.#dropHeld();
    this.#replayed = [];
    this.#sync = this.#sync === "inStep" || this.#sync === "suspended" ? "suspended" : "none";
    if (this.#status !== "live") return;
    this.#status = "stale";
    this.#fire([]);
  }

  /** Only a snapshot can help, which `established` asks for. */
  outdated(): void {
    this.#age();
    this.#held.take();
    this.#sync = "none";
  }

  fail(error: AppError): void {
    this.#age();
    this.#dropHeld();
    this.#sync = "none";
    this.#status = "failed";
    this.#error = error;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
    this.#fire([]);
  }

  receive(delivery: Delivery): void {
    if (this.#sync === "loading") {
      this.#hold(delivery);
      const { envelope, ownClientSeq } = delivery;
      // No snapshot can hold what was refused.
      if (envelope.rejectionReason !== undefined && ownClientSeq !== undefined) this.withdraw(ownClientSeq);
      return;
    }
    if (this.#sync !== "inStep") return;
    const step = this.#take(delivery);
    if (step) this.#fire(step.applied);
  }

  /** The same for the envelopes of a replay, which are told all at once by `resumed`. */
  replay(delivery: Delivery): void {
    if (this.#sync !== "suspended") return;
    const step = this.#take(delivery);
    if (step === undefined) return;
    if (step.applied === undefined) this.#replayed = undefined;
    else this.#replayed?.push(...step.applied);
  }

  /** False while there is no state to show the action in. */
  propose(proposal: PendingAction): boolean {
    const mirror = this.#mirror;
    if (mirror === undefined || (this.#sync !== "inStep" && this.#sync !== "loading")) return false;
    return this.#attempt(() => propose(mirror, proposal, this.#fold)) !== undefined;
  }

  /** Takes an unanswered action back. Tells whether that makes a difference to what is shown. */
  withdraw(clientSeq: number): boolean {
    const mirror = this.#mirror;
    if (mirror === undefined) return false;
    const step = this.#attempt(() => withdraw(mirror, clientSeq, this.#fold));
    return step !== undefined && !isSame(step.mirror.shown, mirror.shown);
  }

  dispose(): void {
    this.release?.dispose();
    this.#share.release();
    for (const handle of Array.from(this.#handles)) handle.dispose();
    this.#changed.dispose();
  }

  readonly #fold = (state: ChannelStates[K], action: StateAction): ChannelStates[K] =>
    this.#ports.reduce()(this.kind, state, action);

  #take({ envelope, ownClientSeq, size }: Delivery): MirrorStep<ChannelStates[K]> | undefined {
    const mirror = this.#mirror;
    if (mirror === undefined) return undefined;
    const { serverSeq, action, rejectionReason } = envelope;
    const arrival = { serverSeq, action, isRejected: rejectionReason !== undefined, ownClientSeq };
    try {
      const step = receive(mirror, arrival, this.#fold);
      if (step === undefined) return undefined;
      if (step.isDoubtful === true) {
        this.#ports.doubt();
        return undefined;
      }
      this.#mirror = step.mirror;
      if (step.promoted !== undefined) this.#ports.taken(step.promoted);
      if (step.mirror.confirmed === mirror.confirmed) return step;
      if (this.#share.grow(size, step.mirror.confirmed)) return step;
      this.#tooLarge();
      return undefined;
    } catch (thrown) {
      this.#ports.logger.error("folding failed", { uri: this.uri, type: action.type, error: String(thrown) });
      this.#ports.doubt();
      return undefined;
    }
  }

  /** A step of our own making; an action that cannot be folded is not shown. */
  #attempt(step: () => MirrorStep<ChannelStates[K]>): MirrorStep<ChannelStates[K]> | undefined {
    try {
      const { mirror, applied } = step();
      this.#mirror = mirror;
      if (applied === undefined || applied.length > 0) this.#fire(applied);
      return { mirror, applied };
    } catch (thrown) {
      this.#ports.logger.error("folding failed", { uri: this.uri, error: String(thrown) });
      return undefined;
    }
  }

  #hold(delivery: Delivery): void {
    if (this.#held.add(delivery, delivery.size)) return;
    this.#giveUp(
      "limit.exceeded",
      "{0} sends more for this view than can be held before it has been opened. Open it again to retry.",
    );
  }

  /** The snapshot that they were held for does not come. The next one tells what they did; an answer still is one. */
  #dropHeld(): void {
    const answered = new Set(this.#held.take().map(({ ownClientSeq }) => ownClientSeq));
    const mirror = this.#mirror;
    const ended = mirror?.pending.filter(({ clientSeq }) => answered.has(clientSeq)) ?? [];
    if (mirror === undefined || ended.length === 0) return;
    this.#attempt(() => ({
      mirror: ended.reduce((left, { clientSeq }) => withdraw(left, clientSeq, this.#fold).mirror, mirror),
      applied: undefined,
    }));
  }

  #tooLarge(): void {
    this.#mirror = undefined;
    this.#giveUp("content.tooLarge", "{0} has more to show here than this client can hold. Open it again to retry.");
  }

  #giveUp(code: "limit.exceeded" | "content.tooLarge", sentence: string): void {
    this.fail(new AppError(code, sentence, { details: { uri: this.uri }, values: [this.#ports.hostName] }));
    this.#ports.dropped();
  }

  #isInStep(): boolean {
    return this.#sync === "inStep";
  }

  /** From here on the state gets older. */
  #age(): void {
    if (this.#sync === "inStep") this.#asOf = this.#ports.lastHeardAt();
  }

  #fire(applied: readonly StateAction[] | undefined): void {
    const change = { state: this.#mirror?.shown, status: this.#status };
    this.#changed.fire(applied === undefined ? change : { ...change, applied });
  }
}
