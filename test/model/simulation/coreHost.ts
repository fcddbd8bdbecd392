import { silentLogger } from "../../../src/base/logger.ts";
import { isSame } from "../../../src/base/isSame.ts";
import { Channels, type CommittedAction } from "../../../src/host/channels/channels.ts";
import { ReplayWindow } from "../../../src/host/channels/replayWindow.ts";
import { Connection } from "../../../src/host/gateway/connection.ts";
import { FanOut } from "../../../src/host/gateway/fanOut.ts";
import type { Caller, HostApi } from "../../../src/host/gateway/hostApi.ts";
import { KnownClients } from "../../../src/host/gateway/knownClients.ts";
import { Outbox } from "../../../src/host/gateway/outbox.ts";
import { VsCodeDialect } from "../../../src/host/gateway/vscodeDialect.ts";
import type { LogRecord, LogSnapshot } from "../../../src/host/log/log.ts";
import { Catalogue } from "../../../src/host/sessions/catalogue.ts";
import { mirrorChat } from "../../../src/host/sessions/sessionMirror.ts";
import { refsOf } from "../../../src/host/sessions/sessionRefs.ts";
import { RPC, RpcError } from "../../../src/protocol/jsonrpc.ts";
import type { StateAction } from "../../../src/protocol/actions.ts";
import type { SessionSummary } from "../../../src/protocol/methods.ts";
import type { ChannelState } from "../../../src/protocol/reduce.ts";
import { parseChatUri, parseFleetSessionUri, ROOT_URI, sessionUri } from "../../../src/protocol/uris.ts";
import { parseStoredRecord } from "../../../src/host/channels/storedRecord.ts";
import { aVisitor, noOwners } from "../../support/access.ts";
import { aHostApi } from "../../support/aHostApi.ts";
import type { FakeClock } from "../../support/fakeClock.ts";
import { memoryDisk, MemoryLog } from "../../support/memoryLog.ts";
import type { Dice } from "../../support/dice.ts";
import { History } from "./history.ts";
import type { SimLink } from "./link.ts";
import { LinkSocket } from "./linkSocket.ts";
import type { HostEnd, SimHost } from "./simHost.ts";
import { channelsOf, firstSessions, startStates } from "./startStates.ts";

const owner: Caller = {
  principal: "owner",
  role: "admin",
  sessions: "all",
  clientId: "",
  archivesFirst: false,
  makesDrafts: false,
};
const greetingTimeoutMs = 30_000;

/** A log whose disk takes its time to read. */
class SlowLog extends MemoryLog {
  wait: () => Promise<void> = async () => undefined;

  override async loadSnapshot(channel: string): Promise<LogSnapshot | undefined> {
    await this.wait();
    return super.loadSnapshot(channel);
  }
}

/** One start of the host, from opening the log to its end. */
interface Run {
  readonly log: SlowLog;
  readonly channels: Channels;
  readonly fanOut: FanOut;
  readonly catalogue: Catalogue;
  readonly clients: KnownClients;
  readonly links: Map<SimLink, Connection>;
  readonly api: HostApi;
}

/**
 * The core of muster-host, without sockets and agents: connections, fan-out, channels and list of sessions as they are,
 * on a log whose commits and reads take as long as the dice say.
 */
export class CoreHost implements SimHost {
  readonly history = new History();
  readonly #clock: FakeClock;
  readonly #dice: Dice;
  readonly #limits: { readonly maxActions: number; readonly maxQueuedBytes: number };
  #disk = memoryDisk("epoch-1");
  #run: Run | undefined;
  #isCalm = false;
  #epochs = 1;

  constructor(clock: FakeClock, dice: Dice, limits: { readonly maxActions: number; readonly maxQueuedBytes: number }) {
    this.#clock = clock;
    this.#dice = dice;
    this.#limits = limits;
  }

  get isUp(): boolean {
    return this.#run !== undefined;
  }

  accept(link: SimLink): void {
    const run = this.#run;
    if (run === undefined) return link.crashFromHost();
    const { channels, fanOut, clients, api, log } = run;
    const outbox = new Outbox(new LinkSocket(link), {
      maxQueuedBytes: this.#limits.maxQueuedBytes,
      onOverflow: () => {
        // The closing handshake takes a while, and the client may go on sending until then.
        this.#clock.setTimeout(() => link.closeFromHost(1013), this.#isCalm ? 0 : this.#dice.pick([0, 500, 2_000]));
      },
    });
    const connection = new Connection(
      {
        channels,
        fanOut,
        api,
        fleet: {},
        clients,
        clock: this.#clock,
        logger: silentLogger,
        version: "1",
        vscode: new VsCodeDialect(() => undefined),
        owners: noOwners,
        audit: { record: () => undefined },
        advertisement: { version: 1, epoch: log.epoch, methods: [], channels: [], isolation: "none" },
      },
      aVisitor(),
      outbox,
    );
    run.links.set(link, connection);
    const leave = () => {
      greeting.dispose();
      connection.dispose();
      run.links.delete(link);
    };
    const greeting = this.#clock.setTimeout(() => {
      if (connection.isOpen) return;
      link.closeFromHost(4000);
      leave();
    }, greetingTimeoutMs);
    link.onHostMessage = (text) => connection.receive(text);
    link.onHostClose = leave;
  }

  act(uri: string, action: StateAction): void {
    if (this.#run?.channels.isLoaded(uri)) this.#run.channels.dispatch(uri, action);
  }

  state(uri: string): ChannelState | undefined {
    return this.#run?.channels.snapshot(uri)?.state as ChannelState | undefined;
  }

  list(): readonly SessionSummary[] {
    return this.#run?.catalogue.list({}).items ?? [];
  }

  createSession(session: string): void {
    this.#run?.api.createSession({ channel: session }, owner).catch(() => undefined);
  }

  disposeSession(session: string): void {
    this.#run?.api.disposeSession({ channel: session }, owner).catch(() => undefined);
  }

  end(how: HostEnd): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const links = Array.from(run.links);
    if (how === "stop") {
      for (const [, connection] of links) {
        connection.goAway(1_000);
        connection.dispose();
      }
      for (const [link] of links) link.closeFromHost(1001);
      run.channels.saveSnapshots();
      void run.log.flush();
    } else {
      for (const [link] of links) link.crashFromHost();
      for (const [, connection] of links) connection.dispose();
    }
    run.log.dispose();
    run.catalogue.dispose();
    run.fanOut.dispose();
    run.channels.dispose();
    this.history.ended();
    if (how !== "replace") return;
    for (const uri of this.history.uris) this.history.removed(uri);
    this.#disk = memoryDisk(`epoch-${++this.#epochs}`);
  }

  async start(): Promise<void> {
    const log = new SlowLog(this.#clock, this.#disk, (commit) =>
      this.#clock.setTimeout(commit, this.#isCalm ? 0 : this.#dice.pick([0, 0, 1, 20, 1_500])),
    );
    log.onCommitted((records) => this.#record(records));
    const channels = new Channels({ log, logger: silentLogger, window: new ReplayWindow(this.#limits) });
    await channels.recover();
    const fanOut = new FanOut(channels);
    const catalogue = new Catalogue(channels, this.#clock, (method, params) => fanOut.notify(method, params));
    const run: Run = {
      log,
      channels,
      fanOut,
      catalogue,
      clients: new KnownClients(this.#clock),
      links: new Map(),
      api: this.#api(channels, catalogue),
    };
    if (!(await channels.load(ROOT_URI))) {
      channels.create(ROOT_URI, "root", { agents: [], activeSessions: 0 });
      for (const session of firstSessions) this.#create(channels, catalogue, session);
    } else await restore(channels, catalogue);
    channels.onCommitted((batch) => this.#react(run, batch));
    log.wait = async () => {
      if (this.#isCalm || this.#dice.chance(0.5)) return;
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, this.#dice.pick([1, 5, 300])));
    };
    this.#run = run;
  }

  calm(): void {
    this.#isCalm = true;
  }

  check(): readonly string[] {
    return this.history.uris.flatMap((uri) => {
      const present = this.state(uri);
      return present === undefined || isSame(present, this.history.latest(uri))
        ? []
        : [`The host's state of ${uri} is not what its log says.`];
    });
  }

  dispose(): void {
    this.end("kill");
  }

  #api(channels: Channels, catalogue: Catalogue): HostApi {
    return aHostApi({
      listSessions: (params) => catalogue.list(params),
      createSession: async ({ channel }) => {
        if (await channels.isTaken(channel)) throw new RpcError(RPC.sessionExists, "That address is taken.");
        this.#create(channels, catalogue, channel);
      },
      disposeSession: async ({ channel }) => {
        if (!channels.isLoaded(channel)) throw new RpcError(RPC.channelNotFound, "There is no such session.");
        for (const { uri } of channelsOf(channel)) {
          // What is not in memory cannot be removed.
          await channels.load(uri);
          channels.remove(uri);
          this.history.doubted(uri);
        }
        catalogue.remove(refsOf(channel));
      },
    });
  }

  #create(channels: Channels, catalogue: Catalogue, session: string): void {
    const createdAt = new Date(this.#clock.now()).toISOString();
    for (const [uri, [kind, state]] of startStates(session, createdAt)) channels.create(uri, kind, state);
    catalogue.add(refsOf(session), true);
  }

  /** What the session service does about what has happened. */
  #react({ channels, catalogue, log }: Run, batch: readonly CommittedAction[]): void {
    if (log !== this.#run?.log) return;
    for (const { channel, action, refused } of batch) {
      const session = sessionOf(channel);
      if (session === undefined || refused !== undefined || action.type === "chat/delta") continue;
      const refs = refsOf(session);
      catalogue.touch(refs.id);
      const chat = channels.state("chat", refs.chat);
      const state = channels.state("session", session);
      if (chat && state && channel === refs.chat) {
        for (const mirrored of mirrorChat(state, chat)) channels.dispatch(session, mirrored);
      }
    }
  }

  #record(records: readonly LogRecord[]): void {
    for (const { seq, channel, body } of records) {
      const stored = parseStoredRecord(seq, body);
      if (stored.type === "created") this.history.created(channel, stored.kind, stored.state);
      else if (stored.type === "removed") this.history.removed(channel);
      else if (stored.type === "action") this.history.happened(channel, stored.action, stored.refused !== undefined);
    }
  }
}

function sessionOf(channel: string): string | undefined {
  const id = parseFleetSessionUri(channel);
  if (id !== undefined) return sessionUri(id);
  return parseChatUri(channel)?.session ?? /^ahp-session:\/[^/]+/.exec(channel)?.[0];
}

async function restore(channels: Channels, catalogue: Catalogue): Promise<void> {
  const known = await channels.known("");
  for (const uri of known.filter((candidate) => parseFleetSessionUri(candidate) !== undefined)) {
    const session = sessionUri(parseFleetSessionUri(uri) ?? "");
    const found = await Promise.all(
      channelsOf(session)
        .slice(0, 3)
        .map((channel) => channels.load(channel.uri)),
    );
    if ((await channels.load(uri)) && found.every(Boolean)) catalogue.add(refsOf(session), false);
  }
}
