import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { ClockWatch } from "../clockWatch.ts";
import type { EventLog } from "../log/log.ts";
import type { Channels } from "./channels.ts";
import { parseStoredRecord } from "./storedRecord.ts";

export interface RetentionOptions {
  readonly log: EventLog;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long what was disposed of stays in the log, in milliseconds. */
  readonly disposedMs: number;
}

/** After a start its clients come back first. */
const firstSweepMs = 60 * 1_000;
const sweepMs = 60 * 60 * 1_000;

/** Deletes for good what was disposed of long enough ago: records, snapshots and blobs, down to the bytes on the disk. */
export class Retention implements Disposable {
  readonly #options: RetentionOptions;
  #timer: Disposable | undefined;
  #isDisposed = false;
  readonly #clockWatch: ClockWatch;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#clockWatch = new ClockWatch(options.clock);
  }

  /** A minute after the start, then every hour. A sweep that fails is told to the log and tried again at its time. */
  start(): void {
    this.#sweepIn(firstSweepMs);
  }

  #sweepIn(ms: number): void {
    const { clock, logger } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.sweep().catch((error: unknown) => logger.error("retention failed", { error: String(error) }));
      this.#sweepIn(sweepMs);
    }, ms);
  }

  /** Answers with the number of channels that are gone. */
  async sweep(): Promise<number> {
    const { log, channels, clock, logger, disposedMs } = this.#options;
    if (this.#clockWatch.wasSet()) {
      logger.warn("the clock was set: nothing is deleted before the next sweep");
      return 0;
    }
    let forgotten = 0;
    for await (const record of log.lastBefore(clock.now() - disposedMs)) {
      if (this.#isDisposed) return forgotten;
      // It may have been made again since.
      if (!isEnd(record) || channels.isLoaded(record.channel)) continue;
      log.forget(record.channel);
      forgotten += 1;
    }
    if (forgotten === 0) return 0;
    await log.scrub();
    logger.info("retention", { channels: forgotten });
    return forgotten;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
  }
}

function isEnd({ seq, body }: { readonly seq: number; readonly body: string }): boolean {
  try {
    return parseStoredRecord(seq, body).type === "removed";
  } catch {
    // Damaged: kept for whoever looks into it.
    return false;
  }
}
