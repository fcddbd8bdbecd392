import { Duplex } from "node:stream";
import { silentLogger } from "../../src/base/logger.ts";
import { Channels } from "../../src/host/channels/channels.ts";
import { ReplayWindow } from "../../src/host/channels/replayWindow.ts";
import { Connection, type ConnectionPorts } from "../../src/host/gateway/connection.ts";
import { FanOut } from "../../src/host/gateway/fanOut.ts";
import { KnownClients } from "../../src/host/gateway/knownClients.ts";
import { Outbox } from "../../src/host/gateway/outbox.ts";
import { VsCodeDialect } from "../../src/host/gateway/vscodeDialect.ts";
import { Catalogue } from "../../src/host/sessions/catalogue.ts";
import { refsOf } from "../../src/host/sessions/sessionRefs.ts";
import { ROOT_URI } from "../../src/protocol/uris.ts";
import { firstSessions, startStates } from "../model/simulation/startStates.ts";
import { textOfFrame } from "../model/simulation/linkSocket.ts";
import { aVisitor, noOwners } from "../support/access.ts";
import { aHostApi } from "../support/aHostApi.ts";
import { Dice } from "../support/dice.ts";
import { FakeClock, settle } from "../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../support/memoryLog.ts";
import { clientFrames } from "./corpus.ts";
import { Faults } from "./faults.ts";
import { malformed } from "./mutate.ts";
import { type Expected, expectedOf, type Said, wrongWith } from "./oracle.ts";

const framesPerBatch = 50;
const batchesPerConnection = 20;
const connectionsPerHost = 20;
const terminal = "ahp-terminal:/session-0/call";
const created = new Date(0).toISOString();
const channelUris: [string, ...string[]] = [
  ROOT_URI,
  ...firstSessions.flatMap((uri) => [...startStates(uri, created).keys()]),
];

/** A socket whose reader takes everything at once and keeps it as text. */
class Reader extends Duplex {
  heard: string[] = [];

  override _read(): void {
    // Nothing comes from there.
  }

  override _write(frame: Buffer, _encoding: string, onWritten: () => void): void {
    this.heard.push(textOfFrame(frame));
    onWritten();
  }
}

/** A host's core with channels of every kind, and a client beside the hostile one that only wants its service. */
class Target {
  readonly clock = new FakeClock();
  readonly #disk = memoryDisk();
  readonly #ports: ConnectionPorts;
  readonly #channels: Channels;
  readonly #good: { readonly connection: Connection; readonly socket: Reader };
  #told = 0;

  constructor() {
    const log = new MemoryLog(this.clock, this.#disk);
    this.#channels = new Channels({ log, logger: silentLogger, window: new ReplayWindow({ maxActions: 200 }) });
    const fanOut = new FanOut(this.#channels);
    const catalogue = new Catalogue(this.#channels, this.clock, (method, params) => fanOut.notify(method, params));
    this.#channels.create(ROOT_URI, "root", { agents: [], activeSessions: 0 });
    for (const session of firstSessions) {
      for (const [uri, [kind, state]] of startStates(session, created)) this.#channels.create(uri, kind, state);
      catalogue.add(refsOf(session), true);
    }
    this.#ports = {
      channels: this.#channels,
      fanOut,
      api: aHostApi({ listSessions: (params) => catalogue.list(params), createSession: async () => undefined }),
      fleet: {},
      clients: new KnownClients(this.clock),
      owners: noOwners,
      audit: { record: () => undefined },
      clock: this.clock,
      logger: silentLogger,
      version: "1",
      advertisement: { version: 1, epoch: "memory", methods: [], channels: [], isolation: "none" },
      vscode: new VsCodeDialect(() => undefined),
    };
    this.#good = this.connect("owner");
  }

  async open(): Promise<void> {
    await this.greet(this.#good.connection, "good", [terminal]);
  }

  connect(principal: string): { readonly connection: Connection; readonly socket: Reader } {
    const socket = new Reader();
    const outbox = new Outbox(socket, { maxQueuedBytes: 8_000_000, onOverflow: () => undefined });
    return { connection: new Connection(this.#ports, aVisitor({ user: principal }), outbox), socket };
  }

  async greet(connection: Connection, clientId: string, initialSubscriptions: readonly string[]): Promise<void> {
    const params = { channel: ROOT_URI, protocolVersions: ["0.9.0"], clientId, initialSubscriptions };
    connection.receive(JSON.stringify({ jsonrpc: "2.0", id: "greeting", method: "initialize", params }));
    await settle();
    await settle();
  }

  /** The log is not kept: what it holds would count as the host's memory. */
  forget(): void {
    this.#disk.records.splice(0, this.#disk.records.length - 1);
  }

  /** Does the good client still get what it asked for? */
  async served(): Promise<boolean> {
    const { connection, socket } = this.#good;
    socket.heard = [];
    const token = `<${++this.#told}>`;
    this.#channels.dispatch(terminal, { type: "terminal/data", data: token });
    if (this.#told % 100 === 0) this.#channels.dispatch(terminal, { type: "terminal/cleared" });
    connection.receive(`{"jsonrpc":"2.0","id":"sign","method":"ping","params":{}}`);
    await settle();
    await settle();
    const signs = socket.heard.filter((text) => text === '{"jsonrpc":"2.0","id":"sign","result":null}').length;
    const tokens = socket.heard.filter((text) => text.includes(`"terminal/data"`) && text.includes(token)).length;
    return signs === 1 && tokens === 1;
  }
}

/** Malformed frames at the gateway's connection, before its greeting, after it, and after its end. */
export async function fuzzHostEdge(frames: number, seed: number): Promise<Faults> {
  const faults = new Faults();
  const dice = new Dice(seed);
  const corpus = clientFrames(channelUris, "hostile");
  let target = new Target();
  await target.open();
  for (let round = 0; faults.frames < frames; round++) {
    if (round % connectionsPerHost === connectionsPerHost - 1) {
      target = new Target();
      await target.open();
    }
    const { connection, socket } = target.connect(dice.chance(0.2) ? "intruder" : "owner");
    if (dice.chance(0.7)) await target.greet(connection, dice.chance(0.1) ? "good" : "hostile", channelUris);
    // One in ten gets no time to slow down, and learns that it should.
    const isHasty = dice.chance(0.1);
    for (let batch = 0; batch < batchesPerConnection; batch++) {
      if (batch === batchesPerConnection - 1 && dice.chance(0.5)) connection.dispose();
      socket.heard = [];
      const sent = sendBatch(connection, corpus, dice, faults);
      await settle();
      await settle();
      await target.clock.advance(isHasty ? 0 : 1_000);
      judge(sent, socket.heard, faults, connection.isOpen || batch < batchesPerConnection - 1);
      if (!(await target.served())) faults.add("the client beside it lost its service", sent.at(-1)?.frame ?? "");
      target.forget();
    }
    connection.dispose();
  }
  return faults;
}

interface Sent extends Expected {
  readonly frame: string;
}

function sendBatch(connection: Connection, corpus: readonly string[], dice: Dice, faults: Faults): Sent[] {
  faults.begin();
  return Array.from({ length: framesPerBatch }, () => {
    const frame = malformed(corpus, dice);
    faults.take(frame, () => connection.receive(frame));
    return { frame, ...expectedOf(frame) };
  });
}

function judge(sent: readonly Sent[], heard: readonly string[], faults: Faults, isThere: boolean): void {
  const byId = Map.groupBy(sent, ({ id }) => id);
  const answers = new Map<string, number>();
  for (const text of heard) {
    const said = JSON.parse(text) as Said;
    const id = JSON.stringify(said.id ?? null);
    const methods = byId.get(id)?.map(({ method }) => method) ?? [];
    const wrong = wrongWith(said, text, methods);
    if (wrong !== undefined) faults.add(wrong, text);
    if (said.method === undefined) answers.set(id, (answers.get(id) ?? 0) + 1);
  }
  if (!isThere) return;
  for (const [id, asked] of byId) {
    if (id === undefined) continue;
    const owed = asked.filter((request) => request.isOwed).length;
    const got = answers.get(id) ?? 0;
    // What is no request may have an id too; what is beyond a limit is answered without its id.
    if (got < owed || got > asked.length) faults.add(`${got} answers instead of ${owed}`, asked[0]?.frame ?? "");
  }
}
