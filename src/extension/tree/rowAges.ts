import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";

export interface RowAgesOptions {
  readonly clock: Clock;
  /** Nobody sees a hidden view grow older. */
  readonly isVisible: () => boolean;
  /** Every row is older. */
  readonly aged: () => void;
  /** These rows are, which count seconds. */
  readonly launchesAged: (keys: readonly string[]) => void;
}

/** Ages in rows are to the minute, but for those of a launch. */
const agingMs = 30_000;
const launchAgingMs = 1000;

/** Ages grow without anybody saying so: tells when rows have to be drawn for that. */
export class RowAges implements Disposable {
  readonly #options: RowAgesOptions;
  /** Agents whose launch is on its way. */
  readonly #launching = new Set<string>();
  #aging: Disposable | undefined;
  #launchAging: Disposable | undefined;

  constructor(options: RowAgesOptions) {
    this.#options = options;
    this.#ageLater();
  }

  note(key: string, isLaunching: boolean): void {
    if (!isLaunching) return void this.#launching.delete(key);
    this.#launching.add(key);
    this.#launchAging ??= this.#ageLaunchesLater();
  }

  dispose(): void {
    this.#aging?.dispose();
    this.#launchAging?.dispose();
  }

  #ageLater(): void {
    const { aged, clock, isVisible } = this.#options;
    this.#aging = clock.setTimeout(() => {
      this.#ageLater();
      if (isVisible()) aged();
    }, agingMs);
  }

  #ageLaunchesLater(): Disposable {
    const { clock, isVisible, launchesAged } = this.#options;
    return clock.setTimeout(() => {
      this.#launchAging = this.#launching.size > 0 ? this.#ageLaunchesLater() : undefined;
      if (this.#launching.size > 0 && isVisible()) launchesAged(Array.from(this.#launching));
    }, launchAgingMs);
  }
}
