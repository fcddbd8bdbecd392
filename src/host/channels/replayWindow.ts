import { createHash } from "node:crypto";
import type { ClientOrigin } from "./storedRecord.ts";

export interface WindowEntry {
  readonly seq: number;
  readonly channel: string;
  /** The `action` notification as JSON text; empty for the end of the channel. */
  readonly frame: string;
  readonly refused?: string;
}

/** What became of a client's action. */
export interface ClientOutcome {
  readonly seq: number;
  readonly refused?: string;
}

/** A client's action as the client sent it. */
export interface ClientAction {
  readonly channel: string;
  readonly actionJson: string;
}

/** However little is kept for replays: an action may be sent again before its first time can be replayed. */
const minOutcomes = 1_000;

/**
 * The last actions of all channels, bounded by number and by bytes: enough for a client that was away for a moment. Also
 * remembers what became of each recent client action, so that one that is sent again does not happen again.
 */
export class ReplayWindow {
  readonly maxActions: number;
  readonly #maxBytes: number;
  #entries: WindowEntry[] = [];
  #first = 0;
  #bytes = 0;
  /** Everything after this number is held. */
  #after = 0;
  /** Channels of which something is not held although it is later than `#after`, and up to where. */
  readonly #losses = new Map<string, number>();
  /** The latest end that is held, by channel. */
  readonly #ends = new Map<string, number>();
  readonly #outcomes = new Map<string, ClientOutcome & { readonly fingerprint: string }>();

  constructor(limits: { readonly maxActions?: number; readonly maxBytes?: number } = {}) {
    this.maxActions = limits.maxActions ?? 10_000;
    this.#maxBytes = limits.maxBytes ?? 16 * 1024 * 1024;
  }

  /** Nothing up to this number is held. */
  startAfter(seq: number): void {
    this.#after = seq;
  }

  /** Of this channel something up to this number cannot be given. */
  loseUntil(seq: number, channel: string): void {
    if (seq > this.#after) this.#losses.set(channel, Math.max(seq, this.#losses.get(channel) ?? 0));
  }

  add(entry: WindowEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.frame.length;
    while (this.#entries.length - this.#first > this.maxActions || this.#bytes > this.#maxBytes) this.#dropOldest();
    // Long before as many are dropped as may be held: each may be large, and what is dropped is to leave the memory.
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Frames after `seq` on these channels, in order; undefined when the window does not reach back that far. */
  since(seq: number, channels: ReadonlySet<string>): readonly WindowEntry[] | undefined {
    if (seq < this.#after) return undefined;
    for (const [channel, until] of this.#losses) if (seq < until && channels.has(channel)) return undefined;
    const held = this.#entries.slice(this.#first);
    return held.filter(
      (entry) => entry.seq > seq && entry.frame !== "" && entry.refused === undefined && channels.has(entry.channel),
    );
  }

  /** The channel was removed: what is made under its address later is another one. */
  end(seq: number, channel: string): void {
    this.#ends.set(channel, seq);
    this.add({ seq, channel, frame: "" });
  }

  hasEndedSince(seq: number, channel: string): boolean {
    return (this.#ends.get(channel) ?? 0) > seq;
  }

  /**
   * What became of this action when it came before. A client that starts counting anew under its old id sends another
   * action under a number that was used: that is no repeat.
   */
  find(origin: ClientOrigin, action: ClientAction): ClientOutcome | undefined {
    const known = this.#outcomes.get(keyOf(origin));
    if (known?.fingerprint !== fingerprintOf(action)) return undefined;
    return known.refused === undefined ? { seq: known.seq } : { seq: known.seq, refused: known.refused };
  }

  /** Sequence number 0 says nothing about identity: VS Code sends every root/configChanged with it. */
  remember(origin: ClientOrigin, action: ClientAction, { seq, refused }: ClientOutcome): void {
    if (origin.clientSeq === 0) return;
    const fingerprint = fingerprintOf(action);
    this.#outcomes.set(keyOf(origin), { seq, fingerprint, ...(refused !== undefined && { refused }) });
    if (this.#outcomes.size > Math.max(this.maxActions, minOutcomes)) {
      const oldest = this.#outcomes.keys().next().value;
      if (oldest !== undefined) this.#outcomes.delete(oldest);
    }
  }

  #dropOldest(): void {
    const oldest = this.#entries[this.#first];
    if (oldest === undefined) return;
    this.#first += 1;
    this.#bytes -= oldest.frame.length;
    this.#after = oldest.seq;
    if (this.#ends.get(oldest.channel) === oldest.seq) this.#ends.delete(oldest.channel);
  }
}

function fingerprintOf({ channel, actionJson }: ClientAction): string {
  return createHash("sha256")
    .update(JSON.stringify([channel, actionJson]))
    .digest("base64");
}

function keyOf(origin: ClientOrigin): string {
  return JSON.stringify([origin.principal, origin.clientId, origin.clientSeq]);
}
