import type { ClientLimits } from "./limits.ts";

/** What waits for an answer that tells what it means: bounded, because only the host decides when that answer comes. */
export class Held<T> {
  readonly #limits: Pick<ClientLimits, "maxHeld" | "maxHeldChars">;
  #items: T[] = [];
  #size = 0;

  constructor(limits: Pick<ClientLimits, "maxHeld" | "maxHeldChars">) {
    this.#limits = limits;
  }

  /** False when it is more than may wait. */
  add(item: T, size: number): boolean {
    this.#size += size;
    return this.#items.push(item) <= this.#limits.maxHeld && this.#size <= this.#limits.maxHeldChars;
  }

  /** All of it, in order; nothing is held afterwards. */
  take(): readonly T[] {
    const items = this.#items;
    this.#items = [];
    this.#size = 0;
    return items;
  }
}
