import { WebSocket } from "ws";
import {
  channelKindOfAction,
  type ActionEnvelope,
  type ChannelKind,
  type StateAction,
} from "../../src/protocol/actions.ts";
import { type ChannelState, type ChannelStates, reduce } from "../../src/protocol/reduce.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
}

export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: Record<string, unknown>;
}

interface Mirror {
  readonly kind: ChannelKind;
  state: ChannelState;
  seq: number;
}

/** A channel as a client folded it: everything up to `seq` and nothing after. */
export interface HeldState {
  readonly channel: string;
  readonly seq: number;
  readonly state: ChannelState;
}

/** A raw client of the wire: what it gets is kept as it came, and folded by the protocol's own reducers. */
export class WireClient {
  readonly envelopes: ActionEnvelope[] = [];
  readonly notifications: { readonly method: string; readonly params: Record<string, unknown> }[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly socket: WebSocket;
  readonly clientId: string;
  readonly #mirrors = new Map<string, Mirror>();
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: WireError) => void }>();
  #waiters: Waiter[] = [];
  #lastId = 0;
  #clientSeq = 0;

  private constructor(socket: WebSocket, clientId: string) {
    this.socket = socket;
    this.clientId = clientId;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const { reject } of this.#pending.values()) reject({ code: -32000, message: "closed" });
      });
    });
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString())));
  }

  static async open(url: string, token: string, clientId = "wire-client"): Promise<WireClient> {
    const socket = new WebSocket(`${url}/?tkn=${token}`);
    const client = new WireClient(socket, clientId);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    return client;
  }

  /** Opens and initializes. */
  static async connect(url: string, token: string, clientId?: string): Promise<WireClient> {
    const client = await WireClient.open(url, token, clientId);
    await client.initialize();
    return client;
  }

  async initialize(initialSubscriptions: readonly string[] = [ROOT_URI]): Promise<Record<string, unknown>> {
    const result = await this.request("initialize", {
      channel: ROOT_URI,
      protocolVersions: ["0.9.0"],
      clientId: this.clientId,
      initialSubscriptions,
    });
    for (const snapshot of (result["snapshots"] ?? []) as {
      resource: string;
      state: ChannelState;
      fromSeq: number;
    }[]) {
      this.#mirror(snapshot, "root");
    }
    return result;
  }

  request(method: string, params: object): Promise<Record<string, unknown>> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve((value ?? {}) as Record<string, unknown>), reject });
    });
  }

  /** The refusal of a request that has to be refused. */
  async refusal(method: string, params: object): Promise<WireError> {
    return await this.request(method, params).then(
      () => {
        throw new Error(`${method} was not refused`);
      },
      (error: WireError) => error,
    );
  }

  notify(method: string, params: object): void {
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  async subscribe<K extends ChannelKind>(kind: K, channel: string): Promise<ChannelStates[K]> {
    const { snapshot } = (await this.request("subscribe", { channel })) as {
      snapshot: { resource: string; state: ChannelState; fromSeq: number };
    };
    this.#mirror(snapshot, kind);
    return snapshot.state as ChannelStates[K];
  }

  dispatch(channel: string, action: StateAction): number {
    this.#clientSeq += 1;
    this.notify("dispatchAction", { channel, clientSeq: this.#clientSeq, action });
    return this.#clientSeq;
  }

  /** Sends and waits for the echo; a refusal is in its `rejectionReason`. */
  async dispatched(channel: string, action: StateAction): Promise<ActionEnvelope> {
    const clientSeq = this.dispatch(channel, action);
    const echo = () =>
      this.envelopes.find(
        ({ origin, ...envelope }) =>
          origin?.clientSeq === clientSeq && origin.clientId === this.clientId && envelope.channel === channel,
      );
    await this.until(() => echo() !== undefined);
    return echo() as ActionEnvelope;
  }

  state<K extends ChannelKind>(kind: K, channel: string): ChannelStates[K] {
    const mirror = this.#mirrors.get(channel);
    if (mirror?.kind !== kind) throw new Error(`${channel} is not subscribed`);
    return mirror.state as ChannelStates[K];
  }

  /** Every channel that it watches. */
  held(): readonly HeldState[] {
    return Array.from(this.#mirrors, ([channel, { seq, state }]) => ({ channel, seq, state }));
  }

  /** Resolves as soon as it holds after some message. The test's own timeout ends the wait. */
  async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve) => this.#waiters.push({ isDone, resolve }));
  }

  close(): void {
    this.socket.close();
  }

  #receive(message: Record<string, unknown>): void {
    const { id, method } = message;
    if (typeof id === "number" && method === undefined) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if ("error" in message) pending?.reject(message["error"] as WireError);
      else pending?.resolve(message["result"]);
    } else if (method === "action") {
      this.#take(message["params"] as ActionEnvelope);
    } else if (typeof method === "string") {
      this.notifications.push({ method, params: message["params"] as Record<string, unknown> });
    }
    // After the promises that this message settles, so that a mirror made by an answer is there.
    setImmediate(() => {
      const done = this.#waiters.filter((waiter) => waiter.isDone());
      this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
      for (const waiter of done) waiter.resolve();
    });
  }

  #take(envelope: ActionEnvelope): void {
    this.envelopes.push(envelope);
    const mirror = this.#mirrors.get(envelope.channel);
    if (!mirror || envelope.rejectionReason !== undefined || envelope.serverSeq <= mirror.seq) return;
    mirror.state = reduce(mirror.kind, mirror.state, envelope.action);
    mirror.seq = envelope.serverSeq;
  }

  #mirror(snapshot: { resource: string; state: ChannelState; fromSeq: number }, kind: ChannelKind): void {
    const mirror: Mirror = { kind, state: snapshot.state, seq: snapshot.fromSeq };
    this.#mirrors.set(snapshot.resource, mirror);
    // Envelopes may have come in the same read as the answer, before this ran.
    for (const { channel, serverSeq, action, rejectionReason } of this.envelopes) {
      if (channel !== snapshot.resource || serverSeq <= mirror.seq || rejectionReason !== undefined) continue;
      if (channelKindOfAction(action.type) !== kind) continue;
      mirror.state = reduce(kind, mirror.state, action);
      mirror.seq = serverSeq;
    }
  }
}
