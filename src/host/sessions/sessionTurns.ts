import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { isSame } from "../../base/isSame.ts";
import type { ActiveTurn } from "../../protocol/chatState.ts";
import { chosenIn } from "../../protocol/sessionChoices.ts";
import type { PermissionAnswer, TurnOutcome } from "../providers/provider.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import { AgentEvents } from "./agentEvents.ts";
import { agentPrompt, turnsBefore } from "./agentPrompt.ts";
import { AgentSeat } from "./agentSeat.ts";
import { ChangesetPublisher } from "./changesetPublisher.ts";
import type { Provisioning } from "./provisioning.ts";
import type { RunOptions } from "./runOptions.ts";
import { SessionCheckpoints } from "./sessionCheckpoints.ts";
import type { SessionRecord } from "./sessionRecord.ts";
import { watchTurn, withinTime } from "./turnTime.ts";
import type { TurnWatch } from "./turnWatch.ts";
import { pausedActivity } from "../spend/budgetGate.ts";
import { endOfTurn, interruption } from "./turnEnds.ts";

/** The workspace, if it is open, and a way to let go of it. */
type OpenWorkspace = Pick<Provisioning, "present" | "close">;

/** The turns of one session: the agent that works on them, and the checkpoint after each. */
export class SessionTurns implements Disposable {
  readonly #options: RunOptions;
  readonly #record: SessionRecord;
  readonly #owned = new Disposables();
  readonly #signal: AbortSignal;
  readonly #seat: AgentSeat | undefined;
  readonly #events: AgentEvents;
  readonly #changes: ChangesetPublisher;
  readonly checkpoints: SessionCheckpoints;
  readonly #provisioning: OpenWorkspace;
  #watch: TurnWatch | undefined;
  #isInterrupted = false;
  /** Ends with the turn that runs. */
  #running: Promise<void> | undefined;
  #isHeld = false;

  /** @param signal ends with the session's life */
  constructor(options: RunOptions, record: SessionRecord, signal: AbortSignal, provisioning: OpenWorkspace) {
    this.#options = options;
    this.#provisioning = provisioning;
    this.#record = record;
    this.#signal = signal;
    const { refs } = record;
    this.#changes = this.#owned.add(new ChangesetPublisher(options, refs));
    this.checkpoints = this.#owned.add(new SessionCheckpoints(options, record, this.#changes));
    this.#events = new AgentEvents(options, refs, {
      title: (title) => record.takeAgentsTitle(title),
      filesTouched: () => {
        if (provisioning.present) this.#changes.touch(provisioning.present);
      },
    });
    this.#seat =
      options.provider &&
      new AgentSeat(options.provider, (event) => {
        this.#watch?.heard();
        this.#events.take(event);
      });
  }

  /** One turn from its start to its checkpoint. Never rejects: a failure is the end of the turn. */
  run(workspace: Workspace, turn: ActiveTurn): Promise<void> {
    this.#running = this.#run(workspace, turn).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(workspace: Workspace, turn: ActiveTurn): Promise<void> {
    const { clock, idleAgents, spend, budgets } = this.#options;
    const { refs } = this.#record;
    const startedAt = clock.elapsed();
    if (!budgets.begin(refs, turn)) return this.#record.setPhase({ phase: "ready" }, pausedActivity);
    this.#record.setPhase({ phase: "working" }, undefined);
    this.#watch = watchTurn(this.#options, this.#record, turn.id, () => this.cancel());
    const told = await withinTime(this.#watch, () => this.#converse(workspace, turn)).catch((error: unknown) =>
      AppError.from(error, "The agent failed"),
    );
    if (this.#signal.aborted) return;
    const isCutShort = this.#isInterrupted && (told instanceof AppError || told.stopReason === "cancelled");
    const outcome = isCutShort ? interruption : told;
    const looked = spend.look();
    const failure = await this.checkpoints.afterTurn(workspace, turn.id, firstLine(turn)).then(
      () => undefined,
      (error: unknown) => AppError.from(error, "The work could not be recorded"),
    );
    const durationMs = Math.round(clock.elapsed() - startedAt);
    const ending = failure ?? outcome;
    this.#options.egress?.withdraw(refs.id);
    if (!(await budgets.end(refs, looked, ending))) {
      this.#record.setPhase({ phase: "ready" }, pausedActivity);
      return idleAgents.rest(refs.id, () => void this.#sleep());
    }
    // A client that cancelled has ended the turn itself.
    if (this.#record.chat?.activeTurn?.id === turn.id) {
      this.#record.dispatch(refs.chat, endOfTurn(turn.id, durationMs, ending));
    }
    this.#record.markUnread();
    this.#record.setPhase({ phase: "ready" }, undefined);
    if (ending instanceof AppError) await this.leave();
    else idleAgents.rest(refs.id, () => void this.#sleep());
    if (!(ending instanceof AppError) && ending.stopReason !== "refused") this.startQueued();
  }

  /** While held, no waiting message becomes a turn. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** The next waiting message becomes a turn of its own, behind whoever waits for a slot. */
  startQueued(): void {
    const { refs, chat } = this.#record;
    const next = chat?.queuedMessages?.[0];
    if (!next || chat?.activeTurn || this.#isHeld) return;
    this.#record.dispatch(refs.chat, {
      type: "chat/turnStarted",
      turnId: this.#options.newId(),
      startedAt: new Date(this.#options.clock.now()).toISOString(),
      message: next.message,
      queuedMessageId: next.id,
    });
  }

  cancel(): void {
    this.#seat?.cancel();
  }

  /** What people have chosen is another mode or model. */
  choose(): void {
    this.#seat?.choose(chosenIn(this.#record.session));
  }

  answerPermission(toolCallId: string, answer: PermissionAnswer): void {
    this.#seat?.answerPermission(toolCallId, answer);
  }

  /** The chat holds what was answered, drafts of earlier answers included. */
  answerInput(requestId: string): void {
    const part = this.#record.chat?.activeTurn?.responseParts.find(
      (candidate) => candidate.kind === "inputRequest" && candidate.request.id === requestId,
    );
    if (part?.kind !== "inputRequest" || part.response === undefined || part.response === "(unknown)") return;
    this.#seat?.answerInput(requestId, { response: part.response, answers: part.request.answers });
  }

  /** Records what an interrupted turn left in the workspace, so that the diff is true after a restart. */
  async settle(workspace: Workspace, turnId: string): Promise<void> {
    this.#options.spend.settle(this.#record.refs, turnId);
    await this.checkpoints.afterTurn(workspace, turnId, "Interrupted turn");
  }

  /**
   * Ends the agent's process, and the running turn as one that the host interrupted, to be resumed. Resolves when the
   * turn's files are recorded; at once when no turn runs.
   */
  async interrupt(): Promise<void> {
    this.#isInterrupted = true;
    await this.#seat?.leave();
    await this.#running;
  }

  /** Ends the agent's process. */
  async leave(): Promise<void> {
    await this.#seat?.leave();
    // The next message may have woken it already.
    if (!this.#seat?.isTaken) this.#tellAgent("asleep");
  }

  /** Nobody has written for a while: nothing of the session stays in memory that the next message does not bring back. */
  async #sleep(): Promise<void> {
    await this.leave();
    if (!this.#running) this.#provisioning.close();
  }

  #tellAgent(agent: "awake" | "asleep"): void {
    const { fleet, refs } = this.#record;
    const isKnown = agent === fleet?.agent || (agent === "asleep" && fleet?.agent === undefined);
    if (!isKnown) this.#record.dispatch(refs.fleet, { type: "x-fleet/agentChanged", agent });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #converse(workspace: Workspace, turn: ActiveTurn): Promise<TurnOutcome> {
    const { logger, model, idleAgents, spend, budgets } = this.#options;
    const { refs, fleet } = this.#record;
    if (!this.#seat) {
      throw new AppError(
        "agent.unknown",
        `This host no longer has the agent "${fleet?.provider ?? ""}". Add it to the host's configuration.`,
      );
    }
    idleAgents.wake(refs.id);
    const isStarting = !this.#seat.isTaken;
    const chosen = chosenIn(this.#record.session);
    const stage = fleet?.agent === "asleep" ? "Waking the agent" : "Starting the agent";
    if (isStarting) this.#record.setPhase({ phase: "working", stage }, stage);
    const agent = await this.#seat.take({
      sessionId: refs.id,
      workspace: workspace.paths,
      agentSessionId: fleet?.agentSessionId,
      isCopy: fleet?.forkedFrom !== undefined && fleet.forkedFrom.conversation === undefined,
      wishes: { mode: chosen.mode, model: turn.message.model?.id ?? chosen.model ?? model },
      logger: logger.child("agent"),
      earlier: fleet && spend.earlier(fleet),
      watchProgram: spend.programsOf(refs),
    });
    // Somebody may have chosen while it started.
    if (isStarting && !isSame(chosen, chosenIn(this.#record.session))) this.choose();
    this.#tellAgent("awake");
    this.#record.setPhase({ phase: "working" }, undefined);
    if (agent.agentSessionId !== fleet?.agentSessionId) {
      this.#record.dispatch(refs.fleet, { type: "x-fleet/agentSession", agentSessionId: agent.agentSessionId });
    }
    // The person may have cancelled while the agent started.
    if (this.#record.chat?.activeTurn?.id !== turn.id || !budgets.admits(refs)) return { stopReason: "cancelled" };
    const earlier = isStarting ? turnsBefore(this.#record.chat, turn.id) : [];
    const forgotten = agent.resumed ? [] : earlier;
    this.#tellConversation(earlier.length > 0, agent.resumed);
    const message = agentPrompt(turn, { untold: fleet?.untold ?? [], forgotten });
    const outcome = await agent.send({ turnId: turn.id, message });
    if (fleet?.untold) this.#record.dispatch(refs.fleet, { type: "x-fleet/agentTold" });
    if (outcome.usage && this.#record.chat?.activeTurn?.id === turn.id) {
      this.#record.dispatch(refs.chat, { type: "chat/usage", turnId: turn.id, usage: outcome.usage });
    }
    return outcome;
  }

  /** What became of the conversation that this session began with as a copy. */
  #tellConversation(hasEarlier: boolean, isResumed: boolean): void {
    const { fleet, refs } = this.#record;
    if (!fleet?.forkedFrom || fleet.forkedFrom.conversation !== undefined) return;
    const conversation = isResumed ? "agent" : hasEarlier ? "transcript" : "none";
    this.#record.dispatch(refs.fleet, { type: "x-fleet/conversationTaken", conversation });
  }
}

function firstLine(turn: ActiveTurn): string {
  return turn.message.text.split("\n", 1)[0]?.slice(0, 100) || "Work of an agent";
}
