import type { Clock } from "../../src/base/clock.ts";
import { type Disposable, toDisposable } from "../../src/base/disposables.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Time that the test owns. Timers run in the order of their time, equal ones in the order in which they were set. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;
  /** What the wall clock was set forward by. */
  #shift = 0;
  #count = 0;

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#now = nowMs;
  }

  now(): number {
    return this.#now + this.#shift;
  }

  elapsed(): number {
    return this.#now;
  }

  /** Sets the wall clock; no time passes. */
  setForward(ms: number): void {
    this.#shift += ms;
  }

  setTimeout(callback: () => void, ms: number): Disposable {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#count++, callback };
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass. What a timer starts gets its turn before the next timer runs. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
      await settle();
    }
    this.#now = until;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Everything that only waits for promises has run when this resolves. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
