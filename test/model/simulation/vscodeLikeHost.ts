import type { ChannelKind, StateAction } from "../../../src/protocol/actions.ts";
import { isClientDispatchable, isKnownAction } from "../../../src/protocol/actions.ts";
import { RPC } from "../../../src/protocol/jsonrpc.ts";
import type { SessionSummary } from "../../../src/protocol/methods.ts";
import { type ChannelState, reduce } from "../../../src/protocol/reduce.ts";
import type { SessionState } from "../../../src/protocol/sessionState.ts";
import { parseChatUri, ROOT_URI } from "../../../src/protocol/uris.ts";
import type { FakeClock } from "../../support/fakeClock.ts";
import type { Dice } from "../../support/dice.ts";
import { History } from "./history.ts";
import type { SimLink } from "./link.ts";
import type { HostEnd, SimHost } from "./simHost.ts";
import { channelsOf, firstSessions, startStates } from "./startStates.ts";

interface Envelope {
  readonly channel: string;
  readonly action: StateAction;
  readonly serverSeq: number;
  readonly origin?: { readonly clientId: string; readonly clientSeq: number };
  readonly rejectionReason?: string;
}

interface Peer {
  readonly link: SimLink;
  clientId: string | undefined;
  readonly subscriptions: Set<string>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

type Answer = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } };

/** How long a client that left is remembered. */
const rememberedMs = 5 * 60_000;
const listSettleMs = 100;

/**
 * An agent host in the manner of the one that VS Code ships (1.139): a ring of envelopes for all channels, a count that
 * starts over at a restart, clients forgotten then, terminals lost, list notifications to everybody, pushes to the newest
 * socket of a client only, pages and views ignored, host actions of clients taken over as they are. It shares nothing
 * with muster-host but the reducers and writes its JSON by hand.
 */
export class VscodeLikeHost implements SimHost {
  readonly history = new History();
  readonly #clock: FakeClock;
  readonly #dice: Dice;
  readonly #ringSize: number;
  readonly #channels = new Map<string, { readonly kind: ChannelKind; state: ChannelState }>();
  readonly #sessions = new Map<string, SessionSummary>();
  readonly #touched = new Set<string>();
  readonly #peers = new Set<Peer>();
  /** When each client was last there. */
  readonly #known = new Map<string, number>();
  #ring: Envelope[] = [];
  #serverSeq = 0;
  #isUp = false;
  #isTelling = false;
  #isCalm = false;

  constructor(clock: FakeClock, dice: Dice, ringSize: number) {
    this.#clock = clock;
    this.#dice = dice;
    this.#ringSize = ringSize;
    this.#put(ROOT_URI, "root", { agents: [] });
    for (const session of firstSessions) this.createSession(session);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  accept(link: SimLink): void {
    if (!this.#isUp) return link.crashFromHost();
    const peer: Peer = { link, clientId: undefined, subscriptions: new Set() };
    this.#peers.add(peer);
    link.onHostMessage = (text) => this.#receive(peer, JSON.parse(text) as Message);
    link.onHostClose = () => this.#peers.delete(peer);
  }

  act(uri: string, action: StateAction): void {
    if (this.#isUp && this.#channels.has(uri)) this.#commit({ channel: uri, action, serverSeq: ++this.#serverSeq });
  }

  state(uri: string): ChannelState | undefined {
    return this.#channels.get(uri)?.state;
  }

  list(): readonly SessionSummary[] {
    return Array.from(this.#sessions.values());
  }

  createSession(session: string): void {
    // An address stands for one session for ever.
    if (this.history.isKnown(session)) return;
    const createdAt = new Date(this.#clock.now()).toISOString();
    for (const [uri, [kind, state]] of startStates(session, createdAt)) {
      if (kind !== "fleetSession") this.#put(uri, kind, state);
    }
    const summary = { ...this.#summaryOf(session), createdAt, modifiedAt: createdAt };
    this.#sessions.set(session, summary);
    this.#notify("root/sessionAdded", { channel: ROOT_URI, summary });
  }

  disposeSession(session: string): void {
    if (!this.#sessions.delete(session)) return;
    for (const { uri } of channelsOf(session)) {
      this.#channels.delete(uri);
      this.history.removed(uri);
      for (const { subscriptions } of this.#peers) subscriptions.delete(uri);
    }
    this.#notify("root/sessionRemoved", { channel: ROOT_URI, session });
  }

  end(how: HostEnd): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    for (const { link } of Array.from(this.#peers)) {
      if (how === "stop") link.closeFromHost(1001);
      else link.crashFromHost();
    }
    this.#peers.clear();
    this.#known.clear();
    this.#ring = [];
    this.#serverSeq = this.#dice.below(3);
    for (const [uri, { kind, state }] of this.#channels) {
      if (kind === "terminal") {
        this.#channels.delete(uri);
        this.history.removed(uri);
      } else if ("activeTurn" in state && state.activeTurn) {
        const { activeTurn: _lost, steeringMessage: _alsoLost, ...kept } = state;
        this.#put(uri, kind, kept);
      }
    }
  }

  async start(): Promise<void> {
    this.#isUp = true;
  }

  calm(): void {
    this.#isCalm = true;
  }

  check(): readonly string[] {
    return [];
  }

  dispose(): void {
    this.end("kill");
  }

  #put(uri: string, kind: ChannelKind, state: ChannelState): void {
    const isThere = this.#channels.has(uri);
    this.#channels.set(uri, { kind, state });
    if (isThere) this.history.replaced(uri, state);
    else this.history.created(uri, kind, state);
  }

  #summaryOf(session: string): SessionSummary {
    const channel = this.#channels.get(session);
    if (channel === undefined) throw new Error(`${session} is not on this host.`);
    const { title, status } = channel.state as SessionState;
    const known = this.#sessions.get(session);
    return { resource: session, provider: "sample", createdAt: "", modifiedAt: "", ...known, title, status };
  }

  #commit(envelope: Envelope): void {
    const { channel, action } = envelope;
    const target = this.#channels.get(channel);
    const isRefused = envelope.rejectionReason !== undefined;
    if (target && !isRefused) target.state = reduce(target.kind, target.state as never, action);
    this.history.happened(channel, action, isRefused);
    this.#ring.push(envelope);
    if (this.#ring.length > this.#ringSize) this.#ring.shift();
    for (const peer of this.#newest()) {
      if (peer.subscriptions.has(channel)) this.#send(peer, { method: "action", params: envelope });
    }
    this.#touch(parseChatUri(channel)?.session ?? channel);
  }

  /** The newest socket of each client. */
  #newest(): Iterable<Peer> {
    const newest = new Map<string, Peer>();
    for (const peer of this.#peers) if (peer.clientId !== undefined) newest.set(peer.clientId, peer);
    return newest.values();
  }

  #touch(session: string): void {
    if (!this.#sessions.has(session)) return;
    this.#touched.add(session);
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#clock.setTimeout(() => this.#tell(), listSettleMs);
  }

  #tell(): void {
    this.#isTelling = false;
    for (const session of this.#touched) {
      const before = this.#sessions.get(session);
      if (before === undefined) continue;
      const after = this.#summaryOf(session);
      this.#sessions.set(session, after);
      const { title, status } = after;
      if (title !== before.title || status !== before.status) {
        this.#notify("root/sessionSummaryChanged", { channel: ROOT_URI, session, changes: { title, status } });
      }
    }
    this.#touched.clear();
  }

  #notify(method: string, params: object): void {
    for (const peer of this.#newest()) this.#send(peer, { method, params });
  }

  #receive(peer: Peer, { id, method, params = {} }: Message): void {
    if (method === "dispatchAction" && peer.clientId !== undefined) return this.#dispatch(peer, params);
    if (method === "unsubscribe") return void peer.subscriptions.delete(params["channel"] as string);
    if (id === undefined || method === undefined) return;
    const answer = this.#answer(peer, method, params);
    // Requests are worked on independently of each other, so answers may change places; what an answer says is of now.
    const isLate = !this.#isCalm && !["initialize", "reconnect"].includes(method) && this.#dice.chance(0.3);
    if (!isLate) return this.#send(peer, { id, ...answer });
    this.#clock.setTimeout(() => this.#send(peer, { id, ...answer }), this.#dice.pick([1, 20, 400]));
  }

  #dispatch(peer: Peer, params: Record<string, unknown>): void {
    const { channel, clientSeq, action } = params as { channel: string; clientSeq: number; action: StateAction };
    if (!this.#channels.has(channel) || !isKnownAction(action)) return;
    const envelope: Envelope = {
      channel,
      action,
      serverSeq: ++this.#serverSeq,
      origin: { clientId: peer.clientId ?? "", clientSeq },
    };
    // It takes host actions of clients over, but some of the others it has reasons to refuse.
    const isRefused = isClientDispatchable(action.type) && this.#dice.chance(0.15);
    this.#commit(isRefused ? { ...envelope, rejectionReason: "Not here." } : envelope);
  }

  #answer(peer: Peer, method: string, params: Record<string, unknown>): Answer {
    if (method === "ping") return { result: null };
    if (method === "reconnect") return this.#reconnect(peer, params);
    if (method === "initialize") return this.#initialize(peer, params);
    if (peer.clientId === undefined) return failure(RPC.methodNotFound, "Initialize first.");
    const channel = params["channel"] as string;
    switch (method) {
      case "subscribe":
        if (!this.#channels.has(channel)) return failure(RPC.channelNotFound, "There is no such channel.");
        return { result: { snapshot: this.#snapshot(peer, channel) } };
      case "listSessions":
        return { result: { items: this.list() } };
      case "createSession":
        this.createSession(channel);
        return { result: null };
      case "disposeSession":
        this.disposeSession(channel);
        return { result: null };
      default:
        return failure(RPC.methodNotFound, `There is no method ${method}.`);
    }
  }

  #initialize(peer: Peer, params: Record<string, unknown>): Answer {
    this.#claim(peer, params["clientId"] as string);
    const wanted = (params["initialSubscriptions"] as string[]).filter((uri) => this.#channels.has(uri));
    return {
      result: {
        protocolVersion: "0.9.0",
        serverSeq: this.#serverSeq,
        snapshots: wanted.map((uri) => this.#snapshot(peer, uri)),
      },
    };
  }

  #reconnect(peer: Peer, params: Record<string, unknown>): Answer {
    const clientId = params["clientId"] as string;
    const seen = params["lastSeenServerSeq"] as number;
    const subscriptions = params["subscriptions"] as string[];
    const leftAt = this.#known.get(clientId);
    if (leftAt === undefined || this.#clock.now() - leftAt > rememberedMs) {
      return failure(RPC.notFound, "Unknown client.");
    }
    this.#claim(peer, clientId);
    const present = subscriptions.filter((uri) => this.#channels.has(uri));
    const oldest = this.#ring[0]?.serverSeq ?? this.#serverSeq + 1;
    if (seen < oldest - 1)
      return { result: { type: "snapshot", snapshots: present.map((uri) => this.#snapshot(peer, uri)) } };
    for (const uri of present) peer.subscriptions.add(uri);
    // A replay may repeat what the client has seen.
    const after = seen - (this.#isCalm ? 0 : this.#dice.pick([0, 0, 1, 5]));
    const actions = this.#ring.filter(({ serverSeq, channel }) => serverSeq > after && present.includes(channel));
    return { result: { type: "replay", actions, missing: subscriptions.filter((uri) => !present.includes(uri)) } };
  }

  /** A socket that is superseded is not listened to any more. */
  #claim(peer: Peer, clientId: string): void {
    for (const other of this.#peers) {
      if (other === peer || other.clientId !== clientId) continue;
      this.#peers.delete(other);
      other.link.onHostMessage = () => undefined;
      other.link.closeFromHost(1000);
    }
    peer.clientId = clientId;
    this.#known.set(clientId, this.#clock.now());
  }

  #snapshot(peer: Peer, uri: string): object {
    peer.subscriptions.add(uri);
    return { resource: uri, state: this.#channels.get(uri)?.state, fromSeq: this.#serverSeq };
  }

  #send(peer: Peer, message: object): void {
    // A late answer of a host that has been restarted since.
    if (!this.#peers.has(peer)) return;
    if (peer.clientId !== undefined) this.#known.set(peer.clientId, this.#clock.now());
    peer.link.sendDown(JSON.stringify({ jsonrpc: "2.0", ...message }), () => undefined);
  }
}

function failure(code: number, message: string): Answer {
  return { error: { code, message } };
}
