import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { StateAction } from "../../protocol/actions.ts";
import { MAX_PUSH_CHARS, type PanelItem } from "../../protocol/panel.ts";

/** Where the outbox takes what it sends, at the moment of sending. */
export interface OutboxSource {
  /**
   * What there is to say under a key: the snapshot of the channel with that URI, or one of the panel's own facts. `undefined`
   * when there is nothing.
   */
  item(key: string): PanelItem | undefined;
  /** With this push the page is sent everything that there is. */
  sent?(): void;
  /** The page has the push of the latest `sent`, or one before it. */
  shown?(): void;
}

type Pending = { readonly kind: "latest" } | { readonly kind: "actions"; actions: StateAction[]; chars: number };

const intervalMs = 33;
/** More than this behind, and the whole state is less. */
const maxPendingChars = 1_000_000;

/**
 * What the page has still to be told. At most one push in 33 ms, each of at most `MAX_PUSH_CHARS` (a single item may be
 * more), and none before the page has acknowledged the one before. A page that falls behind gets a snapshot: what waits
 * never grows without end.
 */
export class PanelOutbox implements Disposable {
  readonly #source: OutboxSource;
  readonly #post: (seq: number, items: readonly PanelItem[]) => void;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();
  #isOpen = false;
  #seq = 0;
  /** Taken, and too much for the message that took it. */
  #carried: PanelItem | undefined;
  #awaitedSeq: number | undefined;
  #timer: Disposable | undefined;
  #lastPostMs = Number.NEGATIVE_INFINITY;

  constructor(source: OutboxSource, post: (seq: number, items: readonly PanelItem[]) => void, clock: Clock) {
    this.#source = source;
    this.#post = post;
    this.#clock = clock;
  }

  /** The page (re)started: it knows nothing. */
  open(): void {
    this.#isOpen = true;
    this.#awaitedSeq = undefined;
    this.#pending.clear();
    this.#carried = undefined;
  }

  /** The page is gone or hidden: nothing is kept for it. */
  close(): void {
    this.#isOpen = false;
    this.#awaitedSeq = undefined;
    this.#pending.clear();
    this.#carried = undefined;
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  /** Something is to be told as it is when it is sent. */
  add(key: string): void {
    if (!this.#isOpen) return;
    this.#pending.set(key, { kind: "latest" });
    this.#schedule();
  }

  addActions(uri: string, actions: readonly StateAction[]): void {
    if (!this.#isOpen || actions.length === 0) return;
    const pending = this.#pending.get(uri) ?? { kind: "actions", actions: [], chars: 0 };
    // What is told is taken when it is sent, so it will hold these.
    if (pending.kind === "latest") return;
    for (const action of actions) {
      pending.chars += JSON.stringify(action).length;
      const last = pending.actions.at(-1);
      const merged = last && mergeActions(last, action);
      if (merged) pending.actions[pending.actions.length - 1] = merged;
      else pending.actions.push(action);
    }
    this.#pending.set(uri, pending.chars > maxPendingChars ? { kind: "latest" } : pending);
    this.#schedule();
  }

  /** The page has drawn the push. An answer to another one is out of date. */
  acknowledge(seq: number): void {
    if (seq !== this.#awaitedSeq) return;
    this.#awaitedSeq = undefined;
    this.#source.shown?.();
    this.#schedule();
  }

  dispose(): void {
    this.close();
  }

  #schedule(): void {
    if (
      !this.#isOpen ||
      (this.#pending.size === 0 && this.#carried === undefined) ||
      this.#awaitedSeq !== undefined ||
      this.#timer !== undefined
    )
      return;
    const waitMs = Math.max(0, this.#lastPostMs + intervalMs - this.#clock.now());
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, waitMs);
  }

  #flush(): void {
    if (!this.#isOpen || this.#awaitedSeq !== undefined) return;
    const items: PanelItem[] = [];
    let chars = 0;
    for (const item of this.#queued()) {
      const size = JSON.stringify(item).length;
      if (items.length > 0 && chars + size > MAX_PUSH_CHARS) {
        this.#carried = item;
        break;
      }
      items.push(item);
      chars += size;
    }
    if (items.length === 0) return;
    if (this.#pending.size === 0 && this.#carried === undefined) this.#source.sent?.();
    this.#seq += 1;
    this.#awaitedSeq = this.#seq;
    this.#lastPostMs = this.#clock.now();
    this.#post(this.#seq, items);
  }

  /** Items in their order; each is off the queue when it is given. */
  *#queued(): Generator<PanelItem, void, undefined> {
    const carried = this.#carried;
    this.#carried = undefined;
    if (carried !== undefined) yield carried;
    for (const [key, pending] of Array.from(this.#pending)) {
      this.#pending.delete(key);
      const item: PanelItem | undefined =
        pending.kind === "latest" ? this.#source.item(key) : { type: "actions", uri: key, actions: pending.actions };
      if (item !== undefined) yield item;
    }
  }
}

/** Text that follows on text of the same part is one action: the fold is the same. */
function mergeActions(last: StateAction, next: StateAction): StateAction | undefined {
  const isText =
    (last.type === "chat/delta" && next.type === "chat/delta") ||
    (last.type === "chat/reasoning" && next.type === "chat/reasoning");
  if (!isText || last.turnId !== next.turnId || last.partId !== next.partId) return undefined;
  return { ...last, content: last.content + next.content };
}
