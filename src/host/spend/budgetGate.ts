import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { ActiveTurn, ChatState } from "../../protocol/chatState.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { noSpend } from "../../protocol/fleetSpend.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { TurnOutcome } from "../providers/provider.ts";
import type { SessionRefs } from "../sessions/sessionRefs.ts";
import {
  budgetQuestion,
  type Decision,
  decisionOf,
  isBudgetQuestion,
  reachedSentence,
  unpricedSentence,
} from "./budgetQuestion.ts";
import { type Budget, budgetsOf, type BudgetUse, exhausted, newlyReached } from "./budgets.ts";
import type { Spend } from "./spend.ts";
import type { SpendConfig } from "./spendConfig.ts";
import type { SpendLedger } from "./spendLedger.ts";

export interface BudgetPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly config: SpendConfig;
  readonly ledger: SpendLedger;
  readonly spend: Spend;
  /** Sends a notification to whoever sees the sessions of a user. */
  readonly announce: (method: string, params: object, owner: string) => void;
}

/** A session as far as its money goes. */
export interface Spender {
  readonly refs: SessionRefs;
  /** Present while it prepares its workspace or its agent works. */
  readonly working: Promise<void> | undefined;
  /** Tells the agent to stop; the turn itself stays. */
  cancelTurn(): void;
  /** There may be something to do. */
  wake(): void;
}

/**
 *  below ─50, 80 %→ told ─100 %→ the agent is stopped ─→ asked ─raise, once→ the turn goes on
 *                                                        └─ stop → the turn ends
 *
 * Holds sessions to their budgets. A turn that would begin past one is asked about before its agent starts; one that runs
 * is stopped, and its session's files are checkpointed like after any turn. What was asked is in the session's channels, so
 * it waits over a restart.
 */
export class BudgetGate implements Disposable {
  readonly #ports: BudgetPorts;
  /** By the address of their chat. */
  readonly #sessions = new Map<string, Spender>();
  /** Sessions whose agent was told to stop for their budget. */
  readonly #stopping = new Set<string>();
  readonly #owned = new Disposables();

  constructor(ports: BudgetPorts) {
    this.#ports = ports;
    this.#owned.add(ports.spend.onSpent((refs) => this.#spent(refs)));
    this.#owned.add(ports.channels.onCommitted((batch) => batch.forEach((committed) => this.#heard(committed))));
  }

  join(session: Spender): Disposable {
    const { id, chat } = session.refs;
    this.#sessions.set(chat, session);
    return toDisposable(() => {
      if (this.#sessions.get(chat) === session) this.#sessions.delete(chat);
      this.#stopping.delete(id);
      this.#ports.spend.leave(session.refs);
    });
  }

  /** Begins to book a turn, unless a person has to be asked about it first. */
  begin(refs: SessionRefs, turn: ActiveTurn): boolean {
    if (!this.admits(refs)) return false;
    this.#ports.spend.turnBegins(refs, turn);
    return true;
  }

  /**
   * The agent has ended its work on the turn. False when the turn goes on later, because it waits for a person.
   * @param looked what `Spend.look` has begun
   */
  async end(refs: SessionRefs, looked: Promise<void>, ending: TurnOutcome | AppError): Promise<boolean> {
    await looked;
    const isCancelled = !(ending instanceof AppError) && ending.stopReason === "cancelled";
    const isPaused = isCancelled && !this.admits(refs);
    this.#ports.spend.turnEnds(refs, !isPaused);
    if (!isPaused) this.#admitIgnorance(refs);
    this.#stopping.delete(refs.id);
    this.#unsay(refs);
    return !isPaused;
  }

  /** May the session's turn begin, or go on? If not, a person is asked. Without a turn there is nothing against it. */
  admits(refs: SessionRefs): boolean {
    const { chat, fleet } = this.#read(refs);
    const turn = chat?.activeTurn;
    const { paused, onceMoreTurn } = fleet?.spend ?? noSpend;
    if (paused && paused.turnId === turn?.id) return false;
    // A person has ended the turn that was asked about.
    if (paused) this.#resume(refs, "stop");
    if (!turn || !fleet) return true;
    const use = onceMoreTurn === turn.id ? undefined : exhausted(this.#uses(fleet));
    if (!use) return true;
    this.#ask(refs, turn.id, use);
    return false;
  }

  #heard({ channel, action, refused, origin }: CommittedAction): void {
    // The host's own are done by whoever dispatched them.
    if (refused !== undefined || origin === undefined) return;
    if (action.type === "x-fleet/budgetSet") return this.#reconsider();
    const isAnswer = action.type === "chat/inputCompleted" && isBudgetQuestion(action.requestId);
    if (!isAnswer && action.type !== "chat/turnCancelled") return;
    const session = this.#sessions.get(channel);
    if (!session) return;
    if (isAnswer) this.#answered(session.refs, action.requestId);
    // Whoever stops the turn that is asked about has answered, too.
    else this.admits(session.refs);
  }

  #answered(refs: SessionRefs, requestId: string): void {
    const { chat, fleet } = this.#read(refs);
    const paused = fleet?.spend?.paused;
    const part = chat?.activeTurn?.responseParts.findLast(
      (each) => each.kind === "inputRequest" && each.request.id === requestId,
    );
    if (!fleet || paused?.requestId !== requestId || part?.kind !== "inputRequest" || !part.response) return;
    this.#decide(refs, fleet, decisionOf(part.response, part.request.answers));
  }

  /** A budget was set: sessions that it held may go on. */
  #reconsider(): void {
    for (const { refs } of Array.from(this.#sessions.values())) {
      const { fleet } = this.#read(refs);
      const paused = fleet?.spend?.paused;
      if (!fleet || !paused || exhausted(this.#uses(fleet))) continue;
      this.#dispatch(refs.chat, {
        type: "chat/inputCompleted",
        requestId: paused.requestId,
        response: "accept",
        answers: { decision: { state: "submitted", value: { kind: "selected", value: "raise" } } },
      });
      this.#goOn(refs, { kind: "raise" });
    }
  }

  /** What was said of the budget is no longer what its agent does. */
  #unsay(refs: SessionRefs): void {
    const { chat, fleet } = this.#read(refs);
    const said = fleet?.spend?.budgets.map((share) => activityOf(share.percent)) ?? [];
    if (chat?.activity !== undefined && said.includes(chat.activity)) {
      this.#dispatch(refs.chat, { type: "chat/activityChanged" });
    }
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #read(refs: SessionRefs): { readonly chat: ChatState | undefined; readonly fleet: FleetSessionState | undefined } {
    const { channels } = this.#ports;
    return { chat: channels.state("chat", refs.chat), fleet: channels.state("fleetSession", refs.fleet) };
  }

  #uses(fleet: FleetSessionState): readonly BudgetUse[] {
    const { config, clock, ledger } = this.#ports;
    const { session, repository, owner: user = OWNER, spend, usage } = fleet;
    const raisedBy = (budget: Budget) => ledger.raisedBy(budget);
    const budgets = budgetsOf(config.budgets, { session, repository, user }, spend, clock.now(), raisedBy);
    return budgets.map((budget) => {
      const spentUsd = budget.scope === "session" ? (usage.costUsd ?? 0) : ledger.spentUsd(budget);
      return { ...budget, spentUsd };
    });
  }

  /** Everybody who pays from the same budgets is told, and stopped, with the one who spent. */
  #spent(spender: SessionRefs): void {
    const owners = new Set<string>();
    this.#tell(spender, owners);
    for (const { refs, working } of Array.from(this.#sessions.values())) {
      if (working && refs.id !== spender.id) this.#tell(refs, owners);
    }
  }

  /** @param notified users who have been sent a notification of this */
  #tell(refs: SessionRefs, notified: Set<string>): void {
    const { chat, fleet } = this.#read(refs);
    if (!fleet) return;
    const uses = this.#uses(fleet);
    for (const { use, percent } of newlyReached(uses, fleet.spend?.budgets ?? [])) {
      const { key: _key, ...facts } = use;
      const share = { ...facts, percent };
      const message = reachedSentence(use, percent);
      this.#dispatch(refs.fleet, { type: "x-fleet/budgetReached", ...share });
      if (chat?.activeTurn) {
        const content = { markdown: message };
        const part = { kind: "systemNotification" as const, content, _meta: { muster: { budget: share } } };
        this.#dispatch(refs.chat, { type: "chat/responsePart", turnId: chat.activeTurn.id, part });
        this.#dispatch(refs.chat, { type: "chat/activityChanged", activity: activityOf(percent) });
      }
      const { owner = OWNER } = fleet;
      if (notified.has(`${use.scope} ${owner}`)) continue;
      notified.add(`${use.scope} ${owner}`);
      this.#ports.announce("x-fleet/budgetReached", { channel: fleet.session, share, message }, owner);
    }
    const session = chat?.activeTurn && this.#sessions.get(refs.chat);
    const isFree = fleet.spend?.onceMoreTurn === chat?.activeTurn?.id;
    if (!session?.working || isFree || this.#stopping.has(refs.id) || !exhausted(uses)) return;
    this.#stopping.add(refs.id);
    session.cancelTurn();
  }

  /** A budget that cannot hold an agent is worse than none: said once. */
  #admitIgnorance(refs: SessionRefs): void {
    const { chat, fleet } = this.#read(refs);
    const turn = fleet?.spend?.turns.at(-1);
    const isFirst = turn?.isUnpriced === true && fleet?.usage.unpricedTurns === 1;
    if (!fleet || !isFirst || chat?.activeTurn?.id !== turn.turnId || this.#uses(fleet).length === 0) return;
    const content = { markdown: unpricedSentence };
    const part = { kind: "systemNotification" as const, content, _meta: { muster: { unpriced: true } } };
    this.#dispatch(refs.chat, { type: "chat/responsePart", turnId: turn.turnId, part });
  }

  #ask(refs: SessionRefs, turnId: string, use: BudgetUse): void {
    const { chat } = this.#read(refs);
    const earlier = chat?.activeTurn?.responseParts.filter(
      (part) => part.kind === "inputRequest" && isBudgetQuestion(part.request.id),
    );
    const request = budgetQuestion(turnId, (earlier?.length ?? 0) + 1, use);
    const { key: _key, ...facts } = use;
    const at = new Date(this.#ports.clock.now()).toISOString();
    this.#dispatch(refs.fleet, { type: "x-fleet/paused", ...facts, turnId, requestId: request.id, at });
    this.#dispatch(refs.chat, { type: "chat/inputRequested", request });
    this.#dispatch(refs.session, { type: "session/activityChanged", activity: pausedActivity });
  }

  #decide(refs: SessionRefs, fleet: FleetSessionState, decision: Decision): void {
    const paused = fleet.spend?.paused;
    const use = this.#uses(fleet).find((each) => each.scope === paused?.scope && each.period === paused?.period);
    if (decision.kind === "raise" && use) {
      const byUsd = decision.byUsd ?? use.limitUsd;
      if (use.scope === "session") {
        this.#dispatch(refs.fleet, { type: "x-fleet/budgetSet", usd: use.limitUsd + byUsd });
      } else this.#ports.ledger.raise(use, byUsd);
    }
    this.#goOn(refs, decision);
    if (decision.kind === "raise") this.#reconsider();
  }

  #goOn(refs: SessionRefs, decision: Decision): void {
    const { chat } = this.#read(refs);
    const turn = chat?.activeTurn;
    this.#resume(refs, decision.kind);
    if (decision.kind === "stop" && turn) {
      const duration = Math.max(0, this.#ports.clock.now() - Date.parse(turn.startedAt)) || 0;
      this.#dispatch(refs.chat, { type: "chat/turnCancelled", turnId: turn.id, duration });
    }
    this.#sessions.get(refs.chat)?.wake();
  }

  #resume(refs: SessionRefs, decision: Decision["kind"]): void {
    this.#dispatch(refs.fleet, { type: "x-fleet/resumed", decision });
    const { activity } = this.#ports.channels.state("session", refs.session) ?? {};
    if (activity === pausedActivity) this.#dispatch(refs.session, { type: "session/activityChanged" });
  }

  #dispatch(channel: string, action: StateAction): void {
    const { channels } = this.#ports;
    if (channels.isLoaded(channel)) channels.dispatch(channel, action);
  }
}

/** What a session shows that waits for an answer. */
export const pausedActivity = "Paused: its budget is used up";

function activityOf(percent: number): string {
  return percent >= 100 ? "Its budget is used up" : `${percent} % of its budget is used`;
}
