import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { StateAction } from "../../protocol/actions.ts";
import { MAX_PUSH_CHARS, type PanelFacts, type PanelItem } from "../../protocol/panel.ts";

type Snapshot = Extract<PanelItem, { type: "snapshot" }>;

/** Where the outbox takes what it sends, at the moment of sending. */
export interface OutboxSource {
  /** `undefined` for a channel that has no state yet. */
  snapshot(uri: string): Snapshot | undefined;
  facts(): PanelFacts;
}

type Pending = { readonly kind: "snapshot" } | { readonly kind: "actions"; actions: StateAction[]; chars: number };

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
  #isFactsPending = false;
  #isOpen = false;
  #seq = 0;
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
    this.#isFactsPending = true;
    this.#schedule();
  }

  /** The page is gone or hidden: nothing is kept for it. */
  close(): void {
    this.#isOpen = false;
    this.#awaitedSeq = undefined;
    this.#pending.clear();
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  addSnapshot(uri: string): void {
    if (!this.#isOpen) return;
    this.#pending.set(uri, { kind: "snapshot" });
    this.#schedule();
  }

  addActions(uri: string, actions: readonly StateAction[]): void {
    if (!this.#isOpen || actions.length === 0) return;
    const pending = this.#pending.get(uri) ?? { kind: "actions", actions: [], chars: 0 };
    // The snapshot is taken when it is sent, so it will hold these.
    if (pending.kind === "snapshot") return;
    for (const action of actions) {
      pending.chars += JSON.stringify(action).length;
      const last = pending.actions.at(-1);
      const merged = last && mergeActions(last, action);
      if (merged) pending.actions[pending.actions.length - 1] = merged;
      else pending.actions.push(action);
    }
    this.#pending.set(uri, pending.chars > maxPendingChars ? { kind: "snapshot" } : pending);
    this.#schedule();
  }

  addFacts(): void {
    this.#isFactsPending = true;
    this.#schedule();
  }

  /** The page has drawn the push. An answer to another one is out of date. */
  acknowledge(seq: number): void {
    if (seq !== this.#awaitedSeq) return;
    this.#awaitedSeq = undefined;
    this.#schedule();
  }

  dispose(): void {
    this.close();
  }

  #schedule(): void {
    const hasWork = this.#isFactsPending || this.#pending.size > 0;
    if (!this.#isOpen || !hasWork || this.#awaitedSeq !== undefined || this.#timer !== undefined) return;
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
    if (this.#isFactsPending) {
      items.push({ type: "facts", facts: this.#source.facts() });
      this.#isFactsPending = false;
    }
    for (const [uri, pending] of this.#pending) {
      const item: PanelItem | undefined =
        pending.kind === "snapshot" ? this.#source.snapshot(uri) : { type: "actions", uri, actions: pending.actions };
      const itemChars = item === undefined ? 0 : JSON.stringify(item).length;
      if (items.length > 0 && chars + itemChars > MAX_PUSH_CHARS) break;
      this.#pending.delete(uri);
      if (item === undefined) continue;
      items.push(item);
      chars += itemChars;
    }
    if (items.length === 0) return;
    this.#seq += 1;
    this.#awaitedSeq = this.#seq;
    this.#lastPostMs = this.#clock.now();
    this.#post(this.#seq, items);
  }
}

/** Text that follows on text of the same part or terminal is one action: the fold is the same. */
function mergeActions(last: StateAction, next: StateAction): StateAction | undefined {
  if (last.type === "terminal/data" && next.type === "terminal/data") return { ...last, data: last.data + next.data };
  const isText =
    (last.type === "chat/delta" && next.type === "chat/delta") ||
    (last.type === "chat/reasoning" && next.type === "chat/reasoning");
  if (!isText || last.turnId !== next.turnId || last.partId !== next.partId) return undefined;
  return { ...last, content: last.content + next.content };
}
