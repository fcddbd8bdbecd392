import type { Clock } from "./clock.ts";

/** An allowance that fills up again at a constant rate. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #size: number;
  #left: number;
  #asOf: number;

  constructor(clock: Clock, perSecond: number, size: number) {
    this.#clock = clock;
    this.#perMs = perSecond / 1000;
    this.#size = size;
    this.#left = size;
    this.#asOf = clock.now();
  }

  /** False when there is not so much left; nothing is taken then. */
  take(amount = 1): boolean {
    const now = this.#clock.now();
    // A clock that is set back gives nothing.
    if (now > this.#asOf) this.#left = Math.min(this.#size, this.#left + (now - this.#asOf) * this.#perMs);
    this.#asOf = now;
    if (amount > this.#left) return false;
    this.#left -= amount;
    return true;
  }
}
