import { statfs } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import { type TreeLimits, treeSize } from "../workspaces/treeSize.ts";

const lookMs = 1_000;
/** Counting a tree takes a while: it is done when so much or so many have been written to its disk, or after so long. */
const countAfterBytes = 64 * 1024 * 1024;
const countAfterFiles = 20_000;
const countAfterMs = 60_000;

/** What a disk has left. */
interface Room {
  readonly bytes: number;
  /** Always the same where files take nothing but bytes. */
  readonly files: number;
}

/**
 * Tells once when directories together hold more than they may, and whether it is bytes or files. There are no quotas to
 * rely on, so the room on the disk is looked at every second, and the directories are counted when it has shrunk.
 */
export class DiskWatch implements Disposable {
  readonly #directories: readonly string[];
  readonly #limits: TreeLimits;
  readonly #clock: Clock;
  readonly #onExceeded: (what: "bytes" | "files") => void;
  #timer: Disposable | undefined;
  #isDisposed = false;
  /** At the last count, or the most that there was since. */
  #room: Room | undefined;
  #countedAt = -Infinity;

  constructor(
    directories: readonly string[],
    limits: TreeLimits,
    clock: Clock,
    onExceeded: (what: "bytes" | "files") => void,
  ) {
    this.#directories = directories;
    this.#limits = limits;
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
    const room = await this.#roomLeft();
    const before = this.#room ?? room;
    if (room && before) {
      const isLess = before.bytes - room.bytes >= countAfterBytes || before.files - room.files >= countAfterFiles;
      this.#room = { bytes: Math.max(before.bytes, room.bytes), files: Math.max(before.files, room.files) };
      if (isLess || this.#clock.elapsed() - this.#countedAt >= countAfterMs) {
        this.#room = room;
        this.#countedAt = this.#clock.elapsed();
        const exceeded = await this.#exceeded();
        if (exceeded && !this.#isDisposed) this.#onExceeded(exceeded);
        if (exceeded) return;
      }
    }
    if (!this.#isDisposed) this.#timer = this.#clock.setTimeout(() => void this.#look(), lookMs);
  }

  async #roomLeft(): Promise<Room | undefined> {
    const found = await statfs(this.#directories[0] ?? "/").catch(() => undefined);
    return found && { bytes: found.bavail * found.bsize, files: found.ffree };
  }

  async #exceeded(): Promise<"bytes" | "files" | undefined> {
    let { maxBytes, maxEntries } = this.#limits;
    for (const directory of this.#directories) {
      const { bytes, entries } = await treeSize(directory, { maxBytes, maxEntries });
      maxBytes -= bytes;
      maxEntries -= entries;
      if (maxBytes < 0) return "bytes";
      if (maxEntries < 0) return "files";
    }
    return undefined;
  }
}
