import { setImmediate as nextTick } from "node:timers/promises";

/** The longest stretch, in ms of CPU, for which this work keeps this thread from coming round to anything else. */
export async function longestStallMs(work: () => Promise<unknown>): Promise<number> {
  let longestUs = 0;
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      const before = process.threadCpuUsage();
      await nextTick();
      const { user, system } = process.threadCpuUsage(before);
      longestUs = Math.max(longestUs, user + system);
    }
  };
  const watching = watch();
  await work();
  await nextTick();
  over.abort();
  await watching;
  return longestUs / 1000;
}

/**
 * Watches for how long messages keep this thread from coming round to anything else. In CPU time, so that a machine that
 * is busy with others does not count.
 */
export class StallWatch {
  #longestUs = 0;
  #isCounting = false;

  /** A message has come: what it starts lasts until the event loop comes round. */
  message(): void {
    if (this.#isCounting) return;
    this.#isCounting = true;
    const before = process.threadCpuUsage();
    setImmediate(() => {
      const { user, system } = process.threadCpuUsage(before);
      this.#longestUs = Math.max(this.#longestUs, user + system);
      this.#isCounting = false;
    });
  }

  get longestMs(): number {
    return this.#longestUs / 1000;
  }
}
