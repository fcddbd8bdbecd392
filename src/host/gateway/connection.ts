import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { TokenBucket } from "../../base/tokenBucket.ts";
import { parseAction } from "../../protocol/actions.ts";
import { decode } from "../../protocol/decode.ts";
import type { FleetAdvertisement } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { parseFrame, type RpcId } from "../../protocol/frame.ts";
import { RPC, RpcError, toRpcError } from "../../protocol/jsonrpc.ts";
import { ClientNotifications, type Implementation, type ParamsOf } from "../../protocol/methods.ts";
import { HOST_VERSIONS, negotiate, rangesOf } from "../../protocol/versions.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import type { Dialect } from "./dialect.ts";
import type { FanOut, Reader } from "./fanOut.ts";
import { frameBytes } from "./frameBytes.ts";
import type { Caller, HostApi } from "./hostApi.ts";
import type { KnownClients } from "./knownClients.ts";
import type { Outbox } from "./outbox.ts";
import { answerRequest, parseParams, requestHandlers } from "./requests.ts";
import { Subscriptions } from "./subscriptions.ts";
import { isVsCode } from "./vscodeDialect.ts";

export const INBOUND_LIMITS = { maxBytes: 2 * 1024 * 1024, maxDepth: 64, maxKeys: 10_000 };
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
  /** For clients that are VS Code. */
  readonly vscode: Dialect;
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
  readonly #rate: TokenBucket;
  readonly #owned = new Disposables();
  readonly #subscriptions: Subscriptions;
  #state: "greeting" | "opening" | "open" | "closed" = "greeting";
  #clientId: string | undefined;
  #dialect: Dialect | undefined;
  /** Ends when everything that must stay in order has been done. */
  #ordered: Promise<void> = Promise.resolve();
  #orderedCount = 0;

  constructor(ports: ConnectionPorts, principal: string, outbox: Outbox) {
    this.principal = principal;
    this.#ports = ports;
    this.#outbox = outbox;
    this.#handlers = requestHandlers(ports.api);
    this.#subscriptions = new Subscriptions(this, ports.channels, ports.fanOut);
    this.#rate = new TokenBucket(ports.clock, 1_000, 5_000);
    this.#owned.add(ports.fanOut.join(this));
  }

  get clientId(): string | undefined {
    return this.#state === "open" ? this.#clientId : undefined;
  }

  get dialect(): Dialect | undefined {
    return this.#dialect;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
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
    if (frame.kind !== "request" && frame.kind !== "notification") return;
    const params = this.#heard(frame.method, frame.params);
    if (frame.kind === "request") this.#request(frame.id, frame.method, params);
    else if (params !== undefined) this.#hear(frame.method, params);
  }

  /** The host stops: a client that knows the fleet plane waits this long before it tries again. */
  goAway(retryAfterMs: number): void {
    this.#send({ method: "x-fleet/goingAway", params: { channel: ROOT_URI, retryAfterMs } });
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
    const { archivesFirst = false, makesDrafts = false } = this.#dialect ?? {};
    return { principal: this.principal, clientId: this.#clientId ?? "", archivesFirst, makesDrafts };
  }

  #chooseDialect(client: Implementation | undefined): void {
    this.#dialect = isVsCode(client) ? this.#ports.vscode : undefined;
  }

  #heard(method: string, params: unknown): unknown {
    return this.#dialect ? this.#dialect.hear(method, params) : params;
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
    if (method === "fetchTurns") return this.#run(id, method, async () => this.#fetchTurns(id, params));
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
        if (method === "initialize") {
          this.#chooseDialect(parseParams(method, params).clientInfo);
          await this.#initialize(id, parseParams(method, this.#heard(method, params)));
        } else {
          // Only `initialize` says who the client is.
          this.#chooseDialect(this.#ports.clients.infoOf(this.principal, parseParams(method, params).clientId));
          await this.#reconnect(id, parseParams(method, this.#heard(method, params)));
        }
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
      const supportedVersions = rangesOf(HOST_VERSIONS);
      throw new RpcError(RPC.versionMismatch, `This host speaks AHP ${supportedVersions.join(", ")}, not ${offers}.`, {
        supportedVersions,
        muster: { code: "host.incompatible" },
      });
    }
    const wanted = await this.#subscriptions.existing(params.initialSubscriptions ?? []);
    this.#claim(params.clientId, params.clientInfo);
    const { lastSeq } = this.#ports.channels;
    this.#answerGreeting(id, {
      protocolVersion,
      serverSeq: lastSeq,
      serverInfo: { name: "Muster", version: this.#ports.version },
      snapshots: wanted.map((uri) => this.#subscriptions.snapshot(uri)),
      ...(this.#dialect && { defaultDirectory: this.#dialect.defaultDirectory }),
      _meta: { muster: this.#ports.advertisement },
    });
  }

  async #reconnect(id: RpcId, params: ParamsOf<"reconnect">): Promise<void> {
    const { channels, clients, advertisement } = this.#ports;
    // A client that names this log's epoch may resume over a restart of the host, which forgot its clients.
    const { epoch, windows = [] } = fleetMeta("reconnect", params) ?? {};
    if (!clients.isKnown(this.principal, params.clientId) && epoch !== advertisement.epoch) {
      throw new RpcError(RPC.notFound, "This host does not know this client any more. Initialize again.", {
        muster: { code: "notFound" },
      });
    }
    const present = await this.#subscriptions.existing(params.subscriptions);
    this.#claim(params.clientId);
    this.#replaceEarlier();
    const seen = params.lastSeenServerSeq;
    const isPlausible = Number.isInteger(seen) && seen >= 0 && seen <= channels.lastSeq;
    const same = present.filter((uri) => !channels.hasEndedSince(uri, seen));
    const missed = isPlausible ? channels.window.since(seen, new Set(same)) : undefined;
    if (missed === undefined) {
      const turns = new Map(windows.map((window) => [window.channel, window.turns]));
      const snapshots = present.map((uri) => this.#subscriptions.snapshot(uri, turns.get(uri)));
      return this.#answerGreeting(id, { type: "snapshot", snapshots });
    }
    // The window holds what is durable. What is not yet will be delivered after the answer like anything later.
    const after = channels.durableSeq;
    for (const uri of same) this.#subscriptions.follow(uri, after);
    const missing = params.subscriptions.filter((uri) => !same.includes(uri));
    const actions = missed.map((entry) => entry.frame.slice(entry.frame.indexOf('"params":') + 9, -1));
    const answer = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"type":"replay","actions":[${actions.join(",")}],"missing":${JSON.stringify(missing)}}}`;
    this.#state = "open";
    if (this.#dialect) this.#send(JSON.parse(answer));
    else this.#sendText(answer);
    this.#remind();
  }

  async #subscribe(id: RpcId, params: unknown): Promise<void> {
    const { channel, view } = parseParams("subscribe", params);
    const snapshot = await this.#subscriptions.open(channel, view?.turns);
    this.#answerDurable(id, { snapshot });
  }

  #fetchTurns(id: RpcId, params: unknown): void {
    const { channel, cursor } = parseParams("fetchTurns", params);
    if (cursor !== undefined) {
      const older = { channel, ...this.#subscriptions.olderTurns(channel, cursor) };
      this.#ports.fanOut.afterDurable(older.serverSeq, () => this.#send({ method: "action", params: older }));
    }
    this.#answerDurable(id, {});
  }

  /** A client that comes back has given its earlier connections up: what they still bring, it sends again itself. */
  #replaceEarlier(): void {
    for (const reader of Array.from(this.#ports.fanOut.readers)) {
      const isEarlier = reader !== this && reader.principal === this.principal && reader.clientId === this.#clientId;
      if (isEarlier) reader.dispose();
    }
  }

  #hear(method: string, params: unknown): void {
    if (this.#state !== "open") return;
    if (method === "unsubscribe") {
      const decoded = decode(ClientNotifications.unsubscribe, params);
      if (!decoded.ok) return;
      this.#subscriptions.end(decoded.value.channel);
    } else if (method === "dispatchAction") {
      this.#dispatchAction(params);
    }
  }

  #dispatchAction(params: unknown): void {
    const decoded = decode(ClientNotifications.dispatchAction, params);
    if (!decoded.ok) return this.#refuseUnparsed(params);
    const { channel, clientSeq, action } = decoded.value;
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
  #refuseUnparsed(params: unknown, reason?: string): void {
    const { channel, clientSeq, action } = (params ?? {}) as Record<string, unknown>;
    if (typeof channel !== "string" || typeof clientSeq !== "number" || !Number.isFinite(clientSeq)) return;
    const read = parseAction(action);
    const sentence = reason ?? (read.ok ? "The dispatch is malformed." : read.error);
    this.#echo({ channel, action, serverSeq: this.#ports.channels.durableSeq }, clientSeq, sentence);
  }

  #echo(envelope: object, clientSeq: number, refused: string | undefined): void {
    const origin = { clientId: this.#clientId, clientSeq };
    const params = { ...envelope, origin, ...(refused !== undefined && { rejectionReason: refused }) };
    this.#send({ method: "action", params });
  }

  /** The id is this connection's from here on; the connection is open when the client reads so. */
  #claim(clientId: string, info?: Implementation): void {
    if (clientId === "" || clientId.length > maxIdLength) {
      throw new RpcError(RPC.invalidParams, `A client id has 1 to ${maxIdLength} characters.`);
    }
    if (this.#state !== "opening") throw new AppError("cancelled", "The connection was closed.");
    if (!this.#ports.clients.joined(this.principal, clientId, info)) {
      throw new RpcError(RPC.notFound, "This host does not know this client.");
    }
    this.#clientId = clientId;
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
      this.#remind();
    });
  }

  /** What a client that does not list again may have missed. */
  #remind(): void {
    if (!this.#dialect) return;
    for (const summary of this.#ports.api.recentSessions(this.#dialect.remindsOfMs)) {
      this.#send({ method: "root/sessionAdded", params: { channel: ROOT_URI, summary } });
    }
  }

  #run(id: RpcId, method: string, work: () => Promise<void>): void {
    // A refusal may rest on what is not on disk yet as well.
    const refuse = (error: unknown) =>
      this.#ports.fanOut.afterDurable(this.#ports.channels.lastSeq, () => this.#fail(id, method, error));
    work().catch(refuse);
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
    this.#sendText(JSON.stringify({ jsonrpc: "2.0", ...(this.#dialect?.say(message) ?? message) }));
  }

  #sendText(text: string): void {
    if (this.#state !== "closed") this.#outbox.push(frameBytes(text));
  }
}
