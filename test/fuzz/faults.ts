/** What a fuzzer has seen go wrong, each sort once with a frame that shows it. */
export class Faults {
  readonly #seen = new Map<string, string>();
  #busyAt = process.cpuUsage();
  frames = 0;
  slowestMs = 0;

  add(sort: string, frame: string): void {
    if (!this.#seen.has(sort))
      this.#seen.set(sort, frame.length > 600 ? `${frame.slice(0, 600)}… (${frame.length})` : frame);
  }

  get list(): readonly string[] {
    return Array.from(this.#seen, ([sort, frame]) => `${sort}\n    ${frame}`);
  }

  /** Some frames follow. */
  begin(): void {
    this.#busyAt = process.cpuUsage();
  }

  /** Runs what one frame makes happen at once. No frame may throw, or keep everybody waiting. */
  take(frame: string, run: () => void): void {
    this.frames += 1;
    const startedAt = performance.now();
    try {
      run();
    } catch (thrown) {
      this.add(`a frame was thrown on: ${String(thrown)}`, frame);
    }
    if (Reflect.get({}, "polluted") !== undefined) this.add("a frame polluted Object.prototype", frame);
    const tookMs = performance.now() - startedAt;
    if (tookMs <= this.slowestMs) return;
    // The time of this process, not of the machine: somebody else may have had it.
    const { user, system } = process.cpuUsage(this.#busyAt);
    const busyMs = Math.min(tookMs, (user + system) / 1000);
    this.slowestMs = Math.max(this.slowestMs, busyMs);
    if (busyMs > 100) this.add("a frame took more than 100 ms", frame);
  }
}
