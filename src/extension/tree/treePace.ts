import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";

/**
 * At least this long between two events of a tree. VS Code passes the first one on at once, and what comes within 200 ms of
 * another one only when there was none for 200 ms: a tree that changes more often would not be drawn at all.
 */
export const treeGapMs = 210;

/** When a tree says that it has changed: the first change at once, what follows it closely with the next. */
export class TreePace implements Disposable {
  readonly #clock: Clock;
  readonly #draw: () => void;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #pending: { readonly timer: Disposable; readonly gapMs: number } | undefined;

  constructor(clock: Clock, draw: () => void) {
    this.#clock = clock;
    this.#draw = draw;
  }

  /** Draws what has changed, with all that changes until then: when nothing was drawn for `gapMs`. */
  soon(gapMs = treeGapMs): void {
    if (this.#pending !== undefined && this.#pending.gapMs <= gapMs) return;
    this.#pending?.timer.dispose();
    const waitMs = Math.max(0, this.#drawnAt + gapMs - this.#clock.now());
    const draw = () => {
      this.#pending = undefined;
      this.#draw();
    };
    this.#pending = { timer: this.#clock.setTimeout(draw, Math.min(waitMs, gapMs)), gapMs };
  }

  /** The tree has said that it changed. */
  drawn(): void {
    this.#drawnAt = this.#clock.now();
  }

  dispose(): void {
    this.#pending?.timer.dispose();
  }
}
