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
    this.#asOf = clock.elapsed();
  }

  /** False when there is not so much left; nothing is taken then. */
  take(amount = 1): boolean {
    if (!this.has(amount)) return false;
    this.#left -= amount;
    return true;
  }

  /** Is so much left? */
  has(amount: number): boolean {
    const now = this.#clock.elapsed();
    this.#left = Math.min(this.#size, this.#left + (now - this.#asOf) * this.#perMs);
    this.#asOf = now;
    return amount <= this.#left;
  }
}
