import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { ActiveTurn } from "../../protocol/chatState.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { type SpendAction, spendGrowth, type TokenCounts } from "../../protocol/fleetSpend.ts";
import { compact } from "../../protocol/schema.ts";
import type { Channels } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { MachineMeter } from "../machine/machineMeter.ts";
import type { AgentEvent, EarlierUse, WatchProgram } from "../providers/provider.ts";
import type { SessionRefs } from "../sessions/sessionRefs.ts";
import { costOf, priceFor } from "./prices.ts";
import type { SpendConfig } from "./spendConfig.ts";
import type { SpendLedger } from "./spendLedger.ts";

export interface SpendPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: SpendConfig;
  readonly ledger: SpendLedger;
  readonly meter: MachineMeter;
}

export type UsageEvent = Omit<Extract<AgentEvent, { channel: "usage" }>, "channel">;

/** A turn under way. */
interface Metered {
  readonly turnId: string;
  /** Until when its time is booked. */
  bookedMs: number;
  /** Tokens that no price was put on yet. */
  readonly unpriced: UsageEvent[];
}

/** What a long turn has used is written down this often, so that a crash loses little of it. */
const bookEveryMs = 60_000;

/**
 * Books what sessions use, of both kinds: on the session's channel, which has its turns and totals, and in the ledger. The
 * ledger gets exactly what the session's totals grew by, so all sums agree.
 */
export class Spend implements Disposable {
  readonly #ports: SpendPorts;
  readonly #owned = new Disposables();
  readonly #turns = new Map<string, Metered & { readonly refs: SessionRefs }>();
  #timer: Disposable | undefined;

  readonly #spent: Emitter<SessionRefs>;

  constructor(ports: SpendPorts) {
    this.#ports = ports;
    const { logger } = ports;
    this.#spent = this.#owned.add(
      new Emitter((error) => logger.error("a reader of spending failed", { error: String(error) })),
    );
    this.#owned.add(toDisposable(() => this.#timer?.dispose()));
  }

  /** A session has cost more. */
  get onSpent() {
    return this.#spent.event;
  }

  /** The session's agent told what it used. */
  used(refs: SessionRefs, event: UsageEvent): void {
    const usage = this.#withModel(refs, event);
    const { costUsd, conversationCostUsd, inputTokens, isPartial } = usage;
    const metered = this.#turns.get(refs.id);
    if (inputTokens !== undefined && metered?.turnId === usage.turnId) metered?.unpriced.push(usage);
    const isKnown = costUsd !== undefined || inputTokens !== undefined || isPartial === true;
    if (!isKnown && conversationCostUsd === undefined) return;
    const costSource = costUsd === undefined ? {} : { costSource: "agent" as const };
    this.#record(refs, { type: "x-fleet/usageAdded", ...usage, ...costSource }, usage.model);
  }

  /** What the agent's conversation had used, for an agent that is to take it up again. */
  earlier({ usage, spend }: FleetSessionState): EarlierUse {
    // Older logs do not know what the agent said; what the session has cost is the next best.
    return { costUsd: spend?.conversationCostUsd ?? usage.costUsd, spentUsd: usage.costUsd, tokens: usage };
  }

  /** For the programs of a session. */
  programsOf(refs: SessionRefs): WatchProgram {
    const { meter, logger } = this.#ports;
    return (program) => {
      const watched = meter.watch(refs.id, program);
      return {
        // Whatever becomes of it, the program has to be ended.
        ending: async () => {
          try {
            await meter.look();
            watched.dispose();
            this.#book(refs, false);
          } catch (error) {
            logger.error("what a program used was not recorded", { session: refs.id, error: String(error) });
          }
        },
      };
    };
  }

  /** What the agent's process did between turns is not the turn's. */
  turnBegins(refs: SessionRefs, turn: ActiveTurn): void {
    this.#book(refs, false);
    const bookedMs = this.#ports.clock.elapsed();
    this.#turns.set(refs.id, { refs, turnId: turn.id, bookedMs, unpriced: [] });
    this.#bookLater();
  }

  /** Begins the last look at what the turn's programs used; to be awaited before `turnEnds`. */
  look(): Promise<void> {
    return this.#ports.meter.look();
  }

  /** @param isOver false when it will go on later */
  turnEnds(refs: SessionRefs, isOver: boolean): void {
    const metered = this.#turns.get(refs.id);
    if (!metered) return;
    this.#price(refs, metered);
    this.#book(refs, isOver);
    this.#turns.delete(refs.id);
  }

  /** A turn that ended with an earlier process of the host. */
  settle(refs: SessionRefs, turnId: string): void {
    const known = this.#fleet(refs)?.spend?.turns.findLast((turn) => turn.turnId === turnId);
    if (known && known.costUsd === undefined) this.#priceTokens(refs, known);
    if (known) this.#record(refs, { type: "x-fleet/machineUsed", turnId, endsTurn: true }, known.model);
  }

  /** The session ends, or its host does. */
  leave(refs: SessionRefs): void {
    this.#book(refs, false);
    this.#turns.delete(refs.id);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #fleet(refs: SessionRefs): FleetSessionState | undefined {
    return this.#ports.channels.state("fleetSession", refs.fleet);
  }

  /** Agents do not always say which model it was: then it is the one that was asked for. */
  #withModel(refs: SessionRefs, usage: UsageEvent): UsageEvent {
    if (usage.model !== undefined) return usage;
    const turn = this.#ports.channels.state("chat", refs.chat)?.activeTurn;
    const model = turn?.message.model?.id;
    return model === undefined ? usage : { ...usage, model };
  }

  /** Where the agent tells a cost for the turn, that counts; else the tokens have a price, or the cost is not known. */
  #price(refs: SessionRefs, metered: Metered): void {
    const told = this.#fleet(refs)?.spend?.turns.findLast((turn) => turn.turnId === metered.turnId);
    if (told?.costSource !== "agent") for (const usage of metered.unpriced) this.#priceTokens(refs, usage);
    metered.unpriced.length = 0;
  }

  #priceTokens(refs: SessionRefs, usage: TokenCounts & { turnId?: string; model?: string | undefined }): void {
    const { turnId, model, ...tokens } = usage;
    const price = priceFor(this.#ports.config.prices, { agent: this.#fleet(refs)?.provider ?? "", model });
    if (price === undefined || tokens.inputTokens === undefined) return;
    const costUsd = costOf(tokens, price);
    this.#record(refs, { type: "x-fleet/usageAdded", turnId, model, costUsd, costSource: "prices" }, model);
  }

  #book(refs: SessionRefs, endsTurn: boolean): void {
    const { clock, meter } = this.#ports;
    const metered = this.#turns.get(refs.id);
    const use = meter.take(refs.id);
    const wallMs = metered && Math.round(clock.elapsed() - metered.bookedMs);
    if (!use && !metered) return;
    if (metered) metered.bookedMs = clock.elapsed();
    const model = this.#fleet(refs)?.spend?.turns.at(-1)?.model;
    const ends = endsTurn ? { endsTurn } : {};
    this.#record(refs, { type: "x-fleet/machineUsed", turnId: metered?.turnId, wallMs, ...use, ...ends }, model);
  }

  #bookLater(): void {
    this.#timer ??= this.#ports.clock.setTimeout(() => {
      this.#timer = undefined;
      for (const { refs } of this.#turns.values()) this.#book(refs, false);
      if (this.#turns.size > 0 && !this.#owned.isDisposed) this.#bookLater();
    }, bookEveryMs);
  }

  /** On the session and in the ledger in one moment: they become durable together. */
  #record(refs: SessionRefs, action: SpendAction, model: string | undefined): void {
    const { channels, ledger } = this.#ports;
    const before = this.#fleet(refs);
    // A session that was removed meanwhile has no place for it, and a host that ends no log.
    if (!before || this.#owned.isDisposed) return;
    channels.dispatch(refs.fleet, compact(action));
    const after = this.#fleet(refs) ?? before;
    const peakMemoryBytes = action.type === "x-fleet/machineUsed" ? action.peakMemoryBytes : undefined;
    const grown = { ...spendGrowth(before, after), ...(peakMemoryBytes !== undefined && { peakMemoryBytes }) };
    if (Object.keys(grown).length === 0) return;
    const { session, repository, owner = OWNER, provider } = after;
    ledger.add(compact({ session, repository, user: owner, provider, model, ...grown }));
    if (grown.costUsd !== undefined) this.#spent.fire(refs);
  }
}
