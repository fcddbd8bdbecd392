import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { type Failpoint, noFailpoint } from "../../base/failpoint.ts";
import type { Logger } from "../../base/logger.ts";
import { TokenBucket } from "../../base/tokenBucket.ts";
import { isRecord } from "../../base/isRecord.ts";
import { decode } from "../../protocol/decode.ts";
import type { FleetAdvertisement } from "../../protocol/fleet.ts";
import { parseFrame, type RpcId } from "../../protocol/frame.ts";
import { RPC, RpcError, toRpcError } from "../../protocol/jsonrpc.ts";
import { ClientNotifications } from "../../protocol/methods.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { Audit } from "../access/audit.ts";
import type { Grant } from "../access/grant.ts";
import { roleRefusal } from "../access/rights.ts";
import { type Owners, Sight } from "../access/sight.ts";
import type { Channels } from "../channels/channels.ts";
import { asRequest } from "../logging/requestContext.ts";
import { ClientDispatches } from "./clientDispatches.ts";
import type { Dialect } from "./dialect.ts";
import type { FanOut, Reader } from "./fanOut.ts";
import { frameBytes } from "./frameBytes.ts";
import { Greeting } from "./greeting.ts";
import type { Caller, FleetHandlers, HostApi } from "./hostApi.ts";
import type { KnownClients } from "./knownClients.ts";
import type { Outbox } from "./outbox.ts";
import { answerRequest, parseParams, requestHandlers } from "./requests.ts";
import { Subscriptions } from "./subscriptions.ts";

export const INBOUND_LIMITS = { maxBytes: 2 * 1024 * 1024, maxDepth: 64, maxKeys: 10_000 };

/** In which member a method names the session that it makes. */
const addressMade: Readonly<Record<string, string>> = {
  createSession: "channel",
  "x-fleet/fork": "session",
  "x-fleet/combine": "session",
};

export interface ConnectionPorts {
  readonly channels: Channels;
  readonly fanOut: FanOut;
  readonly api: HostApi;
  readonly fleet: Partial<FleetHandlers>;
  readonly failpoint?: Failpoint;
  readonly clients: KnownClients;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly advertisement: FleetAdvertisement;
  /** For clients that are VS Code. */
  readonly vscode: Dialect;
  readonly owners: Owners;
  readonly audit: Pick<Audit, "record">;
}

/** Who is at the other end, as the upgrade found out. */
export interface Visitor {
  readonly grant: Grant;
  /** Network address. */
  readonly from: string;
}

/**
 * One client's connection after the upgrade. It never throws at its socket: what is malformed is answered and the next
 * message is read. Actions of one connection are applied in the order in which they came.
 */
export class Connection implements Reader, Disposable {
  readonly principal: string;
  readonly sight: Sight;
  readonly #visitor: Visitor;
  readonly #ports: ConnectionPorts;
  readonly #outbox: Outbox;
  readonly #rate: TokenBucket;
  readonly #owned = new Disposables();
  readonly #subscriptions: Subscriptions;
  readonly #dispatches: ClientDispatches;
  readonly #greeting: Greeting;

  constructor(ports: ConnectionPorts, visitor: Visitor, outbox: Outbox) {
    this.#visitor = visitor;
    this.principal = visitor.grant.user;
    this.sight = new Sight(visitor.grant, ports.owners);
    this.#ports = ports;
    this.#outbox = outbox;
    this.#subscriptions = new Subscriptions(this, this.sight, ports.channels, ports.fanOut);
    this.#dispatches = new ClientDispatches(ports, {
      sight: this.sight,
      caller: () => this.#caller,
      mayGoOn: () => this.#rate.take(),
      send: (message) => this.#send(message),
      audited: (what, channel, refused) => this.#audited(what, channel, refused),
    });
    this.#greeting = new Greeting(ports, {
      reader: this,
      subscriptions: this.#subscriptions,
      caller: () => this.#caller,
      send: (message) => this.#send(message),
      sendText: (text) => this.#sendText(text),
      audited: (what) => this.#audited(what, undefined, undefined),
    });
    this.#rate = new TokenBucket(ports.clock, 1_000, 5_000);
    this.#owned.add(ports.fanOut.join(this));
  }

  get grant(): Grant {
    return this.#visitor.grant;
  }

  get clientId(): string | undefined {
    return this.isOpen ? this.#greeting.clientId : undefined;
  }

  get dialect(): Dialect | undefined {
    return this.#greeting.dialect;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  get isOpen(): boolean {
    return this.#greeting.state === "open";
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
    const { state, clientId } = this.#greeting;
    if (state === "closed") return;
    if (clientId !== undefined) this.#ports.clients.left(this.principal, clientId);
    this.#greeting.state = "closed";
    this.#outbox.flush();
    this.#outbox.close();
    this.#owned.dispose();
  }

  get #caller(): Caller {
    const { archivesFirst = false, makesDrafts = false } = this.dialect ?? {};
    const { role, sessions } = this.#visitor.grant;
    return {
      principal: this.principal,
      role,
      sessions,
      clientId: this.#greeting.clientId ?? "",
      archivesFirst,
      makesDrafts,
    };
  }

  #heard(method: string, params: unknown): unknown {
    return this.dialect ? this.dialect.hear(method, params) : params;
  }

  #request(id: RpcId, method: string, params: unknown): void {
    if (method === "ping") return this.#send({ id, result: null });
    if (!this.#rate.take())
      return this.#fail(id, method, new AppError("limit.exceeded", "Too many messages. Slow down."));
    if (method === "initialize" || method === "reconnect") {
      return this.#run(id, method, params, () => this.#greeting.hear(id, method, params));
    }
    if (!this.isOpen) {
      return this.#fail(
        id,
        method,
        new RpcError(RPC.methodNotFound, "The first request must be initialize or reconnect."),
      );
    }
    const refused = roleRefusal(this.#visitor.grant.role, method);
    if (refused !== undefined) return this.#fail(id, method, new AppError("permission.denied", refused), params);
    if (method === "subscribe") return this.#run(id, method, params, () => this.#subscribe(id, params));
    if (method === "fetchTurns") return this.#run(id, method, params, async () => this.#fetchTurns(id, params));
    this.#run(id, method, params, () => this.#answer(id, method, params));
  }

  /** What is somebody else's cannot be found by anything that looks for it. */
  async #answer(id: RpcId, method: string, params: unknown): Promise<void> {
    const { params: seen, unblind } = await this.sight.blind(params);
    const { api, fleet } = this.#ports;
    try {
      await api.recall(seen);
      // Made for each request: thousands of connections that ask nothing would each keep a table of them.
      const handlers = requestHandlers(api, fleet);
      const result = await answerRequest(handlers, method, withAddress(method, seen, params), this.#caller);
      this.#audited(method, channelOf(params), undefined);
      this.#answerDurable(id, unblind ? unblind(result ?? null) : (result ?? null));
    } catch (error) {
      if (!unblind) throw error;
      const { code, message, data } = toRpcError(error);
      throw new RpcError(code, unblind(message), unblind(data));
    }
  }

  async #subscribe(id: RpcId, params: unknown): Promise<void> {
    const { channel, view } = parseParams("subscribe", params);
    const snapshot = await this.#subscriptions.open(channel, view?.turns);
    this.#audited("subscribe", channel, undefined);
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

  #hear(method: string, params: unknown): void {
    if (!this.isOpen) return;
    if (method === "unsubscribe") {
      const decoded = decode(ClientNotifications.unsubscribe, params);
      if (!decoded.ok) return;
      this.#subscriptions.end(decoded.value.channel);
    } else if (method === "dispatchAction") {
      this.#dispatches.take(params);
    }
  }

  /** Nobody is told of anything that a crash could still take back. */
  #answerDurable(id: RpcId, result: unknown): void {
    const { fanOut, channels, failpoint = noFailpoint } = this.#ports;
    fanOut.afterDurable(channels.lastSeq, () => {
      failpoint("answer.sending");
      this.#send({ id, result });
      failpoint("answer.sent");
    });
  }

  #audited(what: string, channel: string | undefined, refused: string | undefined): void {
    const { grant, from } = this.#visitor;
    const { user, tokenId: token, role } = grant;
    this.#ports.audit.record({ user, token, role, clientId: this.#greeting.clientId, from, what, channel, refused });
  }

  /** For log lines. */
  #who() {
    return { user: this.principal, client: this.#greeting.clientId };
  }

  #run(id: RpcId, method: string, params: unknown, work: () => Promise<void>): void {
    // A refusal may rest on what is not on disk yet as well.
    const refuse = (error: unknown) =>
      this.#ports.fanOut.afterDurable(this.#ports.channels.lastSeq, () => this.#fail(id, method, error, params));
    asRequest({ request: id, method, ...this.#who() }, work).catch(refuse);
  }

  #fail(id: RpcId, method: string, thrown: unknown, params?: unknown): void {
    const error = toRpcError(thrown);
    this.#audited(method, channelOf(params), error.message);
    const fields = { request: id, method, ...this.#who(), code: error.code, reason: error.message };
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
    this.#sendText(JSON.stringify({ jsonrpc: "2.0", ...(this.dialect?.say(message) ?? message) }));
  }

  #sendText(text: string): void {
    if (this.#greeting.state !== "closed") this.#outbox.push(frameBytes(text));
  }
}

/** A session that is to be made has the address that its client gives it. */
function withAddress(method: string, seen: unknown, params: unknown): unknown {
  const made = addressMade[method];
  return made !== undefined && isRecord(params) && isRecord(seen) ? { ...seen, [made]: params[made] } : seen;
}

function channelOf(params: unknown): string | undefined {
  const channel = isRecord(params) ? params["channel"] : undefined;
  return typeof channel === "string" ? channel : undefined;
}
