import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import type { FleetAdvertisement } from "../../protocol/fleet.ts";
import { parseFrame, type RpcId } from "../../protocol/frame.ts";
import { RPC, RpcError, toRpcError } from "../../protocol/jsonrpc.ts";
import { ClientNotifications, type ParamsOf, type Snapshot } from "../../protocol/methods.ts";
import { negotiate, SUPPORTED_RANGES } from "../../protocol/versions.ts";
import type { Channels } from "../channels/channels.ts";
import type { FanOut, Reader } from "./fanOut.ts";
import { frameBytes } from "./frameBytes.ts";
import type { Caller, HostApi } from "./hostApi.ts";
import type { KnownClients } from "./knownClients.ts";
import type { Outbox } from "./outbox.ts";
import { RateLimit } from "./rateLimit.ts";
import { answerRequest, parseParams, requestHandlers } from "./requests.ts";
import { isUnheard, isVsCode } from "./vscodeDialect.ts";

export const INBOUND_LIMITS = { maxBytes: 2 * 1024 * 1024, maxDepth: 64 };
const maxSubscriptions = 2_000;
const maxIdLength = 200;

export interface ConnectionPorts {
  readonly channels: Channels;
  readonly fanOut: FanOut;
  readonly api: HostApi;
  readonly clients: KnownClients;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly advertisement: FleetAdvertisement;
}

/**
 *  greeting ─initialize, reconnect→ opening ─answered→ open
 *     └── anything but ping: -32601     └── a failure goes back to greeting
 *
 * One client's connection after the upgrade. It never throws at its socket: what is malformed is answered and the next
 * message is read. Actions of one connection are applied in the order in which they came.
 */
export class Connection implements Reader, Disposable {
  readonly principal: string;
  readonly #ports: ConnectionPorts;
  readonly #outbox: Outbox;
  readonly #handlers: ReturnType<typeof requestHandlers>;
  readonly #rate: RateLimit;
  readonly #owned = new Disposables();
  readonly #subscriptions = new Set<string>();
  #state: "greeting" | "opening" | "open" | "closed" = "greeting";
  #clientId: string | undefined;
  #archivesFirst = false;
  /** Ends when everything that must stay in order has been done. */
  #ordered: Promise<void> = Promise.resolve();
  #orderedCount = 0;

  constructor(ports: ConnectionPorts, principal: string, outbox: Outbox) {
    this.principal = principal;
    this.#ports = ports;
    this.#outbox = outbox;
    this.#handlers = requestHandlers(ports.api);
    this.#rate = new RateLimit(ports.clock, 1_000, 5_000);
    this.#owned.add(ports.fanOut.join(this));
  }

  get clientId(): string | undefined {
    return this.#state === "open" ? this.#clientId : undefined;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  deliver(frame: Buffer): void {
    this.#outbox.push(frame);
  }

  receive(text: string): void {
    const parsed = parseFrame(text, INBOUND_LIMITS);
    if (!parsed.ok) {
      const { kind, message } = parsed.error;
      const code = kind === "parse" ? RPC.parse : RPC.invalidRequest;
      this.#sendError(kind === "parse" ? null : parsed.error.id, new RpcError(code, message));
      return;
    }
    const frame = parsed.value;
    if (frame.kind === "request") this.#request(frame.id, frame.method, frame.params);
    else if (frame.kind === "notification") this.#hear(frame.method, frame.params);
  }

  dispose(): void {
    if (this.#state === "closed") return;
    if (this.#clientId !== undefined) this.#ports.clients.left(this.principal, this.#clientId);
    this.#state = "closed";
    this.#outbox.flush();
    this.#outbox.close();
    this.#owned.dispose();
  }

  get #caller(): Caller {
    return { principal: this.principal, archivesFirst: this.#archivesFirst };
  }

  #request(id: RpcId, method: string, params: unknown): void {
    if (method === "ping") return this.#send({ id, result: null });
    if (!this.#rate.take())
      return this.#fail(id, method, new AppError("limit.exceeded", "Too many messages. Slow down."));
    if (method === "initialize" || method === "reconnect") return this.#greet(id, method, params);
    if (this.#state !== "open") {
      return this.#fail(
        id,
        method,
        new RpcError(RPC.methodNotFound, "The first request must be initialize or reconnect."),
      );
    }
    if (method === "subscribe") return this.#run(id, method, () => this.#subscribe(id, params));
    this.#run(id, method, async () => {
      const result = await answerRequest(this.#handlers, method, params, this.#caller);
      this.#answerDurable(id, result ?? null);
    });
  }

  #greet(id: RpcId, method: "initialize" | "reconnect", params: unknown): void {
    if (this.#state !== "greeting") {
      return this.#fail(id, method, new RpcError(RPC.methodNotFound, "This connection is initialized already."));
    }
    this.#state = "opening";
    this.#run(id, method, async () => {
      try {
        if (method === "initialize") await this.#initialize(id, parseParams(method, params));
        else await this.#reconnect(id, parseParams(method, params));
      } catch (error) {
        if (this.#state === "opening") this.#state = "greeting";
        throw error;
      }
    });
  }

  async #initialize(id: RpcId, params: ParamsOf<"initialize">): Promise<void> {
    const protocolVersion = negotiate(params.protocolVersions);
    if (protocolVersion === undefined) {
      const offers = params.protocolVersions.slice(0, 5).join(", ");
      throw new RpcError(RPC.versionMismatch, `This host speaks AHP ${SUPPORTED_RANGES.join(", ")}, not ${offers}.`, {
        supportedVersions: SUPPORTED_RANGES,
        muster: { code: "host.incompatible" },
      });
    }
    const wanted = await this.#loaded(params.initialSubscriptions ?? []);
    this.#claim(params.clientId);
    this.#archivesFirst = isVsCode(params.clientInfo);
    const { lastSeq } = this.#ports.channels;
    this.#answerGreeting(id, {
      protocolVersion,
      serverSeq: lastSeq,
      serverInfo: { name: "Muster", version: this.#ports.version },
      snapshots: wanted.map((uri) => this.#snapshotAndSubscribe(uri)),
      _meta: { muster: this.#ports.advertisement },
    });
  }

  async #reconnect(id: RpcId, params: ParamsOf<"reconnect">): Promise<void> {
    const { channels, clients, advertisement } = this.#ports;
    // A client that names this log's epoch may resume over a restart of the host, which forgot its clients.
    const { epoch } = (params._meta?.["muster"] ?? {}) as { epoch?: unknown };
    if (!clients.isKnown(this.principal, params.clientId) && epoch !== advertisement.epoch) {
      throw new RpcError(RPC.notFound, "This host does not know this client any more. Initialize again.", {
        muster: { code: "notFound" },
      });
    }
    const present = await this.#loaded(params.subscriptions);
    this.#claim(params.clientId);
    const seen = params.lastSeenServerSeq;
    const isPlausible = Number.isInteger(seen) && seen >= 0 && seen <= channels.lastSeq;
    const missed = isPlausible ? channels.window.since(seen, new Set(present)) : undefined;
    if (missed === undefined) {
      const snapshots = present.map((uri) => this.#snapshotAndSubscribe(uri));
      return this.#answerGreeting(id, { type: "snapshot", snapshots });
    }
    // The window holds what is durable. What is not yet will be delivered after the answer like anything later.
    const after = channels.durableSeq;
    for (const uri of present) this.#follow(uri, after);
    const missing = params.subscriptions.filter((uri) => !present.includes(uri));
    const actions = missed.map((entry) => entry.frame.slice(entry.frame.indexOf('"params":') + 9, -1));
    this.#state = "open";
    this.#sendText(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"type":"replay","actions":[${actions.join(",")}],"missing":${JSON.stringify(missing)}}}`,
    );
  }

  async #subscribe(id: RpcId, params: unknown): Promise<void> {
    const { channel } = parseParams("subscribe", params);
    if (!this.#subscriptions.has(channel) && this.#subscriptions.size >= maxSubscriptions) {
      throw new AppError("limit.exceeded", `A connection can watch at most ${maxSubscriptions} channels.`);
    }
    if (!(await this.#ports.channels.load(channel))) {
      throw new RpcError(RPC.channelNotFound, "There is no such channel.", { muster: { code: "notFound" } });
    }
    this.#answerDurable(id, { snapshot: this.#snapshotAndSubscribe(channel) });
  }

  #hear(method: string, params: unknown): void {
    if (this.#state !== "open") return;
    if (method === "unsubscribe") {
      const parsed = ClientNotifications.unsubscribe.safeParse(params);
      if (!parsed.success) return;
      this.#subscriptions.delete(parsed.data.channel);
      this.#ports.fanOut.unsubscribe(this, parsed.data.channel);
    } else if (method === "dispatchAction") {
      this.#dispatchAction(params);
    }
  }

  #dispatchAction(params: unknown): void {
    const parsed = ClientNotifications.dispatchAction.safeParse(params);
    if (!parsed.success) return this.#refuseUnparsed(params, parsed.error.issues[0]?.message ?? "It is malformed.");
    const { channel, clientSeq, action } = parsed.data;
    if (isUnheard(action)) return;
    if (!this.#rate.take()) return this.#refuseUnparsed(params, "Too many messages. Slow down.");
    const { channels } = this.#ports;
    const origin = { principal: this.principal, clientId: this.#clientId ?? "", clientSeq };
    const dispatch = () => {
      const outcome = channels.dispatch(channel, action, origin);
      if (outcome.isRepeat !== true) return;
      const { seq, refused } = outcome;
      this.#ports.fanOut.afterDurable(seq, () => this.#echo({ channel, action, serverSeq: seq }, clientSeq, refused));
    };
    if (channels.isLoaded(channel) && this.#orderedCount === 0) return dispatch();
    this.#inOrder(async () => {
      await channels.load(channel);
      dispatch();
    });
  }

  /** What has no readable action has no place in the log either; its sender still learns that it did not happen. */
  #refuseUnparsed(params: unknown, reason: string): void {
    const { channel, clientSeq, action } = (params ?? {}) as Record<string, unknown>;
    if (typeof channel !== "string" || typeof clientSeq !== "number") return;
    this.#echo({ channel, action, serverSeq: this.#ports.channels.durableSeq }, clientSeq, reason);
  }

  #echo(envelope: object, clientSeq: number, refused: string | undefined): void {
    const origin = { clientId: this.#clientId, clientSeq };
    const params = { ...envelope, origin, ...(refused !== undefined && { rejectionReason: refused }) };
    this.#send({ method: "action", params });
  }

  /** The id is this connection's from here on; the connection is open when the client reads so. */
  #claim(clientId: string): void {
    if (clientId === "" || clientId.length > maxIdLength) {
      throw new RpcError(RPC.invalidParams, `A client id has 1 to ${maxIdLength} characters.`);
    }
    if (this.#state !== "opening") throw new AppError("cancelled", "The connection was closed.");
    if (!this.#ports.clients.joined(this.principal, clientId)) {
      throw new RpcError(RPC.notFound, "This host does not know this client.");
    }
    this.#clientId = clientId;
  }

  /** Those of the channels that exist; they are in memory then. */
  async #loaded(uris: readonly string[]): Promise<string[]> {
    const unique = Array.from(new Set(uris)).slice(0, maxSubscriptions);
    const found = await Promise.all(unique.map((uri) => this.#ports.channels.load(uri)));
    return unique.filter((_, index) => found[index]);
  }

  /** State and subscription belong to the same instant, so nothing is lost or doubled between the two. */
  #snapshotAndSubscribe(uri: string): Snapshot {
    const snapshot = this.#ports.channels.snapshot(uri);
    if (!snapshot) throw new RpcError(RPC.channelNotFound, "There is no such channel.");
    this.#follow(uri, snapshot.seq);
    return { resource: uri, state: snapshot.state, fromSeq: snapshot.seq };
  }

  #follow(uri: string, after: number): void {
    this.#subscriptions.add(uri);
    this.#ports.fanOut.subscribe(this, uri, after);
  }

  /** Nobody is told of anything that a crash could still take back. */
  #answerDurable(id: RpcId, result: unknown): void {
    this.#ports.fanOut.afterDurable(this.#ports.channels.lastSeq, () => this.#send({ id, result }));
  }

  #answerGreeting(id: RpcId, result: unknown): void {
    this.#ports.fanOut.afterDurable(this.#ports.channels.lastSeq, () => {
      if (this.#state !== "opening") return;
      this.#state = "open";
      this.#send({ id, result });
    });
  }

  #run(id: RpcId, method: string, work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#fail(id, method, error));
  }

  #inOrder(work: () => Promise<void>): void {
    this.#orderedCount += 1;
    const during = (error: unknown) => this.#ports.logger.error("message failed", { error: String(error) });
    this.#ordered = this.#ordered
      .then(work)
      .catch(during)
      .finally(() => (this.#orderedCount -= 1));
  }

  #fail(id: RpcId, method: string, thrown: unknown): void {
    const error = toRpcError(thrown);
    const fields = { method, code: error.code, reason: error.message };
    if (error.code === RPC.internal) {
      this.#ports.logger.warn("request failed", { ...fields, error: String(thrown) });
    } else {
      this.#ports.logger.debug("request refused", fields);
    }
    this.#sendError(id, error);
  }

  #sendError(id: RpcId | null, { code, message, data }: RpcError): void {
    this.#send({ id, error: data === undefined ? { code, message } : { code, message, data } });
  }

  #send(message: object): void {
    this.#sendText(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  #sendText(text: string): void {
    if (this.#state !== "closed") this.#outbox.push(frameBytes(text));
  }
}
