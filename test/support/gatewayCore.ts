import { Duplex } from "node:stream";
import { silentLogger } from "../../src/base/logger.ts";
import type { Grant } from "../../src/host/access/grant.ts";
import type { Owners } from "../../src/host/access/sight.ts";
import { Audit } from "../../src/host/access/audit.ts";
import { type Act, AUDIT_CHANNEL, parseAct } from "../../src/host/access/auditRecord.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import { Connection } from "../../src/host/gateway/connection.ts";
import { FanOut } from "../../src/host/gateway/fanOut.ts";
import type { HostApi } from "../../src/host/gateway/hostApi.ts";
import { KnownClients } from "../../src/host/gateway/knownClients.ts";
import { Outbox } from "../../src/host/gateway/outbox.ts";
import { VsCodeDialect } from "../../src/host/gateway/vscodeDialect.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { textOfFrame } from "../model/simulation/linkSocket.ts";
import { ownersGrant, noOwners } from "./access.ts";
import { aHostApi } from "./aHostApi.ts";
import { FakeClock, settle } from "./fakeClock.ts";
import { memoryDisk, MemoryLog } from "./memoryLog.ts";

export interface Said {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

class Socket extends Duplex {
  readonly said: Said[] = [];

  override _read(): void {
    // Nothing comes from there.
  }

  override _write(frame: Buffer, _encoding: string, onWritten: () => void): void {
    this.said.push(JSON.parse(textOfFrame(frame)) as Said);
    onWritten();
  }
}

/** The gateway behind the upgrade, on a log in memory: connections of whoever a test needs, and what they were told. */
export class GatewayCore {
  readonly clock = new FakeClock();
  readonly disk = memoryDisk();
  readonly log = new MemoryLog(this.clock, this.disk);
  readonly channels = new Channels({ log: this.log, logger: silentLogger });
  readonly fanOut = new FanOut(this.channels);
  readonly audit = new Audit({ log: this.log, clock: this.clock, logger: silentLogger, keptMs: 1_000_000 });
  readonly #clients = new KnownClients(this.clock);
  readonly #api: HostApi;
  readonly #owners: Owners;

  constructor(api: Partial<HostApi> = {}, owners: Owners = noOwners) {
    this.#api = aHostApi({ recentSessions: () => [], ...api });
    this.#owners = owners;
    this.channels.create(ROOT_URI, "root", { agents: [], activeSessions: 0 });
  }

  /** A client that is initialized. */
  async client(clientId = "client", grant: Grant = ownersGrant): Promise<CoreClient> {
    const socket = new Socket();
    const outbox = new Outbox(socket, { maxQueuedBytes: 8_000_000, onOverflow: () => undefined });
    const connection = new Connection(
      {
        channels: this.channels,
        fanOut: this.fanOut,
        api: this.#api,
        fleet: {},
        clients: this.#clients,
        owners: this.#owners,
        audit: this.audit,
        clock: this.clock,
        logger: silentLogger,
        version: "1",
        advertisement: { version: 1, epoch: "memory", methods: [], channels: [], isolation: "none" },
        vscode: new VsCodeDialect(() => undefined),
      },
      { grant, from: "192.0.2.7" },
      outbox,
    );
    const client = new CoreClient(connection, socket.said);
    await client.request("initialize", { channel: ROOT_URI, protocolVersions: ["0.9.0"], clientId });
    return client;
  }

  acts(): Act[] {
    const records = this.disk.records.filter(({ channel }) => channel === AUDIT_CHANNEL);
    return records.flatMap(({ body }) => parseAct(body) ?? []);
  }
}

export class CoreClient {
  readonly connection: Connection;
  readonly said: Said[];
  #lastId = 0;
  #clientSeq = 0;

  constructor(connection: Connection, said: Said[]) {
    this.connection = connection;
    this.said = said;
  }

  async request(method: string, params: object): Promise<Said> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.connection.receive(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    for (let turn = 0; turn < 20; turn += 1) {
      const answer = this.said.find((each) => each.id === id && each.method === undefined);
      if (answer) return answer;
      await settle();
    }
    throw new Error(`${method} was not answered`);
  }

  /** Why it was refused; undefined when it was not. */
  async dispatched(channel: string, action: object, meta?: object): Promise<string | undefined> {
    this.#clientSeq += 1;
    const clientSeq = this.#clientSeq;
    const params = { channel, clientSeq, action, ...(meta && { _meta: { muster: meta } }) };
    this.connection.receive(JSON.stringify({ jsonrpc: "2.0", method: "dispatchAction", params }));
    for (let turn = 0; turn < 20; turn += 1) {
      const echo = this.said.find(({ params: told }) => originOf(told) === clientSeq);
      if (echo) return echo.params?.["rejectionReason"] as string | undefined;
      await settle();
    }
    throw new Error("the dispatch was not answered");
  }
}

function originOf(params: Record<string, unknown> | undefined): unknown {
  return (params?.["origin"] as { clientSeq?: unknown } | undefined)?.clientSeq;
}
