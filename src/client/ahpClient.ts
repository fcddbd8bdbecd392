import { AppError } from "../base/appError.ts";
import type { Clock } from "../base/clock.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { ActionEnvelope, type ChannelKind, type StateAction } from "../protocol/actions.ts";
import { fleetAdvertisementOf, META_NS } from "../protocol/fleet.ts";
import { RPC } from "../protocol/jsonrpc.ts";
import { HostNotifications, type Implementation, type ResultOf } from "../protocol/methods.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import type { RootState } from "../protocol/root.ts";
import { ROOT_URI } from "../protocol/uris.ts";
import { SUPPORTED_VERSIONS } from "../protocol/versions.ts";
import { Channels } from "./channels.ts";
import type { AuthRequired, ChannelHandle, Client, CreateSession, HostInfo, InvokeOperation } from "./client.ts";
import { type Call, Connection, type Dial, type Handshake, notConnected } from "./connection.ts";
import type { ConnectionState } from "./connectionState.ts";
import { describeVersions, incompatible, metaOf, toHostInfo } from "./hostInfo.ts";
import { Outbox } from "./outbox.ts";
import { request } from "./requests.ts";
import { SessionList } from "./sessionList.ts";

export interface AhpClientOptions {
  readonly dial: Dial;
  /** Names this window to the host; another one for each window and each host. */
  readonly clientId: string;
  readonly clientInfo: Implementation;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
}

/** How long after the host has read an action it may take to answer it on a channel that we do not follow. */
const unheardMs = 5000;

/** One host, seen over one connection at a time. Ties the parts together and decides nothing. */
export class AhpClient implements Client {
  readonly clientId: string;
  readonly root: ChannelHandle<RootState>;
  readonly sessions: SessionList;
  readonly #options: AhpClientOptions;
  readonly #connection: Connection;
  readonly #channels: Channels;
  readonly #outbox = new Outbox();
  readonly #authRequired: Emitter<AuthRequired>;
  #hostInfo: HostInfo | undefined;
  #lastClientSeq = 0;
  /** The newest envelope seen: from here a dropped connection resumes. `undefined`: there is nothing to resume. */
  #lastSeenSeq: number | undefined;

  constructor(options: AhpClientOptions) {
    const { clock, logger } = options;
    this.#options = options;
    this.clientId = options.clientId;
    this.#authRequired = new Emitter((error) => logger.error("auth listener failed", { error: String(error) }));
    this.#connection = new Connection({ ...options, handshake: this.#handshake() });
    this.#channels = new Channels(
      {
        subscribe: async (uri) => (await this.#request("subscribe", { channel: uri })).snapshot,
        unsubscribe: (uri) => void this.#connection.notify("unsubscribe", { channel: uri }),
      },
      clock,
      logger,
    );
    this.sessions = new SessionList(
      (cursor) => this.#call("listSessions", { channel: ROOT_URI, limit: 500, ...(cursor && { cursor }) }),
      logger,
    );
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
    return this.#hostInfo;
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
    this.#abandon(() => true);
    this.#channels.dispose();
    this.sessions.dispose();
    this.#authRequired.dispose();
  }

  subscribe<K extends ChannelKind>(kind: K, uri: string): ChannelHandle<ChannelStates[K]> {
    return this.#channels.subscribe(kind, uri);
  }

  async dispatch(uri: string, action: StateAction): Promise<void> {
    if (this.state.kind !== "live") throw notConnected();
    const clientSeq = ++this.#lastClientSeq;
    const isMirrored = this.#channels.get(uri)?.propose({ clientSeq, action }) ?? false;
    const answered = this.#outbox.add({ clientSeq, uri, action, isMirrored });
    this.#connection.notify("dispatchAction", { channel: uri, clientSeq, action });
    if (!isMirrored) void this.#expectNoAnswer(clientSeq, uri);
    return answered;
  }

  async createSession({ session, provider, config }: CreateSession): Promise<void> {
    await this.#request("createSession", { channel: session, provider, config });
  }

  async disposeSession(session: string): Promise<void> {
    await this.#request("disposeSession", { channel: session });
  }

  resourceRead(uri: string, encoding?: "utf-8" | "base64"): Promise<ResultOf<"resourceRead">> {
    return this.#request("resourceRead", { channel: ROOT_URI, uri, ...(encoding && { encoding }) });
  }

  invokeChangesetOperation(params: InvokeOperation): Promise<ResultOf<"invokeChangesetOperation">> {
    const { changeset, operationId, meta } = params;
    return this.#request("invokeChangesetOperation", { channel: changeset, operationId, ...(meta && { _meta: meta }) });
  }

  async authenticate(params: { resource: string; token: string; scopes?: string[] }): Promise<void> {
    await this.#request("authenticate", { channel: ROOT_URI, ...params });
  }

  resolveSessionConfig(params: {
    provider?: string;
    config?: Record<string, unknown>;
  }): Promise<ResultOf<"resolveSessionConfig">> {
    return this.#request("resolveSessionConfig", { channel: ROOT_URI, ...params });
  }

  readonly #call: Call = (method, params) => this.#connection.request(method, params);

  #request: <M extends Parameters<typeof request>[1]>(
    method: M,
    params: Parameters<typeof request<M>>[2],
  ) => Promise<ResultOf<M>> = (method, params) => request(this.#call, method, params);

  #handshake(): Handshake {
    return {
      canResume: () => this.#lastSeenSeq !== undefined,
      initialize: (call) => this.#initialize(call),
      resume: (call) => this.#resume(call),
      established: () => {
        this.#channels.established();
        this.sessions
          .refresh()
          .catch((error: unknown) => this.#options.logger.warn("listing sessions failed", { error: String(error) }));
      },
      notification: (method, params) => this.#hear(method, params),
    };
  }

  async #initialize(call: Call): Promise<void> {
    const { clientId, clientInfo } = this.#options;
    const result = await request(call, "initialize", {
      channel: ROOT_URI,
      protocolVersions: [...SUPPORTED_VERSIONS],
      clientId,
      clientInfo,
      initialSubscriptions: [...this.#channels.uris],
    }).catch((error: unknown) => {
      throw describeVersions(error);
    });
    if (!SUPPORTED_VERSIONS.includes(result.protocolVersion)) throw incompatible([result.protocolVersion]);
    this.#hostInfo = toHostInfo(result);
    this.#abandon(() => true);
    this.#lastSeenSeq = result.serverSeq;
    this.#channels.snapshots(result.snapshots);
  }

  async #resume(call: Call): Promise<"resumed" | "unknownClient"> {
    const subscriptions = [...this.#channels.resumable];
    const lastSeenServerSeq = this.#lastSeenSeq ?? 0;
    // Whatever goes wrong from here on is cured by starting afresh at the next attempt; a drop alone is not wrong.
    try {
      const epoch = this.#hostInfo?.fleet?.epoch;
      const result = await request(call, "reconnect", {
        channel: ROOT_URI,
        clientId: this.clientId,
        lastSeenServerSeq,
        subscriptions,
        // A host of ours that was restarted lets a client resume that names the log it has been reading.
        ...(epoch !== undefined && { _meta: { [META_NS]: { epoch } } }),
      });
      const told = fleetAdvertisementOf({ _meta: metaOf(result) })?.epoch;
      if (told !== undefined && told !== epoch) throw new AppError("conflict", "The host has another log than before.");
      if (result.type === "snapshot") {
        this.#abandon(() => true);
        this.#channels.snapshots(result.snapshots);
        const seqs = result.snapshots.map(({ fromSeq }) => fromSeq);
        // The oldest of them: what a replay repeats is ignored, what it leaves out is lost.
        this.#lastSeenSeq = seqs.length > 0 ? Math.min(...seqs) : lastSeenServerSeq;
        return "resumed";
      }
      for (const envelope of result.actions) this.#receive(envelope, true);
      this.#channels.resumed(subscriptions, result.missing ?? []);
      return "resumed";
    } catch (thrown) {
      if (!AppError.is(thrown, "host.disconnected") && !AppError.is(thrown, "timeout")) this.#lastSeenSeq = undefined;
      if (AppError.is(thrown) && thrown.details["rpcCode"] === RPC.notFound) return "unknownClient";
      // An answer that cannot be read says nothing of the host's version as long as `initialize` has not been tried.
      throw AppError.is(thrown, "host.incompatible") && thrown.details["rpcCode"] === undefined
        ? new AppError("host.disconnected", thrown.message, { cause: thrown })
        : thrown;
    }
  }

  #stateChanged(state: ConnectionState): void {
    if (state.kind === "live") {
      this.#abandon(({ uri }) => !this.#channels.get(uri)?.inStep);
      // After a replay, what was not echoed by it never arrived, or its answer is still on the way: the host tells by
      // (clientId, clientSeq).
      for (const { uri, clientSeq, action } of this.#outbox.all) {
        this.#connection.notify("dispatchAction", { channel: uri, clientSeq, action });
      }
      return;
    }
    if (state.kind === "handshaking" || state.kind === "resuming") return;
    this.#channels.interrupted();
    this.sessions.interrupted();
    this.#abandon(state.kind === "opening" || state.kind === "waiting" ? (entry) => !entry.isMirrored : () => true);
  }

  #abandon(which: Parameters<Outbox["abandon"]>[0]): void {
    for (const { uri, clientSeq } of this.#outbox.abandon(which)) this.#channels.get(uri)?.withdraw(clientSeq);
  }

  /** Hosts answer to subscribers. One that has read on, and says nothing for a while, will not answer us. */
  async #expectNoAnswer(clientSeq: number, uri: string): Promise<void> {
    try {
      await this.#request("ping", { channel: ROOT_URI });
    } catch {
      return;
    }
    this.#options.clock.setTimeout(() => this.#outbox.answer(clientSeq, uri, undefined), unheardMs);
  }

  #hear(method: string, params: unknown): void {
    if (method === "action") {
      const envelope = ActionEnvelope.safeParse(params);
      if (envelope.success) this.#receive(envelope.data, false);
      else this.#options.logger.warn("action ignored", { issue: envelope.error.issues[0]?.message });
    } else if (method === "auth/required") {
      const parsed = HostNotifications["auth/required"].safeParse(params);
      if (!parsed.success) return;
      const { resource, reason } = parsed.data;
      const named = typeof resource === "string" ? { resource } : resource;
      const scopes = "scopes_supported" in named ? named.scopes_supported : undefined;
      this.#authRequired.fire({ resource: named.resource, scopes: scopes ?? [], reason });
    } else if (method.startsWith("root/session")) this.sessions.notification(method, params);
  }

  #receive(envelope: ActionEnvelope, isReplay: boolean): void {
    const { channel, origin, serverSeq, rejectionReason } = envelope;
    const ownClientSeq = origin?.clientId === this.clientId ? origin.clientSeq : undefined;
    this.#lastSeenSeq = Math.max(this.#lastSeenSeq ?? 0, serverSeq);
    if (isReplay) this.#channels.get(channel)?.replay(envelope, ownClientSeq);
    else this.#channels.receive(envelope, ownClientSeq);
    if (ownClientSeq !== undefined) this.#outbox.answer(ownClientSeq, channel, rejectionReason);
  }
}
