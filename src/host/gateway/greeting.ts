import { AppError } from "../../base/appError.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { RpcId } from "../../protocol/frame.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { Implementation, ParamsOf } from "../../protocol/methods.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import { HOST_VERSIONS, negotiate, rangesOf } from "../../protocol/versions.ts";
import type { ConnectionPorts } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import type { Reader } from "./fanOut.ts";
import type { Caller } from "./hostApi.ts";
import { parseParams } from "./requests.ts";
import type { Subscriptions } from "./subscriptions.ts";
import { isVsCode } from "./vscodeDialect.ts";

const maxIdLength = 200;

/** The connection that is greeted. */
export interface GreetedPeer {
  readonly reader: Reader;
  readonly subscriptions: Subscriptions;
  caller(): Caller;
  send(message: object): void;
  sendText(text: string): void;
  audited(what: string): void;
}

/**
 *  greeting ─initialize, reconnect→ opening ─answered→ open
 *     └── anything but ping: -32601     └── a failure goes back to greeting
 *
 * How a connection begins: the client says who it is and what it has, and gets the rest.
 */
export class Greeting {
  state: "greeting" | "opening" | "open" | "closed" = "greeting";
  /** Of the client, as soon as the id is this connection's. */
  clientId: string | undefined;
  dialect: Dialect | undefined;
  readonly #ports: ConnectionPorts;
  readonly #peer: GreetedPeer;

  constructor(ports: ConnectionPorts, peer: GreetedPeer) {
    this.#ports = ports;
    this.#peer = peer;
  }

  /** Sends the answer. Rejects with `RpcError` or `AppError` to refuse; the client may try again then. */
  async hear(id: RpcId, method: "initialize" | "reconnect", params: unknown): Promise<void> {
    if (this.state !== "greeting") {
      throw new RpcError(RPC.methodNotFound, "This connection is initialized already.");
    }
    this.state = "opening";
    try {
      if (method === "initialize") {
        this.#chooseDialect(parseParams(method, params).clientInfo);
        await this.#initialize(id, parseParams(method, this.#heard(method, params)));
      } else {
        // Only `initialize` says who the client is.
        const { clientId } = parseParams(method, params);
        this.#chooseDialect(this.#ports.clients.infoOf(this.#user, clientId));
        await this.#reconnect(id, parseParams(method, this.#heard(method, params)));
      }
      this.#peer.audited(method);
    } catch (error) {
      if (this.state === "opening") this.state = "greeting";
      throw error;
    }
  }

  get #user(): string {
    return this.#peer.reader.principal;
  }

  #chooseDialect(client: Implementation | undefined): void {
    this.dialect = isVsCode(client) ? this.#ports.vscode : undefined;
  }

  #heard(method: string, params: unknown): unknown {
    return this.dialect ? this.dialect.hear(method, params) : params;
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
    const { subscriptions } = this.#peer;
    const wanted = await subscriptions.existing(params.initialSubscriptions ?? []);
    this.#claim(params.clientId, params.clientInfo);
    const { lastSeq } = this.#ports.channels;
    this.#answer(id, {
      protocolVersion,
      serverSeq: lastSeq,
      serverInfo: { name: "Muster", version: this.#ports.version },
      snapshots: wanted.map((uri) => subscriptions.snapshot(uri)),
      ...(this.dialect && { defaultDirectory: this.dialect.defaultDirectory }),
      _meta: { muster: { ...this.#ports.advertisement, user: this.#user } },
    });
  }

  async #reconnect(id: RpcId, params: ParamsOf<"reconnect">): Promise<void> {
    const { clients, advertisement } = this.#ports;
    // A client that names this log's epoch may resume over a restart of the host, which forgot its clients.
    const { epoch, windows = [] } = fleetMeta("reconnect", params) ?? {};
    if (!clients.isKnown(this.#user, params.clientId) && epoch !== advertisement.epoch) {
      throw new RpcError(RPC.notFound, "This host does not know this client any more. Initialize again.", {
        muster: { code: "notFound" },
      });
    }
    const { subscriptions } = this.#peer;
    const present = await subscriptions.existing(params.subscriptions);
    this.#claim(params.clientId);
    this.#replaceEarlier();
    const replay = subscriptions.resume(params, present);
    if (replay === undefined) {
      const turns = new Map(windows.map((window) => [window.channel, window.turns]));
      const snapshots = present.map((uri) => subscriptions.snapshot(uri, turns.get(uri)));
      return this.#answer(id, { type: "snapshot", snapshots });
    }
    const answer = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${replay}}`;
    this.state = "open";
    if (this.dialect) this.#peer.send(JSON.parse(answer));
    else this.#peer.sendText(answer);
    this.#remind();
  }

  /** A client that comes back has given its earlier connections up: what they still bring, it sends again itself. */
  #replaceEarlier(): void {
    const own = this.#peer.reader;
    for (const reader of Array.from(this.#ports.fanOut.readers)) {
      if (reader === own || reader.principal !== own.principal || reader.clientId !== this.clientId) continue;
      reader.dispose();
    }
  }

  /** The id is this connection's from here on; the connection is open when the client reads so. */
  #claim(clientId: string, info?: Implementation): void {
    if (clientId === "" || clientId.length > maxIdLength) {
      throw new RpcError(RPC.invalidParams, `A client id has 1 to ${maxIdLength} characters.`);
    }
    if (this.state !== "opening") throw new AppError("cancelled", "The connection was closed.");
    if (!this.#ports.clients.joined(this.#user, clientId, info)) {
      throw new RpcError(RPC.notFound, "This host does not know this client.");
    }
    this.clientId = clientId;
  }

  /** Nobody is told of anything that a crash could still take back. */
  #answer(id: RpcId, result: unknown): void {
    this.#ports.fanOut.afterDurable(this.#ports.channels.lastSeq, () => {
      if (this.state !== "opening") return;
      this.state = "open";
      this.#peer.send({ id, result });
      this.#remind();
    });
  }

  /** What a client that does not list again may have missed. */
  #remind(): void {
    if (!this.dialect) return;
    for (const summary of this.#ports.api.recentSessions(this.dialect.remindsOfMs, this.#peer.caller())) {
      this.#peer.send({ method: "root/sessionAdded", params: { channel: ROOT_URI, summary } });
    }
  }
}
