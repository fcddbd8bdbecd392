import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Channels } from "../channels/channels.ts";
import type { Operations } from "../gateway/httpRoutes.ts";
import type { DiskSpace } from "../log/diskSpace.ts";
import type { EventLog } from "../log/log.ts";
import { type HostGauges, HostMetrics } from "./hostMetrics.ts";

/** Who takes part in stopping. */
export interface DrainPorts {
  readonly gateway: { goAway(): void };
  readonly sessions: { drain(finishMs: number): Promise<void> };
}

/** What the host tells of itself while it runs, and how it comes to rest. */
export class HostOperations implements Disposable {
  readonly metrics: HostMetrics;
  readonly #disk: DiskSpace;
  #isDraining = false;
  #hasFailed = false;
  #log: EventLog | undefined;

  constructor(clock: Clock, disk: DiskSpace) {
    this.metrics = new HostMetrics(clock);
    this.#disk = disk;
  }

  /** Once there are channels and a log to look at. */
  follow(log: EventLog, channels: Channels): void {
    this.#log = log;
    log.onFailed(() => (this.#hasFailed = true));
    this.metrics.follow(log, channels);
  }

  /** Why no new work is taken, as a sentence for people; undefined when there is room for it. */
  refusal(): string | undefined {
    if (this.#isDraining)
      return "The host is stopping and takes no new work. What is there is kept; try again when it is back.";
    return this.#disk.refusal();
  }

  /** For the gateway. */
  get operations(): Operations {
    return {
      unready: () => this.#unready(),
      metrics: () => this.metrics.text(),
      isDraining: () => this.#isDraining,
      ...this.metrics.gateway,
    };
  }

  watch(gauges: Omit<HostGauges, "freeDiskBytes">): void {
    this.metrics.watch({ ...gauges, freeDiskBytes: () => this.#disk.freeBytes });
  }

  /** Takes nothing new, tells everybody, and lets running turns end for so long; then they are interrupted, to be resumed. */
  async drain({ gateway, sessions }: DrainPorts, finishMs: number): Promise<void> {
    this.#isDraining = true;
    gateway.goAway();
    await sessions.drain(finishMs);
  }

  dispose(): void {
    this.metrics.dispose();
  }

  #unready(): readonly string[] {
    const isFull = this.#log?.isFull === true;
    const reasons = [
      this.#hasFailed ? "The log could not be written: the host stops." : undefined,
      isFull ? "The host's disk is full: nothing is stored until there is room." : undefined,
      this.refusal(),
    ];
    return reasons.filter((reason) => reason !== undefined);
  }
}
