import { AppError } from "../../base/appError.ts";
import type { ChatAction } from "../../protocol/chatActions.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { Snapshot } from "../../protocol/methods.ts";
import type { Channels } from "../channels/channels.ts";
import type { FanOut, Reader } from "./fanOut.ts";
import { newestTurns, turnsBefore } from "./turnWindow.ts";

const maxSubscriptions = 2_000;
/** Turns that `fetchTurns` brings at a time. */
const turnsAPage = 20;

/** The channels that one connection follows. */
export class Subscriptions {
  readonly #reader: Reader;
  readonly #channels: Channels;
  readonly #fanOut: FanOut;
  readonly #uris = new Set<string>();

  constructor(reader: Reader, channels: Channels, fanOut: FanOut) {
    this.#reader = reader;
    this.#channels = channels;
    this.#fanOut = fanOut;
  }

  /** Those of the channels that exist; they are in memory then. */
  async existing(uris: readonly string[]): Promise<string[]> {
    const unique = Array.from(new Set(uris)).slice(0, maxSubscriptions);
    const found = await Promise.all(unique.map((uri) => this.#channels.load(uri)));
    return unique.filter((_, index) => found[index]);
  }

  /** Throws AppError `limit.exceeded`, `RpcError` when there is no such channel. */
  async open(uri: string, turns?: number): Promise<Snapshot> {
    if (!this.#uris.has(uri) && this.#uris.size >= maxSubscriptions) {
      throw new AppError("limit.exceeded", `A connection can watch at most ${maxSubscriptions} channels.`);
    }
    if (!(await this.#channels.load(uri))) throw noSuchChannel();
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
    const state = chat && turns !== undefined ? newestTurns(chat, turns) : snapshot.state;
    return { resource: uri, state, fromSeq: snapshot.seq };
  }

  /** From the actions after `after` on, without a snapshot. */
  follow(uri: string, after: number): void {
    this.#uris.add(uri);
    this.#fanOut.subscribe(this.#reader, uri, after);
  }

  end(uri: string): void {
    this.#uris.delete(uri);
    this.#fanOut.unsubscribe(this.#reader, uri);
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
