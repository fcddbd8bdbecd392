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
