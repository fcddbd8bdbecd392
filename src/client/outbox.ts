import { AppError } from "../base/appError.ts";
import type { StateAction } from "../protocol/actions.ts";

/** An action that was sent and that the host has not answered. */
export interface Outgoing {
  readonly clientSeq: number;
  readonly uri: string;
  readonly action: StateAction;
  /** Shown in a mirrored channel, whose replay after a reconnect will tell whether it arrived. */
  readonly isMirrored: boolean;
}

interface Entry extends Outgoing {
  readonly resolve: () => void;
  readonly reject: (error: AppError) => void;
}

/** What this client has asked for and waits to hear of, oldest first. */
export class Outbox {
  readonly #entries = new Map<number, Entry>();

  /** Resolves or rejects when the entry is settled. */
  add(outgoing: Outgoing): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#entries.set(outgoing.clientSeq, { ...outgoing, resolve, reject });
    return promise;
  }

  /** The host answered. An answer on another channel than the question's is none. */
  answer(clientSeq: number, uri: string, rejectionReason: string | undefined): void {
    const entry = this.#entries.get(clientSeq);
    if (entry?.uri !== uri) return;
    this.#entries.delete(clientSeq);
    if (rejectionReason === undefined) entry.resolve();
    else entry.reject(new AppError("request.rejected", rejectionReason || "The host refused the action."));
  }

  /** Gives up on entries of which nobody will ever know more. Returns them. */
  abandon(which: (outgoing: Outgoing) => boolean): readonly Outgoing[] {
    const entries = Array.from(this.#entries.values()).filter(which);
    for (const entry of entries) {
      this.#entries.delete(entry.clientSeq);
      entry.reject(
        new AppError(
          "host.disconnected",
          "The connection was lost before the host answered. Check whether it took effect before you try again.",
        ),
      );
    }
    return entries;
  }

  /** In the order of dispatch. */
  get all(): readonly Outgoing[] {
    return Array.from(this.#entries.values());
  }
}
