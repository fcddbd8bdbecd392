import type { Clock } from "../../../../src/base/clock.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { Channels } from "../../../../src/host/channels/channels.ts";
import { MachineMeter } from "../../../../src/host/machine/machineMeter.ts";
import type { MachinePort } from "../../../../src/host/machine/procFs.ts";
import type { ProcessLook } from "../../../../src/host/machine/processTree.ts";
import { refsOf, type SessionRefs } from "../../../../src/host/sessions/sessionRefs.ts";
import { BudgetGate } from "../../../../src/host/spend/budgetGate.ts";
import { Spend } from "../../../../src/host/spend/spend.ts";
import { SpendConfig } from "../../../../src/host/spend/spendConfig.ts";
import { SpendLedger } from "../../../../src/host/spend/spendLedger.ts";
import type { ActiveTurn } from "../../../../src/protocol/chatState.ts";
import { sessionUri } from "../../../../src/protocol/uris.ts";
import { FakeClock, settle } from "../../../support/fakeClock.ts";
import { MemoryLog, type MemoryDisk, memoryDisk } from "../../../support/memoryLog.ts";

const at = "2026-01-01T00:00:00.000Z";

/** A machine on which each marker has one process. */
export class FakeMachine implements MachinePort {
  readonly processes = new Map<string, ProcessLook>();

  /** The program has used so much more. */
  work(marker: string, ms: number, memoryBytes = 1_000): void {
    const before = this.processes.get(marker) ?? { pid: 1, startedAt: 1, parentPid: 0, ownMs: 0, reapedMs: 0 };
    const ownMs = before.ownMs + ms;
    this.processes.set(marker, { ...before, ownMs, memoryBytes, peakMemoryBytes: memoryBytes });
  }

  async look() {
    return new Map(Array.from(this.processes, ([marker, look]) => [marker, [look]]));
  }

  async lookAtGroup() {
    return undefined;
  }
}

/** What books and holds spending, on a log in memory, with sessions that somebody else would run. */
export class HostThatSpends {
  readonly clock: Clock;
  readonly disk: MemoryDisk = memoryDisk();
  readonly machine = new FakeMachine();
  readonly announced: { method: string; params: object; owner: string }[] = [];
  /** By session: what its run was told. */
  readonly told: string[] = [];
  log!: MemoryLog;
  channels!: Channels;
  ledger!: SpendLedger;
  meter!: MachineMeter;
  spend!: Spend;
  budgets!: BudgetGate;
  readonly #config: SpendConfig;

  constructor(config: object = {}, clock: Clock = new FakeClock()) {
    this.#config = SpendConfig.parse(config);
    this.clock = clock;
  }

  async start(sessions: readonly SessionRefs[] = []): Promise<this> {
    const { clock } = this;
    this.log = new MemoryLog(clock, this.disk);
    this.channels = new Channels({ log: this.log, logger: silentLogger });
    await this.channels.recover();
    const ports = { channels: this.channels, clock, logger: silentLogger, config: this.#config };
    this.ledger = new SpendLedger(ports);
    await this.ledger.open();
    this.meter = new MachineMeter(this.machine, clock);
    this.spend = new Spend({ ...ports, ledger: this.ledger, meter: this.meter });
    const announce = (method: string, params: object, owner: string) =>
      void this.announced.push({ method, params, owner });
    this.budgets = new BudgetGate({ ...ports, ledger: this.ledger, spend: this.spend, announce });
    for (const refs of sessions) {
      for (const uri of [refs.fleet, refs.session, refs.chat]) await this.channels.load(uri);
      this.join(refs);
    }
    return this;
  }

  /** Nothing that is not on disk survives. */
  async restart(sessions: readonly SessionRefs[]): Promise<this> {
    this.spend.dispose();
    this.budgets.dispose();
    this.meter.dispose();
    this.log.dispose();
    return this.start(sessions);
  }

  session(id: string, owner = "ann", repository = "https://git.example/a.git"): SessionRefs {
    const refs = refsOf(sessionUri(id));
    const { channels } = this;
    channels.create(refs.fleet, "fleetSession", {
      session: refs.session,
      provider: "agent",
      createdAt: at,
      repository,
      isolation: "none",
      owner,
      phase: "ready",
      checkpoints: [],
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    const chats = { status: 1, lifecycle: "ready" as const, activeClients: [], chats: [] };
    channels.create(refs.session, "session", { provider: "agent", title: id, ...chats });
    channels.create(refs.chat, "chat", { resource: refs.chat, title: id, status: 1, modifiedAt: at, turns: [] });
    this.join(refs);
    return refs;
  }

  join(refs: SessionRefs): void {
    this.budgets.join({
      refs,
      working: Promise.resolve(),
      cancelTurn: () => this.told.push(`${refs.id} stops`),
      wake: () => this.told.push(`${refs.id} wakes`),
    });
  }

  startTurn(refs: SessionRefs, turnId: string): ActiveTurn {
    const message = { text: "go", origin: { kind: "user" } };
    this.channels.dispatch(refs.chat, { type: "chat/turnStarted", turnId, startedAt: at, message });
    const turn = this.chat(refs).activeTurn;
    if (!turn) throw new Error("There is no turn");
    return turn;
  }

  endTurn(refs: SessionRefs, turnId: string): void {
    this.channels.dispatch(refs.chat, { type: "chat/turnComplete", turnId, duration: 1 });
  }

  /** As a client would. */
  async act(channel: string, action: Parameters<Channels["dispatch"]>[1]): Promise<string | undefined> {
    const { refused } = this.channels.dispatch(channel, action, {
      principal: "ann",
      clientId: "c",
      clientSeq: this.log.lastSeq,
    });
    await settle();
    return refused;
  }

  fleet(refs: SessionRefs) {
    const state = this.channels.state("fleetSession", refs.fleet);
    if (!state) throw new Error("There is no session");
    return state;
  }

  chat(refs: SessionRefs) {
    const state = this.channels.state("chat", refs.chat);
    if (!state) throw new Error("There is no chat");
    return state;
  }

  async report(by: "session" | "repository" | "user" | "day" | "model", more: object = {}, user?: string) {
    return this.ledger.report({ channel: "ahp-root://", by, from: "2020-01-01", to: "2099-12-31", ...more }, user);
  }
}
