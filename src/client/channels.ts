import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { ActionEnvelope, ChannelKind } from "../protocol/actions.ts";
import type { Snapshot } from "../protocol/methods.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import { type AnyChannel, Channel } from "./channel.ts";
import type { ChannelHandle } from "./client.ts";

/** A view that is hidden and shown again within this time finds its channel still mirrored. */
const graceMs = 30_000;

export interface ChannelsPort {
  /** Rejects with `AppError`. `undefined`: the channel has no state. */
  subscribe(uri: string): Promise<Snapshot | undefined>;
  unsubscribe(uri: string): void;
}

/** The channels that this client follows, counted by the handles on them. */
export class Channels {
  readonly #channels = new Map<string, AnyChannel>();
  readonly #port: ChannelsPort;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #isLive = false;
  /** Counts connections: an answer that belongs to another one is not taken. */
  #era = 0;

  constructor(port: ChannelsPort, clock: Clock, logger: Logger) {
    this.#port = port;
    this.#clock = clock;
    this.#logger = logger;
  }

  subscribe<K extends ChannelKind>(kind: K, uri: string): ChannelHandle<ChannelStates[K]> {
    const existing = this.#channels.get(uri);
    if (existing !== undefined) {
      if (existing.kind !== kind) throw new AppError("internal", `${uri} is followed as ${existing.kind} already.`);
      existing.release?.dispose();
      existing.release = undefined;
      if (existing.status === "failed" && this.#isLive) void this.#load(existing);
      // Its kind is K by the check above.
      return existing.handle() as ChannelHandle<ChannelStates[K]>;
    }
    const channel: Channel<K> = new Channel(kind, uri, this.#logger, () => this.#releaseLater(channel));
    this.#channels.set(uri, channel);
    const handle = channel.handle();
    if (this.#isLive) void this.#load(channel);
    return handle;
  }

  get(uri: string): AnyChannel | undefined {
    return this.#channels.get(uri);
  }

  get uris(): readonly string[] {
    return Array.from(this.#channels.keys());
  }

  /** Those of which a replay tells all that was missed. */
  get resumable(): readonly string[] {
    return this.uris.filter((uri) => this.#channels.get(uri)?.hasState);
  }

  receive(envelope: ActionEnvelope, ownClientSeq: number | undefined): void {
    this.#channels.get(envelope.channel)?.receive(envelope, ownClientSeq);
  }

  snapshots(snapshots: readonly Snapshot[]): void {
    for (const { resource, state, fromSeq } of snapshots) this.#channels.get(resource)?.accept(state, fromSeq);
  }

  /** A replay covered `asked` except for `missing`, which the host no longer has. */
  resumed(asked: readonly string[], missing: readonly string[]): void {
    for (const uri of asked) {
      const channel = this.#channels.get(uri);
      if (missing.includes(uri)) channel?.fail(gone(uri));
      else channel?.resumed();
    }
  }

  /** The connection is up: whatever the handshake did not bring is asked for one by one. */
  established(): void {
    this.#isLive = true;
    this.#era++;
    for (const channel of this.#channels.values()) if (!channel.inStep) void this.#load(channel);
  }

  interrupted(): void {
    this.#isLive = false;
    this.#era++;
    for (const channel of this.#channels.values()) channel.interrupted();
  }

  dispose(): void {
    const channels = Array.from(this.#channels.values());
    this.#channels.clear();
    for (const channel of channels) channel.dispose();
  }

  async #load(channel: AnyChannel): Promise<void> {
    const era = this.#era;
    const isLate = () => era !== this.#era || this.#channels.get(channel.uri) !== channel;
    channel.loading();
    try {
      const snapshot = await this.#port.subscribe(channel.uri);
      if (isLate()) return;
      if (snapshot === undefined) channel.fail(gone(channel.uri));
      else channel.accept(snapshot.state, snapshot.fromSeq);
    } catch (thrown) {
      // The next connection asks again.
      if (!isLate()) channel.fail(AppError.from(thrown, "Following a channel failed"));
    }
  }

  #releaseLater(channel: AnyChannel): void {
    if (this.#channels.get(channel.uri) !== channel) return;
    channel.release?.dispose();
    channel.release = this.#clock.setTimeout(() => {
      this.#channels.delete(channel.uri);
      channel.dispose();
      if (this.#isLive) this.#port.unsubscribe(channel.uri);
    }, graceMs);
  }
}

function gone(uri: string): AppError {
  return new AppError("notFound", "The host has no such session any more. Refresh the list.", { details: { uri } });
}
