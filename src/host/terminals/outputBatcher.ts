import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";

/** Up to this much within this time leaves as it comes: a person who types, a program that logs. */
const calmBytes = 16 * 1024;
const calmWindowMs = 10;
/** A flood is worth waiting for: a batch costs a record in the log. More in one goes no faster, it only waits longer. */
const holdMs = 8;
const maxBatchBytes = 32 * 1024;

/**
 * Joins output to batches before it gets a number. A calm terminal is never delayed; a flood, which the kernel hands out
 * in pieces of at most 4 KB, leaves in batches of 32 KB or what comes within 8 ms.
 */
export class OutputBatcher implements Disposable {
  readonly #clock: Clock;
  readonly #emit: (bytes: Buffer) => void;
  #pieces: Buffer[] = [];
  #size = 0;
  #windowStart = 0;
  #windowBytes = 0;
  #held: Disposable | undefined;

  constructor(clock: Clock, emit: (bytes: Buffer) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= maxBatchBytes) return this.flush();
    if (this.#held) return;
    if (this.#clock.elapsed() - this.#windowStart >= calmWindowMs) {
      this.#windowStart = this.#clock.elapsed();
      this.#windowBytes = 0;
    }
    if (this.#windowBytes + this.#size <= calmBytes) this.flush();
    else this.#held = this.#clock.setTimeout(() => this.flush(), holdMs);
  }

  flush(): void {
    this.#held?.dispose();
    this.#held = undefined;
    if (this.#size === 0) return;
    const [first] = this.#pieces;
    const batch = this.#pieces.length === 1 && first ? first : Buffer.concat(this.#pieces);
    this.#windowBytes += this.#size;
    this.#pieces = [];
    this.#size = 0;
    this.#emit(batch);
  }

  dispose(): void {
    this.#held?.dispose();
    this.#held = undefined;
  }
}
