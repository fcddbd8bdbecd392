/** What holding a value costs besides its text: an object, a key, a number. */
const nodeWeight = 16;

/**
 * Roughly how much memory a JSON value takes, in characters. Stops counting above `limit`, so that it costs no more than
 * that; no deeper than the depth limit of frames allows.
 */
export function weightOf(value: unknown, limit: number): number {
  if (typeof value === "string") return nodeWeight + value.length;
  if (typeof value !== "object" || value === null) return nodeWeight;
  let weight = nodeWeight;
  if (Array.isArray(value)) {
    for (const member of value) if ((weight += weightOf(member, limit - weight)) > limit) return weight;
    return weight;
  }
  for (const [key, member] of Object.entries(value)) {
    weight += key.length + weightOf(member, limit - weight);
    if (weight > limit) return weight;
  }
  return weight;
}

/** What all holders of a host's state may weigh together. */
export class Budget {
  readonly #limit: number;
  #sum = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Replaces a part of the sum. False when that is more than there is; nothing changes then. */
  replace(before: number, after: number): boolean {
    const sum = this.#sum - before + after;
    if (sum > this.#limit && after > before) return false;
    this.#sum = sum;
    return true;
  }
}

/** What has to come in before a value that seems too heavy is weighed again. */
const leastGrowth = 1024 * 1024;

/**
 * The weight of a value that grows by what comes in. What comes in may also replace, so the value itself is weighed when
 * the sum has become too much, and often enough that the error stays small.
 */
export class Share {
  readonly #budget: Budget;
  readonly #limit: number;
  /** At least the weight of the value. */
  #weight = 0;
  #measured = 0;

  constructor(budget: Budget, limit: number) {
    this.#budget = budget;
    this.#limit = limit;
  }

  /** False when the value is too heavy; nothing is held then. */
  measure(value: unknown): boolean {
    const weight = weightOf(value, this.#limit);
    if (weight > this.#limit || !this.#hold(weight)) {
      this.release();
      return false;
    }
    this.#measured = weight;
    return true;
  }

  /** The same after `size` came in and made the value what it is. */
  grow(size: number, value: unknown): boolean {
    const weight = this.#weight + size;
    if (weight <= this.#limit && this.#hold(weight)) return true;
    if (weight - this.#measured >= Math.min(leastGrowth, this.#limit / 8)) return this.measure(value);
    this.release();
    return false;
  }

  release(): void {
    this.#hold(0);
    this.#measured = 0;
  }

  #hold(weight: number): boolean {
    if (!this.#budget.replace(this.#weight, weight)) return false;
    this.#weight = weight;
    return true;
  }
}
