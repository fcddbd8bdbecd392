import type { StateAction } from "../protocol/actions.ts";

/**
 * One channel as this client sees it: what the host has confirmed, and on top of it what this client has asked for and
 * the host has not answered. Values only; every function returns the next mirror.
 */
export interface Mirror<S> {
  readonly confirmed: S;
  /** Envelopes up to and including this number are in `confirmed`; they may come again after a reconnect. */
  readonly seq: number;
  /** In the order in which they were dispatched. */
  readonly pending: readonly PendingAction[];
  /** `confirmed` with `pending` folded over it: what people see. */
  readonly shown: S;
}

export interface PendingAction {
  /** Unique per client; the echo's origin names it. */
  readonly clientSeq: number;
  readonly action: StateAction;
}

/** An envelope as far as a mirror needs it. */
export interface Arrival {
  readonly serverSeq: number;
  readonly action: StateAction;
  /** The host refused the action: it did not happen. */
  readonly isRejected: boolean;
  /** Set when the envelope answers a dispatch of this very client. */
  readonly ownClientSeq: number | undefined;
}

export interface MirrorStep<S> {
  readonly mirror: Mirror<S>;
  /** Fold these over the state shown before to get the state shown now; absent when that does not hold. */
  readonly applied: readonly StateAction[] | undefined;
}

export type Fold<S> = (state: S, action: StateAction) => S;

export function mirrorOf<S>(state: S, seq: number): Mirror<S> {
  return { confirmed: state, seq, pending: [], shown: state };
}

/** Shows an action before the host has seen it. */
export function propose<S>(mirror: Mirror<S>, proposal: PendingAction, fold: Fold<S>): MirrorStep<S> {
  return {
    mirror: { ...mirror, pending: [...mirror.pending, proposal], shown: fold(mirror.shown, proposal.action) },
    applied: [proposal.action],
  };
}

/** Takes an action back that will not be answered any more. */
export function withdraw<S>(mirror: Mirror<S>, clientSeq: number, fold: Fold<S>): MirrorStep<S> {
  const pending = mirror.pending.filter((entry) => entry.clientSeq !== clientSeq);
  if (pending.length === mirror.pending.length) return { mirror, applied: [] };
  return { mirror: rebase({ ...mirror, pending }, fold), applied: undefined };
}

/** `undefined` for an envelope that is in the state already; an answer in it still ends the wait for it. */
export function receive<S>(mirror: Mirror<S>, arrival: Arrival, fold: Fold<S>): MirrorStep<S> | undefined {
  if (arrival.serverSeq <= mirror.seq) {
    const isAwaited = mirror.pending.some(({ clientSeq }) => clientSeq === arrival.ownClientSeq);
    return isAwaited && arrival.ownClientSeq !== undefined ? withdraw(mirror, arrival.ownClientSeq, fold) : undefined;
  }
  const at = mirror.pending.findIndex((entry) => entry.clientSeq === arrival.ownClientSeq);
  const answered = at < 0 ? undefined : mirror.pending[at];
  const pending = answered === undefined ? mirror.pending : mirror.pending.filter((entry) => entry !== answered);
  const confirmed = arrival.isRejected ? mirror.confirmed : fold(mirror.confirmed, arrival.action);
  const next = { ...mirror, confirmed, pending, seq: arrival.serverSeq };

  if (arrival.isRejected && answered === undefined) return { mirror: next, applied: [] };
  // The host took the oldest proposal as it was: the same actions in the same order, so what is shown stays as it is.
  const isPlainEcho = at === 0 && !arrival.isRejected && isSame(answered?.action, arrival.action);
  if (pending.length === 0) {
    const shown = { ...next, shown: confirmed };
    if (isPlainEcho) return { mirror: shown, applied: [] };
    return { mirror: shown, applied: answered === undefined ? [arrival.action] : undefined };
  }
  return { mirror: rebase(next, fold), applied: isPlainEcho ? [] : undefined };
}

function rebase<S>(mirror: Mirror<S>, fold: Fold<S>): Mirror<S> {
  return { ...mirror, shown: mirror.pending.reduce((state, { action }) => fold(state, action), mirror.confirmed) };
}

/** Equality of JSON values; a member that is `undefined` counts as absent. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = definedEntries(a);
  const right = new Map(definedEntries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, member]) => member !== undefined);
}
