import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";

export interface DiskSpaceOptions {
  /** Directory of the log. */
  readonly directory: string;
  /** Below this no new work is taken. */
  readonly minFreeBytes: number;
  /** Size of the file that is there only to be deleted when the disk is full. */
  readonly ballastBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const lookMs = 1_000;
const mebibyte = 1024 * 1024;

/** Watches the space that the log has left, and keeps a reserve of it in a file. */
export class DiskSpace {
  readonly #options: DiskSpaceOptions;
  readonly #ballast: string;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #freeBytes = Number.POSITIVE_INFINITY;

  constructor(options: DiskSpaceOptions) {
    this.#options = options;
    this.#ballast = path.join(options.directory, "ballast");
  }

  /** As it was when it was looked at last. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** Why no new work is taken, as a sentence for people; undefined when there is room. Looks at most once a second. */
  refusal(): string | undefined {
    const { clock, directory, minFreeBytes, ballastBytes } = this.#options;
    const now = clock.elapsed();
    if (now - this.#lookedAt >= lookMs) {
      const { bavail, bsize } = statfsSync(directory);
      this.#freeBytes = bavail * bsize;
      this.#lookedAt = now;
      if (this.#freeBytes >= minFreeBytes + ballastBytes) this.#keepBallast();
    }
    if (this.#freeBytes >= minFreeBytes) return undefined;
    const free = Math.floor(this.#freeBytes / mebibyte);
    return `The host's disk is nearly full (${free} MB left), so it takes no new work. What runs goes on. Free some space on the host, then try again.`;
  }

  /** Deletes the ballast, so that what was accepted can still be stored. False when there is none. */
  release(): boolean {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    if (this.#ballastSize() === 0) return false;
    this.#options.logger.error("disk full: the reserve is used", { bytes: this.#ballastSize() });
    rmSync(this.#ballast, { force: true });
    return true;
  }

  #ballastSize(): number {
    return statSync(this.#ballast, { throwIfNoEntry: false })?.size ?? 0;
  }

  #keepBallast(): void {
    const { ballastBytes, logger } = this.#options;
    if (this.#ballastSize() >= ballastBytes) return;
    try {
      const file = openSync(this.#ballast, "w", 0o600);
      const zeros = Buffer.alloc(Math.min(mebibyte, ballastBytes));
      for (let left = ballastBytes; left > 0; left -= zeros.length)
        writeSync(file, zeros, 0, Math.min(left, zeros.length));
      fsyncSync(file);
      closeSync(file);
    } catch (error) {
      logger.warn("the reserve of disk space could not be made", { error: String(error) });
    }
  }
}
