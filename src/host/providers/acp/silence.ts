import type { Clock } from "../../../base/clock.ts";
import { type Disposable, toDisposable } from "../../../base/disposables.ts";

/** What the session says of an agent that was not heard of for so long: in a few words, and as a sentence. */
export function silenceInWords(displayName: string, silentMs: number): { activity: string; notice: string } {
  const minutes = Math.max(1, Math.round(silentMs / 60_000));
  return {
    activity: `Nothing heard for ${minutes} min`,
    notice: `Nothing was heard of ${displayName} for ${minutes} ${minutes === 1 ? "minute" : "minutes"}. It may be busy with a long command, or hang. Wait, or stop the turn; its files are kept.`,
  };
}

/** Watches one turn of an agent: tells once it has said nothing for too long, and when it is heard of again. */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onSilent: () => void;
  readonly #onHeard: () => void;
  readonly #isExcused: () => boolean;
  #heardAt: number;
  #isTold = false;
  #timer: Disposable;

  /** @param on.isExcused true while the agent waits for a person */
  constructor(
    clock: Clock,
    limitMs: number,
    on: { readonly silent: () => void; readonly heard: () => void; readonly isExcused: () => boolean },
  ) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onSilent = on.silent;
    this.#onHeard = on.heard;
    this.#isExcused = on.isExcused;
    this.#heardAt = clock.elapsed();
    this.#timer = limitMs > 0 ? this.#watch(limitMs) : toDisposable(() => {});
  }

  heard(): void {
    this.#heardAt = this.#clock.elapsed();
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#onHeard();
  }

  /** The turn is over: what was told of it holds no more. */
  dispose(): void {
    this.#timer.dispose();
    this.heard();
  }

  #watch(ms: number): Disposable {
    return this.#clock.setTimeout(() => {
      if (this.#isExcused()) this.#heardAt = this.#clock.elapsed();
      const left = this.#heardAt + this.#limitMs - this.#clock.elapsed();
      if (left <= 0 && !this.#isTold) {
        this.#isTold = true;
        this.#onSilent();
      }
      this.#timer = this.#watch(left > 0 ? left : this.#limitMs);
    }, ms);
  }
}
