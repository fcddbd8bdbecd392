import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { ChannelKind } from "../../protocol/actions.ts";
import type { Channels } from "./channels.ts";

const shortestLookMs = 250;
const longestLookMs = 60_000;

export interface RestOptions {
  readonly channels: Pick<Channels, "rest">;
  readonly clock: Clock;
  /** How long nobody must have used a channel. */
  readonly idleMs: number;
  /** False for what somebody watches or works on. */
  readonly mayRest: (uri: string, kind: ChannelKind) => boolean;
}

/** Takes channels that nobody uses out of memory, now and then. They are on disk and come back when they are asked for. */
export class RestingChannels implements Disposable {
  readonly #options: RestOptions;
  #timer: Disposable | undefined;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lookIn(Math.min(longestLookMs, Math.max(shortestLookMs, this.#options.idleMs / 2)));
  }

  #lookIn(ms: number): void {
    const { clock, idleMs, channels, mayRest } = this.#options;
    this.#timer = clock.setTimeout(() => {
      if (channels.rest(idleMs, mayRest)) this.#lookIn(shortestLookMs);
      else this.start();
    }, ms);
  }

  dispose(): void {
    this.#timer?.dispose();
  }
}
