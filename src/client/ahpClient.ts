import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import type { ActionEnvelope, ChannelKind, StateAction } from "../protocol/actions.ts";
import { META_NS } from "../protocol/fleet.ts";
import { HostNotifications, type Implementation, type ParamsOf, type ResultOf } from "../protocol/methods.ts";
import { upgradeNotification } from "../protocol/olderShapes.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import type { RootState } from "../protocol/root.ts";
import { ROOT_URI } from "../protocol/uris.ts";
import { Channels } from "./channels.ts";
import type { AuthRequired, ChannelHandle, Client, HostInfo, OpenMethod, SubscribeOptions } from "./client.ts";
import { type Call, Connection, type Dial } from "./connection.ts";
import type { ConnectionState } from "./connectionState.ts";
import { Dispatcher } from "./dispatcher.ts";
import { AhpHandshake } from "./handshake.ts";
import { type ClientLimits, defaultLimits } from "./limits.ts";
import { notConnected } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { type Place, readEnvelope } from "./replay.ts";
import { request } from "./requests.ts";
import { SessionList } from "./sessionList.ts";
import { weightOf } from "./weight.ts";

export interface AhpClientOptions {
  readonly dial: Dial;
  /** Names this window to the host; another one for each window and each host. */
  readonly clientId: string;
  readonly clientInfo: Implementation;
  /** Starts the sentences about what the host does: its address, or what people call it. */
  readonly hostName?: string;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Those that are to differ from `defaultLimits`. */
  readonly limits?: Partial<ClientLimits>;
}

/** One host, seen over one connection at a time. Ties the parts together and decides nothing. */
export class AhpClient implements Client {
  readonly clientId: string;
  readonly root: ChannelHandle<RootState>;
  readonly sessions: SessionList;
  readonly #logger: Logger;
  readonly #limits: ClientLimits;
  readonly #hostName: string;
  readonly #connection: Connection;
  readonly #handshake: AhpHandshake;
  readonly #channels: Channels;
  readonly #outbox: Outbox;
  readonly #dispatcher: Dispatcher;
  readonly #authRequired: Emitter<AuthRequired>;
  #ignored = 0;

  constructor(options: AhpClientOptions) {
    const { clock, logger, hostName = "The host", clientId, clientInfo } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const lastHeardAt = () => this.#connection.lastHeardAt;
    this.#logger = logger;
    this.#limits = limits;
    this.#hostName = hostName;
    this.clientId = clientId;
    this.#authRequired = new Emitter((error) => logger.error("auth listener failed", { error: String(error) }));
    this.#outbox = new Outbox(clock);
    this.#channels = new Channels({
      clock,
      logger,
      limits,
      hostName,
      lastHeardAt,
      reduce: () => this.#handshake.reduce,
      subscribe: async (uri, { turns }) =>
        (await request(this.#call, "subscribe", { channel: uri, ...(turns && { view: { turns } }) })).snapshot,
      unsubscribe: (uri) => this.#connection.notify("unsubscribe", { channel: uri }),
      taken: (uri, clientSeq) => this.#outbox.answer(clientSeq, uri, undefined),
      gone: (uri) => this.#dispatcher.abandon((entry) => entry.uri === uri && entry.isMirrored),
    });
    this.#dispatcher = new Dispatcher({
      outbox: this.#outbox,
      channels: this.#channels,
      hostName,
      maxUnanswered: limits.maxUnanswered,
      send: ({ uri, clientSeq, action, seenSeq }) =>
        this.#connection.notify("dispatchAction", { channel: uri, clientSeq, action, ...this.#seen(seenSeq) }),
      readOn: () => this.request("ping", { channel: ROOT_URI }),
      hostInfo: () => this.hostInfo,
    });
    this.#handshake = new AhpHandshake({
      clientId,
      clientInfo,
      hostName,
      channels: this.#channels,
      replay: (envelope) => this.#deliver(envelope, true),
      abandonAll: () => this.#dispatcher.abandon(() => true),
    });
    this.#connection = new Connection({
      ...options,
      limits,
      hostName,
      handshake: {
        canResume: () => this.#handshake.canResume(),
        initialize: (call) => this.#handshake.initialize(call),
        resume: (call) => this.#handshake.resume(call),
        established: () => {
          this.#channels.established();
          this.sessions.established();
        },
        notification: (method, params, size) => this.#hear(method, params, size),
      },
    });
    this.sessions = new SessionList({
      clock,
      logger,
      limits,
      hostName,
      lastHeardAt,
      announced: (uri, what) =>
        what === "added" ? this.#channels.sessionAdded(uri) : this.#channels.sessionRemoved(uri),
      // Somebody may be waiting for the first page.
      list: (cursor) =>
        this.#call("listSessions", { channel: ROOT_URI, ...(cursor ? { limit: 500, cursor } : { limit: 50 }) }),
    });
    this.root = this.#channels.subscribe("root", ROOT_URI);
    this.#connection.onDidChangeState((state) => this.#stateChanged(state));
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get onDidChangeState() {
    return this.#connection.onDidChangeState;
  }

  get lastHeardAt(): number | undefined {
    return this.#connection.lastHeardAt;
  }

  get hostInfo(): HostInfo | undefined {
    return this.#handshake.hostInfo;
  }

  get onDidRequireAuth() {
    return this.#authRequired.event;
  }

  connect(): void {
    this.#connection.connect();
  }

  disconnect(): void {
    this.#connection.disconnect();
  }

  dispose(): void {
    this.#connection.dispose();
    this.#dispatcher.abandon(() => true);
    this.#channels.dispose();
    this.sessions.dispose();
    this.#authRequired.dispose();
  }

  subscribe<K extends ChannelKind>(kind: K, uri: string, options?: SubscribeOptions): ChannelHandle<ChannelStates[K]> {
    return this.#channels.subscribe(kind, uri, options);
  }

  async dispatch(uri: string, action: StateAction, seenSeq?: number): Promise<void> {
    if (this.state.kind !== "live") throw notConnected();
    return this.#dispatcher.dispatch(uri, action, seenSeq);
  }

  request<M extends OpenMethod>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    return request(this.#call, method, params);
  }

  /** Only hosts of ours know it. */
  #seen(seenSeq: number | undefined): object {
    return seenSeq === undefined || this.hostInfo?.fleet === undefined ? {} : { _meta: { [META_NS]: { seenSeq } } };
  }

  readonly #call: Call = (method, params) => this.#connection.request(method, params);

  #stateChanged(state: ConnectionState): void {
    if (state.kind === "live") {
      this.#dispatcher.resend();
      return;
    }
    if (state.kind === "handshaking" || state.kind === "resuming") return;
    this.#channels.interrupted();
    this.sessions.interrupted();
    const willResume = state.kind === "opening" || state.kind === "waiting";
    this.#dispatcher.abandon(willResume ? (entry) => !entry.isMirrored : () => true);
  }

  #hear(method: string, params: unknown, size: number): void {
    if (method === "action") {
      const read = readEnvelope(params);
      if (read === undefined) this.#ignore();
      else if ("envelope" in read) this.#receive(read.envelope, size);
      else this.#receiveUnreadable(read.place);
    } else if (method === "auth/required") {
      const parsed = HostNotifications[method].safeParse(upgradeNotification(method, params));
      if (!parsed.success || typeof parsed.data.resource === "string") return this.#ignore();
      const { resource, reason } = parsed.data;
      this.#authRequired.fire({ resource: resource.resource, scopes: resource.scopes_supported ?? [], reason });
    } else if (method.startsWith("root/session")) this.sessions.notification(method, params);
  }

  #receive(envelope: ActionEnvelope, size: number): void {
    const { channel, serverSeq, rejectionReason } = envelope;
    const ownClientSeq = this.#ownClientSeq(envelope);
    if (this.#handshake.advance(serverSeq)) return this.#deliver(envelope, false, size);
    // A host that is asked again what became of an action may say it under the number of the first time.
    const isAwaited = ownClientSeq !== undefined && this.#outbox.isAwaited(ownClientSeq, channel);
    if (ownClientSeq === undefined || (isAwaited && rejectionReason === undefined)) return this.#startOver();
    if (!isAwaited) return;
    this.#channels.get(channel)?.withdraw(ownClientSeq);
    this.#outbox.answer(ownClientSeq, channel, rejectionReason);
  }

  /** Numbers that go back are those of another log, or of no log: what they mean for the state cannot be known. */
  #startOver(): void {
    this.#handshake.startOver();
    this.#connection.fail(
      new AppError("host.disconnected", "{0} sent its events out of order. Connecting afresh.", {
        values: [this.#hostName],
      }),
    );
  }

  #receiveUnreadable({ channel, origin, rejectionReason }: Place): void {
    this.#ignore();
    const ownClientSeq = this.#ownClientSeq({ origin });
    const reason = typeof rejectionReason === "string" ? rejectionReason : undefined;
    if (ownClientSeq !== undefined) this.#dispatcher.unreadableAnswer(ownClientSeq, channel, reason);
    // What was refused did not happen.
    if (reason === undefined) this.#channels.unreadable(channel);
  }

  #ownClientSeq(envelope: { readonly origin?: unknown }): number | undefined {
    const { origin } = envelope;
    if (typeof origin !== "object" || origin === null || !("clientId" in origin && "clientSeq" in origin))
      return undefined;
    return origin.clientId === this.clientId && typeof origin.clientSeq === "number" ? origin.clientSeq : undefined;
  }

  #deliver(
    envelope: ActionEnvelope,
    isReplay: boolean,
    size = weightOf(envelope.action, this.#limits.maxFrameBytes),
  ): void {
    const { channel, rejectionReason } = envelope;
    const ownClientSeq = this.#ownClientSeq(envelope);
    const delivery = { envelope, ownClientSeq, size };
    if (isReplay) this.#channels.replay(delivery);
    else this.#channels.receive(delivery);
    if (ownClientSeq !== undefined) this.#outbox.answer(ownClientSeq, channel, rejectionReason);
  }

  /** A host may send any number of them; the log tells of the first and then of ever fewer. */
  #ignore(): void {
    this.#ignored++;
    if (Math.log2(this.#ignored) % 1 === 0) {
      this.#logger.warn("notification ignored: it cannot be read", { count: this.#ignored });
    }
  }
}
