import { isSame } from "../base/isSame.ts";
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
  /** Turns of `pending` that went into `confirmed` because the host ended them before it echoed their start. */
  readonly promoted: readonly number[];
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
  /** The dispatch that the host has taken, as what follows from it shows, although its echo has not come. */
  readonly promoted?: number | undefined;
  /** The envelopes tell a story that cannot be folded: only a fresh snapshot says what is. */
  readonly isDoubtful?: boolean | undefined;
}

export type Fold<S> = (state: S, action: StateAction) => S;

export function mirrorOf<S>(state: S, seq: number): Mirror<S> {
  return { confirmed: state, seq, pending: [], promoted: [], shown: state };
}

/** A fresh snapshot under what is still unanswered; it may hold the effect of some of that already, as their echoes will tell. */
export function renew<S>(mirror: Mirror<S> | undefined, state: S, seq: number, fold: Fold<S>): Mirror<S> {
  return rebase({ ...mirrorOf(state, seq), pending: mirror?.pending ?? [] }, fold);
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
  if (arrival.ownClientSeq === undefined) {
    const started = startOf(mirror, arrival);
    if (started !== undefined) return promote(mirror, started, arrival, fold);
  } else if (mirror.promoted.includes(arrival.ownClientSeq)) {
    return { mirror, applied: [], isDoubtful: true };
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

/** Our own start of a turn that this envelope ends, while the host owes us its echo. */
function startOf<S>({ pending }: Mirror<S>, { action, isRejected }: Arrival): PendingAction | undefined {
  if (isRejected || pending.length === 0) return undefined;
  if (action.type !== "chat/turnComplete" && action.type !== "chat/turnCancelled" && action.type !== "chat/error") {
    return undefined;
  }
  const { turnId } = action;
  return pending.find((entry) => entry.action.type === "chat/turnStarted" && entry.action.turnId === turnId);
}

/** As VS Code's client does: without its start the end of a turn would mean nothing, and the turn would run for ever. */
function promote<S>(mirror: Mirror<S>, started: PendingAction, arrival: Arrival, fold: Fold<S>): MirrorStep<S> {
  const ended = fold(mirror.confirmed, arrival.action);
  const isThere = ended !== mirror.confirmed;
  const next = {
    ...mirror,
    confirmed: isThere ? ended : fold(fold(mirror.confirmed, started.action), arrival.action),
    seq: arrival.serverSeq,
    pending: mirror.pending.filter((entry) => entry !== started),
    promoted: [...mirror.promoted, started.clientSeq],
  };
  return { mirror: rebase(next, fold), applied: undefined, promoted: started.clientSeq };
}

function rebase<S>(mirror: Mirror<S>, fold: Fold<S>): Mirror<S> {
  return { ...mirror, shown: mirror.pending.reduce((state, { action }) => fold(state, action), mirror.confirmed) };
}
