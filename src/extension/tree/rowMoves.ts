import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";

/** Where rows came, went or stand elsewhere. */
export interface Moves {
  /** Groups came or went, or the list has none. */
  readonly isRoot: boolean;
  readonly lists: ReadonlySet<string>;
}

/**
 * At least this long between two drawings that move rows. VS Code cannot say which row is pressed from then until it has
 * asked for all of the list again, over the network where the window is connected to another machine. And rows that jump
 * all the time cannot be read, or hit.
 */
export const moveGapMs = 1000;

/** Moves that are not drawn yet: the first is drawn at once, what follows it closely later and together. */
export class RowMoves implements Disposable {
  readonly #clock: Clock;
  readonly #due: () => void;
  #isRoot = false;
  #lists = new Set<string>();
  #drawnAt = Number.NEGATIVE_INFINITY;
  #timer: Disposable | undefined;

  /** @param due called when what is held may be taken. */
  constructor(clock: Clock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Whether something is held, or that list is. */
  holds(list?: string): boolean {
    return list === undefined ? this.#isRoot || this.#lists.size > 0 : this.#lists.has(list);
  }

  add({ isRoot, lists }: Moves): void {
    this.#isRoot ||= isRoot;
    for (const list of lists) this.#lists.add(list);
  }

  /** Everything that is held, to be drawn; nothing before its time, unless it cannot wait. */
  take(isUrgent = false): Moves {
    const waitMs = this.#drawnAt + moveGapMs - this.#clock.now();
    const isHeld = this.holds();
    if (!isHeld || (waitMs > 0 && !isUrgent)) {
      if (isHeld) this.#timer ??= this.#clock.setTimeout(() => this.#ring(), waitMs);
      return { isRoot: false, lists: new Set() };
    }
    const taken = { isRoot: this.#isRoot, lists: this.#lists };
    this.#isRoot = false;
    this.#lists = new Set();
    this.#drawnAt = this.#clock.now();
    return taken;
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  #ring(): void {
    this.#timer = undefined;
    this.#due();
  }
}
