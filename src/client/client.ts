import type { AppError } from "../base/appError.ts";
import type { Disposable } from "../base/disposables.ts";
import type { Event } from "../base/emitter.ts";
import type { ChannelKind, StateAction } from "../protocol/actions.ts";
import type { FleetAdvertisement } from "../protocol/fleet.ts";
import type { MethodName, ParamsOf, ResultOf, SessionSummary } from "../protocol/methods.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import type { RootState } from "../protocol/root.ts";
import type { ConnectionState } from "./connectionState.ts";

/**
 * What the rest of the product may know of one host: the port that `AhpClient` implements. Every method rejects with an
 * `AppError`; a request that the host refuses carries the host's own code where it names one.
 */
export interface Client extends Disposable {
  /** Names this window to the host. Stable for the life of the client, so that a dropped connection can be resumed. */
  readonly clientId: string;

  readonly state: ConnectionState;
  readonly onDidChangeState: Event<ConnectionState>;
  /** When the last frame of any kind arrived, in ms since the epoch: the age of everything that is shown. */
  readonly lastHeardAt: number | undefined;
  /** What the host said of itself in the latest handshake; survives a drop. */
  readonly hostInfo: HostInfo | undefined;

  /** Starts connecting, or retries at once when waiting or refused. Does nothing on a connection that is up or coming up. */
  connect(): void;
  /** Ends the connection and stops retrying. What was mirrored stays readable. */
  disconnect(): void;

  /** Always mirrored: agents, models, the host's configuration. */
  readonly root: ChannelHandle<RootState>;
  /** The host's catalogue of sessions, listed anew after every reconnect. */
  readonly sessions: Sessions;
  /** The host wants (new) credentials for a protected resource. */
  readonly onDidRequireAuth: Event<AuthRequired>;

  /**
   * Mirrors a channel. Handles on the same URI share one subscription; it is released some time after the last handle
   * was disposed. The kind is said by the caller because URIs of foreign hosts do not tell it.
   */
  subscribe<K extends ChannelKind>(kind: K, uri: string, options?: SubscribeOptions): ChannelHandle<ChannelStates[K]>;

  /**
   * Sends an action. On a mirrored channel it shows at once in the handle's state and is taken back if the host refuses.
   * Resolves when the host has echoed it. Rejects with `request.rejected` (the message is the host's reason), or with
   * `host.disconnected` when there is no connection, or when it was lost before anybody could tell what became of it.
   * @param seenSeq how far the person who acts had been shown what the action answers (`ChannelHandle.seq`): a host of
   * ours refuses a yes to what was changed after that.
   */
  dispatch(uri: string, action: StateAction, seenSeq?: number): Promise<void>;

  /**
   * Asks the host. Rejects with its refusal (`notFound`, `permission.denied`, `auth.required`, ... or the host's own
   * code), `host.disconnected` without a connection, `timeout`, or `host.incompatible` for an answer of a wrong shape.
   * The methods that the client itself speaks (`initialize`, `reconnect`, `subscribe`, `listSessions`) are its own.
   */
  request<M extends OpenMethod>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
}

export type OpenMethod = Exclude<MethodName, "initialize" | "reconnect" | "subscribe" | "listSessions">;

export interface SubscribeOptions {
  /**
   * For chats: how many of the latest turns are enough. Older ones are asked for by `fetchTurns` as long as the state
   * has a `turnsNextCursor`. A host may send all of them. The first handle on a URI decides.
   */
  readonly turns?: number;
}

/**
 * - `loading`: the first snapshot has not come yet.
 * - `live`: follows the host.
 * - `stale`: the connection is down; `state` is what was last known.
 * - `failed`: the host refused the channel, it is gone, or what the host sends of it cannot be read or held; `error` says
 *   why. A later reconnect tries again, and so does a fresh handle.
 */
export type ChannelStatus = "loading" | "live" | "stale" | "failed";

export interface ChannelHandle<S> extends Disposable {
  readonly uri: string;
  readonly status: ChannelStatus;
  readonly error: AppError | undefined;
  /** The confirmed state with this client's unconfirmed actions on top; `undefined` until the first snapshot. */
  readonly state: S | undefined;
  /**
   * Our sight of it: when `state` was known to be what the host has, in ms since the epoch. The time of the last frame
   * while `live`, and of the last before the connection went otherwise; `undefined` if there never was a state.
   */
  readonly asOf: number | undefined;
  /** The `serverSeq` of the last action that is in `state`, of the snapshot if none has come since; `undefined` without a state. */
  readonly seq: number | undefined;
  /** Also fires when only `status` changes: then `applied` is an empty list. */
  readonly onDidChange: Event<ChannelChange<S>>;
  /** Resolves with the first state, at once when there is one. Rejects when the host refuses, or the handle is disposed first. */
  readonly ready: Promise<S>;
}

export interface ChannelChange<S> {
  readonly state: S | undefined;
  readonly status: ChannelStatus;
  /**
   * Present when folding these actions over the state before gives `state`, so that a view may forward them. Absent when
   * the whole state has to be taken: a snapshot, a refusal, a reordering.
   */
  readonly applied?: readonly StateAction[];
}

/** The table of one host's sessions. */
export interface Sessions {
  readonly all: ReadonlyMap<string, SessionSummary>;
  /** False until the first complete listing: an empty table then means nothing. */
  readonly isListed: boolean;
  /** What the table has was listed over the present connection: it says what is, not what was. */
  readonly isLive: boolean;
  /** Listed and live. While a host is listed for the first time, the table grows page by page and is live before that. */
  readonly isCurrent: boolean;
  /** When the table was known to be what the host has, in ms since the epoch; `undefined` if it never was. */
  readonly asOf: number | undefined;
  /** The host has more sessions than this client holds; the table has the first that it listed. */
  readonly isCut: boolean;
  /** One event an update, with the ids it touched and nothing else; none when only `isListed` or `isLive` changes. */
  readonly onDidChange: Event<SessionsChange>;
  /** Lists again; only differences are announced. */
  refresh(): Promise<void>;
}

/** Session URIs. */
export interface SessionsChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface HostInfo {
  readonly protocolVersion: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly defaultDirectory: string | undefined;
  /** Present when the host speaks the fleet plane: without it nothing of `x-fleet` may be offered. */
  readonly fleet: FleetAdvertisement | undefined;
}

export interface AuthRequired {
  /** Identifier of the protected resource, for example `https://github.com`. */
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly reason: string | undefined;
}
