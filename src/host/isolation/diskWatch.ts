import { statfs } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import { treeSize } from "../workspaces/treeSize.ts";

const lookMs = 1_000;
/** Counting a tree takes a while: it is done when so much has been written to its disk, or after so long. */
const countAfterBytes = 64 * 1024 * 1024;
const countAfterMs = 60_000;

/**
 * Tells once when directories hold more than they may. There are no quotas to rely on, so the free space of the disk is
 * looked at every second, and the directories are counted when it has shrunk.
 */
export class DiskWatch implements Disposable {
  readonly #directories: readonly string[];
  readonly #limitBytes: number;
  readonly #clock: Clock;
  readonly #onExceeded: () => void;
  #timer: Disposable | undefined;
  #isDisposed = false;
  #freeBytes = Infinity;
  #countedAt = -Infinity;

  constructor(directories: readonly string[], limitBytes: number, clock: Clock, onExceeded: () => void) {
    this.#directories = directories;
    this.#limitBytes = limitBytes;
    this.#clock = clock;
    this.#onExceeded = onExceeded;
    this.#countedAt = clock.elapsed();
    void this.#look();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
  }

  async #look(): Promise<void> {
    const found = await statfs(this.#directories[0] ?? "/").catch(() => undefined);
    const free = found === undefined ? this.#freeBytes : found.bavail * found.bsize;
    const isFirst = this.#freeBytes === Infinity;
    if (isFirst || free > this.#freeBytes) this.#freeBytes = free;
    const isDue = this.#clock.elapsed() - this.#countedAt >= countAfterMs;
    if (isDue || (!isFirst && this.#freeBytes - free >= countAfterBytes)) {
      this.#freeBytes = free;
      this.#countedAt = this.#clock.elapsed();
      if (await this.#isExceeded()) {
        if (!this.#isDisposed) this.#onExceeded();
        return;
      }
    }
    if (!this.#isDisposed) this.#timer = this.#clock.setTimeout(() => void this.#look(), lookMs);
  }

  async #isExceeded(): Promise<boolean> {
    let bytes = 0;
    for (const directory of this.#directories) {
      const limits = { maxEntries: Infinity, maxBytes: this.#limitBytes - bytes };
      bytes += (await treeSize(directory, limits)).bytes;
      if (bytes > this.#limitBytes) return true;
    }
    return false;
  }
}
