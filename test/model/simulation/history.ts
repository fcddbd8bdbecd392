import { isSame } from "../../../src/base/isSame.ts";
import type { ChannelKind, StateAction } from "../../../src/protocol/actions.ts";
import { type ChannelState, reduce } from "../../../src/protocol/reduce.ts";

/** Names one dispatch of one client in the action itself; hosts keep members that they do not know. */
export const NONCE = "x-nonce";

export function nonceOf(action: object): number | undefined {
  const nonce: unknown = Reflect.get(action, NONCE);
  return typeof nonce === "number" ? nonce : undefined;
}

interface Timeline {
  readonly kind: ChannelKind;
  /** Every state that the channel has had in public, oldest first. */
  readonly states: ChannelState[];
  /** Which of the host's events made it (again). */
  bornAt: number;
  isGone: boolean;
  /** No other channel has had this address. */
  isFirst: boolean;
}

/**
 * What has happened on a host for good, folded on its own: the states that somebody may ever see, and how often each
 * dispatch took place.
 */
export class History {
  readonly #timelines = new Map<string, Timeline>();
  readonly #accepted = new Map<number, number>();
  #events = 0;
  readonly #titles = new Map<string, Set<string>>();

  created(uri: string, kind: ChannelKind, state: ChannelState): void {
    const bornAt = ++this.#events;
    const known = this.#timelines.get(uri);
    if (known) {
      known.states.push(state);
      Object.assign(known, { bornAt, isGone: false, isFirst: false });
    } else this.#timelines.set(uri, { kind, states: [state], bornAt, isGone: false, isFirst: true });
    this.#noteTitle(uri, state);
  }

  removed(uri: string): void {
    this.#events += 1;
    const timeline = this.#timelines.get(uri);
    if (timeline) timeline.isGone = true;
  }

  /** The channel ends, unless the host does first: until then nobody can rely on it. */
  doubted(uri: string): void {
    const timeline = this.#timelines.get(uri);
    if (timeline) timeline.bornAt = Number.POSITIVE_INFINITY;
  }

  /** The host has ended: what it had in mind is forgotten. */
  ended(): void {
    this.#events += 1;
    for (const timeline of this.#timelines.values()) timeline.bornAt = Math.min(timeline.bornAt, this.#events);
  }

  happened(uri: string, action: StateAction, isRefused: boolean): void {
    if (isRefused) return;
    const nonce = nonceOf(action);
    if (nonce !== undefined) this.#accepted.set(nonce, this.timesAccepted(nonce) + 1);
    const timeline = this.#timelines.get(uri);
    const before = timeline?.states.at(-1);
    if (timeline === undefined || before === undefined) return;
    const after = reduce(timeline.kind, before as never, action);
    if (after !== before) timeline.states.push(after);
    this.#noteTitle(uri, after);
  }

  /** The host itself put the channel into another state, as a restart may. */
  replaced(uri: string, state: ChannelState): void {
    this.#timelines.get(uri)?.states.push(state);
    this.#noteTitle(uri, state);
  }

  timesAccepted(nonce: number): number {
    return this.#accepted.get(nonce) ?? 0;
  }

  /** Has this been a session's title? */
  hadTitle(session: string, title: string): boolean {
    return this.#titles.get(session)?.has(title) ?? false;
  }

  latest(uri: string): ChannelState | undefined {
    const timeline = this.#timelines.get(uri);
    return timeline?.isGone === false ? timeline.states.at(-1) : undefined;
  }

  /** How much has happened. */
  get events(): number {
    return this.#events;
  }

  /** Has the channel been there without a break since so much had happened? */
  wasThereSince(uri: string, events: number): boolean {
    const timeline = this.#timelines.get(uri);
    return timeline?.isGone === false && timeline.bornAt <= events;
  }

  /** Is the channel the only one that ever had its address? */
  isFirst(uri: string): boolean {
    return this.#timelines.get(uri)?.isFirst ?? false;
  }

  /** Is there, or was there, such a channel? */
  isKnown(uri: string): boolean {
    return this.#timelines.has(uri);
  }

  /** The channels that are there. */
  get uris(): readonly string[] {
    return Array.from(this.#timelines.keys()).filter((uri) => this.latest(uri) !== undefined);
  }

  /** Where the state lies on the channel's way, at `from` or later; `undefined` if the channel was never in it. */
  find(uri: string, state: unknown, from: number): number | undefined {
    const states = this.#timelines.get(uri)?.states ?? [];
    for (let at = from; at < states.length; at++) if (isSame(states[at], state)) return at;
    return undefined;
  }

  #noteTitle(uri: string, state: ChannelState): void {
    if (!("title" in state) || typeof state.title !== "string") return;
    const titles = this.#titles.get(uri) ?? new Set();
    titles.add(state.title);
    this.#titles.set(uri, titles);
  }
}
