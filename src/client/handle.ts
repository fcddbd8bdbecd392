import type { AppError } from "../base/appError.ts";
import { Disposables } from "../base/disposables.ts";
import type { Event } from "../base/emitter.ts";
import type { ChannelChange, ChannelHandle, ChannelStatus } from "./client.ts";

/** What a handle shows of its channel. */
export interface Shown<S> {
  readonly uri: string;
  readonly status: ChannelStatus;
  readonly error: AppError | undefined;
  readonly asOf: number | undefined;
  readonly seq: number | undefined;
  readonly state: S | undefined;
  readonly onDidChange: Event<ChannelChange<S>>;
  /** Rejects when `owned` ends first. */
  ready(owned: Disposables): Promise<S>;
}

/** One look at a channel; ends its own listeners. */
export class Handle<S> implements ChannelHandle<S> {
  readonly uri: string;
  readonly ready: Promise<S>;
  readonly #channel: Shown<S>;
  readonly #owned = new Disposables();
  readonly #closed: () => void;

  constructor(channel: Shown<S>, closed: () => void) {
    this.uri = channel.uri;
    this.#channel = channel;
    this.#closed = closed;
    this.ready = channel.ready(this.#owned);
  }

  get state(): S | undefined {
    return this.#channel.state;
  }

  get status(): ChannelStatus {
    return this.#channel.status;
  }

  get error(): AppError | undefined {
    return this.#channel.error;
  }

  get asOf(): number | undefined {
    return this.#channel.asOf;
  }

  get seq(): number | undefined {
    return this.#channel.seq;
  }

  readonly onDidChange: Event<ChannelChange<S>> = (listener) => this.#owned.add(this.#channel.onDidChange(listener));

  dispose(): void {
    this.#owned.dispose();
    this.#closed();
  }
}
