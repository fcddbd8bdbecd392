import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposables.ts";
import type { StateAction } from "../protocol/actions.ts";

/** An action that was sent and that the host has not answered. */
export interface Outgoing {
  readonly clientSeq: number;
  readonly uri: string;
  readonly action: StateAction;
  /** How far the person who acts had been shown what it answers. */
  readonly seenSeq: number | undefined;
  /** Shown in a mirrored channel, whose replay after a reconnect will tell whether it arrived. */
  readonly isMirrored: boolean;
}

interface Entry extends Outgoing {
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
  timer: Disposable | undefined;
}

/** What this client has asked for and waits to hear of, oldest first. */
export class Outbox {
  readonly #clock: Clock;
  readonly #entries = new Map<number, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** In the order of dispatch. */
  get all(): readonly Outgoing[] {
    return Array.from(this.#entries.values());
  }

  /** Resolves or rejects when the entry is settled. */
  add(outgoing: Outgoing): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#entries.set(outgoing.clientSeq, { ...outgoing, resolve, reject, timer: undefined });
    return promise;
  }

  /** Calls back when the entry is still unanswered after that time, counted from here. */
  wait(clientSeq: number, ms: number, unanswered: () => void): void {
    const entry = this.#entries.get(clientSeq);
    if (entry === undefined) return;
    entry.timer?.dispose();
    entry.timer = this.#clock.setTimeout(unanswered, ms);
  }

  /** The host answered. An answer on another channel than the question's is none. */
  answer(clientSeq: number, uri: string, rejectionReason: string | undefined): void {
    const entry = this.#entries.get(clientSeq);
    if (entry?.uri !== uri) return;
    this.#remove(entry);
    if (rejectionReason === undefined) entry.resolve();
    else entry.reject(new AppError("request.rejected", rejectionReason || "The host refused the action."));
  }

  /** Gives up on entries of which nobody will ever know more. Returns them. */
  abandon(which: (outgoing: Outgoing) => boolean, error: AppError): readonly Outgoing[] {
    const entries = Array.from(this.#entries.values()).filter(which);
    for (const entry of entries) {
      this.#remove(entry);
      entry.reject(error);
    }
    return entries;
  }

  isAwaited(clientSeq: number, uri: string): boolean {
    return this.#entries.get(clientSeq)?.uri === uri;
  }

  #remove(entry: Entry): void {
    entry.timer?.dispose();
    this.#entries.delete(entry.clientSeq);
  }
}
