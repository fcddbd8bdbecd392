/** A sorted list in short runs: what comes or goes moves the items of one run, however long the list is. */
export class SortedRuns<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #maxRun: number;
  /** None is empty; together they are the list. */
  readonly #runs: T[][] = [];
  #size = 0;

  /** `compare` is never 0 for two items. */
  constructor(compare: (a: T, b: T) => number, maxRun = 256) {
    this.#compare = compare;
    this.#maxRun = maxRun;
  }

  get size(): number {
    return this.#size;
  }

  /** The first items, or all when there are fewer. */
  first(count: number): T[] {
    const items: T[] = [];
    for (const run of this.#runs) {
      if (items.length >= count) break;
      items.push(...run.slice(0, count - items.length));
    }
    return items;
  }

  /** -1 for an item that is not in the list. */
  indexOf(item: T): number {
    const at = this.#runAt(item);
    const index = this.#indexIn(this.#runs[at] ?? [], item);
    return index === -1 ? -1 : this.#before(at) + index;
  }

  /** The index at which the item stands. It must not be in the list. */
  add(item: T): number {
    // What is greater than all goes to the end of the last run.
    const at = Math.min(this.#runAt(item), Math.max(0, this.#runs.length - 1));
    const run = this.#runs[at] ?? [];
    if (run.length === 0) this.#runs.push(run);
    const index = firstNotBelow(run, (other) => this.#compare(other, item));
    run.splice(index, 0, item);
    this.#size += 1;
    const place = this.#before(at) + index;
    if (run.length > this.#maxRun) this.#runs.splice(at + 1, 0, run.splice(run.length >>> 1));
    return place;
  }

  /** The index at which the item stood; -1 if it is not in the list. */
  delete(item: T): number {
    const at = this.#runAt(item);
    const run = this.#runs[at] ?? [];
    const index = this.#indexIn(run, item);
    if (index === -1) return -1;
    run.splice(index, 1);
    this.#size -= 1;
    if (run.length === 0) this.#runs.splice(at, 1);
    return this.#before(at) + index;
  }

  #indexIn(run: readonly T[], item: T): number {
    const index = firstNotBelow(run, (other) => this.#compare(other, item));
    const found = run[index];
    return found === undefined || this.#compare(found, item) !== 0 ? -1 : index;
  }

  /** The first run with an item that is not below this one; one past the last if there is none. */
  #runAt(item: T): number {
    return firstNotBelow(this.#runs, (run) => {
      const last = run.at(-1);
      return last === undefined ? -1 : this.#compare(last, item);
    });
  }

  #before(at: number): number {
    let count = 0;
    for (let run = 0; run < at; run++) count += this.#runs[run]?.length ?? 0;
    return count;
  }
}

/** Where the items begin for which `compareTo` is not negative. */
function firstNotBelow<T>(items: readonly T[], compareTo: (item: T) => number): number {
  let index = 0;
  for (let end = items.length; index < end;) {
    const middle = (index + end) >>> 1;
    const item = items[middle];
    if (item !== undefined && compareTo(item) < 0) index = middle + 1;
    else end = middle;
  }
  return index;
}
