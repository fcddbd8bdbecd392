import { AppError } from "../../base/appError.ts";
import type { ChatAction } from "../../protocol/chatActions.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { ParamsOf, Snapshot } from "../../protocol/methods.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { Sight } from "../access/sight.ts";
import type { Channels } from "../channels/channels.ts";
import type { FanOut, Reader } from "./fanOut.ts";
import { newestTurns, turnsBefore } from "./turnWindow.ts";

const maxSubscriptions = 2_000;
/** Turns that `fetchTurns` brings at a time. */
const turnsAPage = 20;

/** The channels that one connection follows. */
export class Subscriptions {
  readonly #reader: Reader;
  readonly #sight: Sight;
  readonly #channels: Channels;
  readonly #fanOut: FanOut;
  readonly #uris = new Set<string>();

  constructor(reader: Reader, sight: Sight, channels: Channels, fanOut: FanOut) {
    this.#reader = reader;
    this.#sight = sight;
    this.#channels = channels;
    this.#fanOut = fanOut;
  }

  /** Those of the channels that exist; they are in memory then. */
  async existing(uris: readonly string[]): Promise<string[]> {
    const unique = Array.from(new Set(uris)).slice(0, maxSubscriptions);
    const found = await Promise.all(unique.map((uri) => this.#reaches(uri)));
    return unique.filter((_, index) => found[index]);
  }

  /** Throws AppError `limit.exceeded`, `RpcError` when there is no such channel. */
  async open(uri: string, turns?: number): Promise<Snapshot> {
    if (!this.#uris.has(uri) && this.#uris.size >= maxSubscriptions) {
      throw new AppError("limit.exceeded", `A connection can watch at most ${maxSubscriptions} channels.`);
    }
    if (!(await this.#reaches(uri))) throw noSuchChannel();
    return this.snapshot(uri, turns);
  }

  /**
   * State and subscription belong to the same instant, so nothing is lost or doubled between the two. The channel is in
   * memory. `turns`: so many of a chat are enough.
   */
  snapshot(uri: string, turns?: number): Snapshot {
    const snapshot = this.#channels.snapshot(uri);
    if (!snapshot) throw noSuchChannel();
    this.follow(uri, snapshot.seq);
    const chat = turns === undefined ? undefined : this.#channels.state("chat", uri);
    const root = this.#channels.state("root", uri);
    const whole = root ? this.#sight.narrowRoot(root) : snapshot.state;
    const state = chat && turns !== undefined ? newestTurns(chat, turns) : whole;
    return { resource: uri, state, fromSeq: snapshot.seq };
  }

  /** From the actions after `after` on, without a snapshot. */
  follow(uri: string, after: number): void {
    this.#uris.add(uri);
    this.#fanOut.subscribe(this.#reader, uri, after);
  }

  /**
   * What a client that comes back has missed, as the JSON text of its answer, and from here on it follows those channels
   * again. Undefined when that cannot be told: snapshots have to do. `present` are those of its channels that exist.
   */
  resume(params: ParamsOf<"reconnect">, present: readonly string[]): string | undefined {
    const { window, lastSeq, durableSeq } = this.#channels;
    const seen = params.lastSeenServerSeq;
    const isPlausible = Number.isInteger(seen) && seen >= 0 && seen <= lastSeq;
    const same = present.filter((uri) => !this.#channels.hasEndedSince(uri, seen));
    const missed = isPlausible ? window.since(seen, new Set(same)) : undefined;
    if (missed === undefined) return undefined;
    // The window holds what is durable. What is not yet will be delivered after the answer like anything later.
    for (const uri of same) this.follow(uri, durableSeq);
    const missing = params.subscriptions.filter((uri) => !same.includes(uri));
    const frames = missed.map(({ channel, frame }) => (channel === ROOT_URI ? this.#sight.narrow(frame) : frame));
    const actions = frames.map((frame) => frame.slice(frame.indexOf('"params":') + 9, -1));
    return `{"type":"replay","actions":[${actions.join(",")}],"missing":${JSON.stringify(missing)}}`;
  }

  end(uri: string): void {
    this.#uris.delete(uri);
    this.#fanOut.unsubscribe(this.#reader, uri);
  }

  /** The channel exists, for this connection, and is in memory. */
  async #reaches(uri: string): Promise<boolean> {
    return (await this.#sight.reaches(uri)) && (await this.#channels.load(uri));
  }

  /** The page of turns before `cursor`, for this reader only: everybody else has them, or does not want them. */
  olderTurns(uri: string, cursor: string): { readonly action: ChatAction; readonly serverSeq: number } {
    const chat = this.#uris.has(uri) ? this.#channels.state("chat", uri) : undefined;
    if (!chat) throw new RpcError(RPC.channelNotFound, "There is no such chat among the channels that you follow.");
    const page = turnsBefore(chat, cursor, turnsAPage);
    return { action: { type: "chat/turnsLoaded", ...page }, serverSeq: this.#channels.mark(uri) };
  }
}

function noSuchChannel(): RpcError {
  return new RpcError(RPC.channelNotFound, "There is no such channel.", { muster: { code: "notFound" } });
}
