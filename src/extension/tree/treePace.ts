import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";

/**
 * From one event of a tree to the next. VS Code passes the first one on at once, and what comes within 200 ms of another one
 * only when there was none for 200 ms: a tree that changes more often would not be drawn at all. It has no faster way to
 * change a row, be it one or all of them.
 */
export const treeGapMs = 200;

/** When a tree says that it has changed: the first change at once, what follows it closely with the next. */
export class TreePace implements Disposable {
  readonly #clock: Clock;
  readonly #draw: () => void;
  #drawnAt = Number.NEGATIVE_INFINITY;
  /** Runs while VS Code's own does. */
  #rest: Disposable | undefined;
  /** Without a timer: at the end of the rest. */
  #wanted: { readonly gapMs: number; readonly timer: Disposable | undefined } | undefined;

  constructor(clock: Clock, draw: () => void) {
    this.#clock = clock;
    this.#draw = draw;
  }

  /** Draws what has changed, with all that changes until then: when nothing was drawn for `gapMs`. */
  soon(gapMs = treeGapMs): void {
    if (this.#wanted !== undefined && this.#wanted.gapMs <= gapMs) return;
    this.#wanted?.timer?.dispose();
    const waitMs = Math.max(0, this.#drawnAt + gapMs - this.#clock.now());
    const isAfterRest = this.#rest !== undefined && gapMs <= treeGapMs;
    const timer = isAfterRest ? undefined : this.#clock.setTimeout(() => this.#drawNow(), Math.min(waitMs, gapMs));
    this.#wanted = { gapMs, timer };
  }

  /** The tree has said that it changed: VS Code has set its timer, so that this one of the same length ends after it. */
  drawn(): void {
    this.#drawnAt = this.#clock.now();
    this.#rest?.dispose();
    this.#rest = this.#clock.setTimeout(() => {
      this.#rest = undefined;
      if (this.#wanted !== undefined && this.#wanted.timer === undefined) this.#drawNow();
    }, treeGapMs);
  }

  dispose(): void {
    this.#rest?.dispose();
    this.#wanted?.timer?.dispose();
  }

  #drawNow(): void {
    this.#wanted = undefined;
    this.#draw();
  }
}
