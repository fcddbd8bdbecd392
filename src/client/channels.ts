import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { TokenBucket } from "../base/tokenBucket.ts";
import type { ChannelKind } from "../protocol/actions.ts";
import type { Snapshot } from "../protocol/methods.ts";
import type { ChannelStates, Reduce } from "../protocol/reduce.ts";
import { parseChatUri, parseFleetSessionUri, parseSessionUri, parseTerminalUri } from "../protocol/uris.ts";
import { type AnyChannel, Channel } from "./channel.ts";
import type { Delivery } from "./channelPorts.ts";
import type { ChannelHandle, SubscribeOptions } from "./client.ts";
import type { ClientLimits } from "./limits.ts";
import { Budget } from "./weight.ts";

/** A view that is hidden and shown again within this time finds its channel still mirrored. */
const graceMs = 30_000;

export interface ChannelsPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ClientLimits;
  readonly hostName: string;
  /** Rejects with `AppError`. `undefined`: the channel has no state. */
  subscribe(uri: string, options: SubscribeOptions): Promise<Snapshot | undefined>;
  unsubscribe(uri: string): void;
  /** As the present connection folds. */
  reduce(): Reduce;
  lastHeardAt(): number | undefined;
  /** The host has taken this dispatch although it has not echoed it. */
  taken(uri: string, clientSeq: number): void;
  /** Nobody will hear what becomes of this client's unanswered actions on the channel. */
  gone(uri: string): void;
}

interface Entry {
  readonly channel: AnyChannel;
  readonly reloads: TokenBucket;
}

/** The channels that this client follows, counted by the handles on them. */
export class Channels {
  readonly #ports: ChannelsPorts;
  readonly #budget: Budget;
  readonly #entries = new Map<string, Entry>();
  /** Given up while there was no connection to say so, perhaps after the handshake had asked for them. */
  readonly #dropped = new Set<string>();
  #isLive = false;
  /** Counts the loads of a channel: only the answer to the latest is taken. */
  readonly #loads = new WeakMap<AnyChannel, number>();

  constructor(ports: ChannelsPorts) {
    this.#ports = ports;
    this.#budget = new Budget(ports.limits.maxMirroredWeight);
  }

  subscribe<K extends ChannelKind>(
    kind: K,
    uri: string,
    options: SubscribeOptions = {},
  ): ChannelHandle<ChannelStates[K]> {
    const existing = this.get(uri);
    if (existing !== undefined) {
      if (existing.kind !== kind) throw new AppError("internal", `${uri} is followed as ${existing.kind} already.`);
      existing.release?.dispose();
      existing.release = undefined;
      if (existing.status === "failed" && this.#isLive) void this.#load(existing);
      // Its kind is K by the check above.
      return existing.handle() as ChannelHandle<ChannelStates[K]>;
    }
    const channel = this.#newChannel(kind, uri, options);
    const handle = channel.handle();
    if (this.#entries.size >= this.#ports.limits.maxChannels) {
      channel.fail(this.#tooMany());
      return handle;
    }
    const { clock, limits } = this.#ports;
    const reloads = new TokenBucket(clock, limits.reloadsPerMinute / 60, limits.reloadsPerMinute);
    this.#entries.set(uri, { channel, reloads });
    if (this.#isLive) void this.#load(channel);
    return handle;
  }

  get(uri: string): AnyChannel | undefined {
    return this.#entries.get(uri)?.channel;
  }

  /** Those that a greeting may bring as they are; a window of a chat has to be asked for by itself. */
  get initial(): readonly string[] {
    return this.#where(({ options }) => options.turns === undefined);
  }

  /** Those of which a replay tells all that was missed. */
  get resumable(): readonly string[] {
    return this.#where(({ sync }) => sync === "suspended");
  }

  /** Of the chats that are followed in part: how many turns are enough. */
  get windows(): { channel: string; turns: number }[] {
    const channels = Array.from(this.#entries.values(), ({ channel }) => channel);
    return channels.flatMap(({ uri, options: { turns } }) => (turns === undefined ? [] : [{ channel: uri, turns }]));
  }

  receive(delivery: Delivery): void {
    this.get(delivery.envelope.channel)?.receive(delivery);
  }

  replay(delivery: Delivery): void {
    this.get(delivery.envelope.channel)?.replay(delivery);
  }

  /** An envelope of this channel cannot be read. */
  unreadable(uri: string): void {
    const channel = this.get(uri);
    if (channel?.sync === "inStep" || channel?.sync === "loading") this.#doubt(channel);
    else channel?.outdated();
  }

  /** The snapshots of a handshake. Channels that are not among them are asked for by `established`. */
  snapshots(snapshots: readonly Snapshot[]): void {
    for (const { channel } of this.#entries.values()) channel.outdated();
    for (const { resource, state, fromSeq } of snapshots) this.get(resource)?.accept(state, fromSeq);
  }

  /** A replay covered `asked` except for `missing`, which the host no longer has. */
  resumed(asked: readonly string[], missing: readonly string[]): void {
    const gone = new Set(missing);
    for (const uri of asked) {
      if (gone.has(uri)) this.get(uri)?.fail(this.#gone(uri));
      else this.get(uri)?.resumed();
    }
  }

  /** The connection is up: whatever the handshake did not bring is asked for one by one. */
  established(): void {
    this.#isLive = true;
    for (const uri of this.#dropped) if (!this.#entries.has(uri)) this.#ports.unsubscribe(uri);
    this.#dropped.clear();
    for (const { channel } of this.#entries.values()) if (channel.sync === "none") void this.#load(channel);
  }

  interrupted(): void {
    this.#isLive = false;
    for (const { channel } of this.#entries.values()) channel.interrupted();
  }

  /** Asks what is left of the session. A later one under the same URI is another, and no envelope leads there. */
  sessionRemoved(session: string): void {
    for (const [uri, { channel }] of this.#entries) {
      if (channel.status !== "failed" && isOf(uri, session)) this.#doubt(channel);
    }
  }

  /** What could not be followed because the session was not there may be there. */
  sessionAdded(session: string): void {
    if (!this.#isLive) return;
    for (const [uri, { channel }] of this.#entries) {
      if (AppError.is(channel.error, "notFound") && isOf(uri, session)) void this.#load(channel);
    }
  }

  dispose(): void {
    const entries = Array.from(this.#entries.values());
    this.#entries.clear();
    for (const { channel } of entries) channel.dispose();
  }

  #where(fits: (channel: AnyChannel) => boolean): readonly string[] {
    return Array.from(this.#entries.values(), ({ channel }) => channel)
      .filter(fits)
      .map(({ uri }) => uri);
  }

  #newChannel<K extends ChannelKind>(kind: K, uri: string, options: SubscribeOptions): Channel<K> {
    const { logger, limits, hostName } = this.#ports;
    const channel: Channel<K> = new Channel(kind, uri, options, {
      logger,
      limits,
      hostName,
      budget: this.#budget,
      reduce: () => this.#ports.reduce(),
      lastHeardAt: () => this.#ports.lastHeardAt(),
      unused: () => this.#releaseLater(channel),
      doubt: () => this.#doubt(channel),
      taken: (clientSeq) => this.#ports.taken(uri, clientSeq),
      dropped: () => this.#drop(uri),
    });
    return channel;
  }

  async #load(channel: AnyChannel): Promise<void> {
    const load = (this.#loads.get(channel) ?? 0) + 1;
    this.#loads.set(channel, load);
    const isLate = () =>
      this.#loads.get(channel) !== load || channel.sync !== "loading" || this.get(channel.uri) !== channel;
    channel.loading();
    try {
      const snapshot = await this.#ports.subscribe(channel.uri, channel.options);
      if (isLate()) return;
      if (snapshot === undefined) this.#fail(channel, this.#gone(channel.uri));
      else channel.accept(snapshot.state, snapshot.fromSeq);
    } catch (thrown) {
      // The next connection asks again.
      if (!isLate()) this.#fail(channel, AppError.from(thrown, "Following a channel failed"));
    }
  }

  /** Takes a fresh snapshot, unless the host keeps sending what cannot be read. */
  #doubt(channel: AnyChannel): void {
    if (!this.#isLive) return channel.outdated();
    if (this.#entries.get(channel.uri)?.reloads.take() === true) return void this.#load(channel);
    const values = [this.#ports.hostName];
    const sentence = "{0} keeps sending what cannot be read here. Open it again to retry.";
    this.#fail(channel, new AppError("host.incompatible", sentence, { details: { uri: channel.uri }, values }));
    this.#drop(channel.uri);
  }

  #fail(channel: AnyChannel, error: AppError): void {
    channel.fail(error);
    this.#ports.gone(channel.uri);
  }

  #drop(uri: string): void {
    this.#ports.gone(uri);
    if (this.#isLive) this.#ports.unsubscribe(uri);
    else this.#dropped.add(uri);
  }

  #releaseLater(channel: AnyChannel): void {
    if (this.get(channel.uri) !== channel) return;
    channel.release?.dispose();
    channel.release = this.#ports.clock.setTimeout(() => {
      this.#entries.delete(channel.uri);
      channel.dispose();
      this.#drop(channel.uri);
    }, graceMs);
  }

  #gone(uri: string): AppError {
    return new AppError("notFound", "{0} has no such session any more. Refresh the list.", {
      details: { uri },
      values: [this.#ports.hostName],
    });
  }

  #tooMany(): AppError {
    return new AppError(
      "limit.exceeded",
      "Too much of {0} is open at once. Close some agents and open this one again.",
      { values: [this.#ports.hostName] },
    );
  }
}

/** Is the channel one of the session, or the session's own? URIs of other hosts tell as far as they look like ours. */
function isOf(uri: string, session: string): boolean {
  if (uri === session || uri.startsWith(`${session}/`) || parseChatUri(uri)?.session === session) return true;
  const id = parseSessionUri(session);
  return id !== undefined && (parseFleetSessionUri(uri) === id || parseTerminalUri(uri)?.sessionId === id);
}
