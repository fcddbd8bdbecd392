import type { ChannelKind, StateAction } from "../../src/protocol/actions.ts";
import { RPC } from "../../src/protocol/jsonrpc.ts";
import type { SessionSummary } from "../../src/protocol/methods.ts";
import { channelKind, type ChannelState, reduce } from "../../src/protocol/reduce.ts";
import { FakeTransport } from "./fakeTransport.ts";

interface Envelope {
  channel: string;
  action: StateAction;
  serverSeq: number;
  origin?: { clientId: string; clientSeq: number };
  rejectionReason?: string;
}

interface Peer {
  readonly transport: FakeTransport;
  clientId: string | undefined;
  readonly subscriptions: Set<string>;
}

interface Incoming {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

/**
 * An agent host in memory: the model that a client is measured against. It keeps every envelope, knows its clients, and
 * folds with the shared reducers. It speaks plain JSON, so that a fault of the real peer cannot hide in both ends.
 */
export class FakeHost {
  readonly channels = new Map<string, { kind: ChannelKind; state: ChannelState }>();
  readonly sessions = new Map<string, SessionSummary>();
  readonly log: Envelope[] = [];
  /** Requests and notifications in the order in which they came. */
  readonly heard: { readonly method: string; readonly params: Record<string, unknown> }[] = [];
  readonly knownClients = new Set<string>();
  /** Why an action is refused, if it is. */
  refuse: (action: StateAction) => string | undefined = () => undefined;
  /** Answers instead of the model: a result, or an error as the wire has it. */
  answers: Record<string, (params: Record<string, unknown>) => { result: unknown } | { error: object } | undefined> =
    {};
  /** The newest envelopes that can be replayed; who missed more gets snapshots. */
  replayLimit = Number.POSITIVE_INFINITY;
  epoch = "epoch-1";
  /** Says that it speaks the fleet plane, with these requests. */
  fleet = true;
  methods: string[] = [];
  /** What it answers to `initialize`, whatever was offered. */
  protocolVersion = "0.9.0";
  pageSize = 100;
  serverSeq = 0;
  isSilent = false;
  /** Does the same action of the same client once only, however often it is sent. */
  isIdempotent = true;
  /** Runs after the answer to a request has been sent, in the same breath. */
  afterAnswer: (method: string) => void = () => undefined;
  readonly #peers = new Set<Peer>();
  readonly #answered = new Map<string, Envelope>();

  constructor() {
    this.put("ahp-root://", { agents: [] });
  }

  put(uri: string, state: ChannelState): void {
    const kind = channelKind(uri);
    if (kind === undefined) throw new Error(`${uri} is no channel`);
    this.channels.set(uri, { kind, state });
  }

  state(uri: string): ChannelState | undefined {
    return this.channels.get(uri)?.state;
  }

  /** What a client's `dial` returns. */
  connect(): FakeTransport {
    const [client, host] = FakeTransport.pair();
    const peer: Peer = { transport: host, clientId: undefined, subscriptions: new Set() };
    this.#peers.add(peer);
    host.onMessage((text) => this.#receive(peer, JSON.parse(text) as Incoming));
    host.onClose(() => this.#peers.delete(peer));
    return client;
  }

  get connections(): number {
    return this.#peers.size;
  }

  dropAll(code = 1006): void {
    for (const { transport } of Array.from(this.#peers)) transport.drop(code);
  }

  /** The host goes down and forgets its clients, not its channels. */
  restart(): void {
    this.knownClients.clear();
    this.dropAll();
  }

  /** The host, or another client, does something. */
  act(channel: string, action: StateAction): void {
    this.#commit({ channel, action, serverSeq: ++this.serverSeq });
  }

  notify(method: string, params: object): void {
    for (const { transport } of this.#peers) this.#send(transport, { method, params });
  }

  #commit(envelope: Envelope): void {
    const channel = this.channels.get(envelope.channel);
    if (channel && envelope.rejectionReason === undefined) {
      channel.state = reduce(channel.kind, channel.state as never, envelope.action);
    }
    this.log.push(envelope);
    for (const { transport, subscriptions, clientId } of this.#peers) {
      const isOwn = envelope.origin !== undefined && envelope.origin.clientId === clientId;
      if (subscriptions.has(envelope.channel) || isOwn) this.#send(transport, { method: "action", params: envelope });
    }
  }

  #receive(peer: Peer, { id, method, params = {} }: Incoming): void {
    if (method === undefined) return;
    this.heard.push({ method, params });
    if (this.isSilent) return;
    if (method === "dispatchAction") return this.#dispatch(peer, params);
    if (method === "unsubscribe") return void peer.subscriptions.delete(params["channel"] as string);
    if (id === undefined) return;
    const outcome = this.answers[method]?.(params) ?? this.#answer(peer, method, params);
    this.#send(peer.transport, { id, ...outcome });
    this.afterAnswer(method);
  }

  #dispatch(peer: Peer, params: Record<string, unknown>): void {
    const { channel, clientSeq, action } = params as { channel: string; clientSeq: number; action: StateAction };
    const origin = { clientId: peer.clientId ?? "", clientSeq };
    const key = `${origin.clientId} ${clientSeq}`;
    const earlier = this.#answered.get(key);
    if (earlier && this.isIdempotent) return this.#send(peer.transport, { method: "action", params: earlier });
    const reason = this.refuse(action);
    const envelope: Envelope = { channel, action, serverSeq: ++this.serverSeq, origin };
    if (reason !== undefined) envelope.rejectionReason = reason;
    this.#answered.set(key, envelope);
    this.#commit(envelope);
  }

  #answer(peer: Peer, method: string, params: Record<string, unknown>): { result: unknown } | { error: object } {
    switch (method) {
      case "initialize": {
        this.#claim(peer, params["clientId"] as string);
        const wanted = (params["initialSubscriptions"] as string[]).filter((uri) => this.channels.has(uri));
        return {
          result: {
            protocolVersion: this.protocolVersion,
            serverSeq: this.serverSeq,
            serverInfo: { name: "Fake host", version: "1" },
            snapshots: wanted.map((uri) => this.#snapshot(peer, uri)),
            ...(this.fleet && {
              _meta: {
                muster: { version: 1, epoch: this.epoch, methods: this.methods, channels: [], isolation: "none" },
              },
            }),
          },
        };
      }
      case "reconnect":
        return this.#reconnect(peer, params);
      case "subscribe": {
        const uri = params["channel"] as string;
        if (!this.channels.has(uri)) return failure(RPC.channelNotFound, "There is no such channel.");
        return { result: { snapshot: this.#snapshot(peer, uri) } };
      }
      case "listSessions": {
        const at = Number(params["cursor"] ?? 0);
        const items = Array.from(this.sessions.values()).slice(at, at + this.pageSize);
        const next = at + this.pageSize;
        return { result: { items, ...(next < this.sessions.size && { nextCursor: String(next) }) } };
      }
      case "ping":
        return { result: null };
      default:
        return failure(RPC.methodNotFound, `There is no method ${method}.`);
    }
  }

  #reconnect(peer: Peer, params: Record<string, unknown>): { result: unknown } | { error: object } {
    const clientId = params["clientId"] as string;
    const subscriptions = params["subscriptions"] as string[];
    const seen = params["lastSeenServerSeq"] as number;
    if (!this.knownClients.has(clientId)) return failure(RPC.notFound, "Unknown client.");
    this.#claim(peer, clientId);
    const present = subscriptions.filter((uri) => this.channels.has(uri));
    if (this.serverSeq - seen > this.replayLimit) {
      return { result: { type: "snapshot", snapshots: present.map((uri) => this.#snapshot(peer, uri)) } };
    }
    for (const uri of present) peer.subscriptions.add(uri);
    const actions = this.log.filter(({ serverSeq, channel }) => serverSeq > seen && present.includes(channel));
    return { result: { type: "replay", actions, missing: subscriptions.filter((uri) => !present.includes(uri)) } };
  }

  #claim(peer: Peer, clientId: string): void {
    peer.clientId = clientId;
    this.knownClients.add(clientId);
  }

  #snapshot(peer: Peer, uri: string): object {
    peer.subscriptions.add(uri);
    return { resource: uri, state: this.channels.get(uri)?.state, fromSeq: this.serverSeq };
  }

  #send(transport: FakeTransport, message: object): void {
    transport.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}

function failure(code: number, message: string, data?: object): { error: object } {
  return { error: { code, message, ...(data && { data }) } };
}
