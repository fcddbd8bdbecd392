import type { Clock } from "../base/clock.ts";

/** Clocks are corrected by less all the time. */
const leewayMs = 10 * 60 * 1_000;

/** Notices that the wall clock was set. What is deleted by a clock that was wrong, no clock brings back. */
export class ClockWatch {
  readonly #clock: Clock;
  #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.elapsed();
  }

  /** Since it was asked last. */
  wasSet(): boolean {
    const before = this.#offset;
    this.#offset = this.#clock.now() - this.#clock.elapsed();
    return Math.abs(this.#offset - before) > leewayMs;
  }
}
