import { AppError } from "../../../base/appError.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposables.ts";
import type { Message } from "../../../protocol/chatState.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type {
  AgentConnection,
  AgentContext,
  AgentEvent,
  InputResult,
  PermissionAnswer,
  TurnOutcome,
  Wishes,
} from "../provider.ts";
import type { AcpPermissionRequest, AcpUpdate } from "./acpMessages.ts";
import type { AcpPeer, AcpPeerHandlers, PromptResponse, RequestPermissionResponse } from "./acpPeer.ts";
import { isAgentAnswer } from "./acpPeer.ts";
import { answerError, crashError, floodError, garbageError, oversizeError } from "./agentFailures.ts";
import type { AgentLog } from "./agentLog.ts";
import type { AgentProcess } from "./agentProcess.ts";
import type { AgentChoices } from "./choices.ts";
import type { AcpElicitation, ElicitationAnswer } from "./elicitation.ts";
import {
  beginTurn,
  endTurn,
  hasRunningCalls,
  initialMapState,
  mapAnswer,
  mapNotice,
  type MapState,
  mapPermission,
  type Mapped,
  mapTokens,
  mapUpdate,
  takeUp,
  tellAbout,
} from "./mapUpdate.ts";
import { OpenPermissions, withdrawnPermission } from "./openPermissions.ts";
import { OpenQuestions } from "./openQuestions.ts";
import { leftOutInWords, OutputFlow } from "./outputFlow.ts";
import { type Accepted, promptContent } from "./promptContent.ts";
import { Silence, silenceInWords } from "./silence.ts";
import { stopReasonOf, turnOutcome } from "./turnOutcome.ts";
import { TokenMeter, type TokensOf, tokensOfAnswer } from "./turnUsage.ts";

export interface AcpConnectionParts {
  readonly displayName: string;
  readonly context: AgentContext;
  readonly process: AgentProcess;
  readonly clock: Clock;
  readonly secrets: readonly string[];
  readonly log: AgentLog;
  /** How long an agent may take to stop after `cancel` before it is ended. */
  readonly cancelGraceMs: number;
  /** How long it may say nothing before the session says so; 0 for ever. */
  readonly silenceMs: number;
  readonly tokensOf: TokensOf;
}

/** What is known once the agent has a conversation open. */
export interface OpenConversation {
  readonly id: string;
  readonly resumed: boolean;
  readonly accepts: Accepted;
  readonly choices: AgentChoices;
}

const lastUpdatesMs = 500;
const leftOutTellMs = 60_000;
/** Lines of a turn that are no ACP: a banner is forgiven, a program that is no agent is not. */
const maxGarbage = 50;

/** One conversation with one agent process. Decisions are in mapUpdate.ts and toolCalls.ts; this moves messages. */
export class AcpConnection implements AgentConnection, AcpPeerHandlers {
  readonly flow: OutputFlow;
  readonly #parts: AcpConnectionParts;
  readonly #permissions = new OpenPermissions();
  readonly #questions = new OpenQuestions((event) => this.#emit(event));
  /** Rejects when the agent did something after which it is of no more use. */
  readonly #fatal = Promise.withResolvers<never>();
  #fatalError: AppError | undefined;
  #map: MapState;
  #peer: AcpPeer | undefined;
  #conversation: OpenConversation | undefined;
  #silence: Silence | undefined;
  #garbage = 0;
  #lastGarbage: string | undefined;
  #replayedUsage: AcpUpdate | undefined;
  readonly #tokens: TokenMeter;
  #leftOutToldAt = 0;
  #isCancelling = false;
  /** Ends an agent that does not stop. */
  #grace: Disposable | undefined;
  #isOver = false;
  #onSettled: () => void = () => {};

  constructor(parts: AcpConnectionParts) {
    this.#parts = parts;
    this.flow = new OutputFlow(parts.clock);
    this.#map = initialMapState(parts.context.sessionId, parts.context.workspace.root);
    this.#tokens = new TokenMeter(parts.tokensOf);
    this.#fatal.promise.catch(() => {});
  }

  /**
   * Called once, when the agent has a conversation open. Of what it said before only what concerns itself counts: the rest
   * is a replayed history.
   */
  ready(peer: AcpPeer, conversation: OpenConversation): void {
    this.#peer = peer;
    this.#conversation = conversation;
    const { earlier } = this.#parts.context;
    if (conversation.resumed && earlier) {
      this.#map = takeUp(this.#map, earlier.costUsd ?? 0);
      this.#tokens.takeUp(earlier.tokens);
    }
    if (this.#replayedUsage) this.#apply(mapUpdate(this.#map, this.#replayedUsage, this.#parts.clock.now()));
    this.#apply(tellAbout(this.#map, conversation.choices.about));
  }

  /** Never resolves; rejects with the AppError after which the agent is of no more use. */
  get failed(): Promise<never> {
    return this.#fatal.promise;
  }

  /** The last line that was no ACP. */
  get lastGarbage(): string | undefined {
    return this.#lastGarbage;
  }

  get agentSessionId(): string {
    return this.#conversation?.id ?? "";
  }

  get resumed(): boolean {
    return this.#conversation?.resumed ?? false;
  }

  onUpdate(sessionId: string, update: AcpUpdate): void {
    this.#silence?.heard();
    // Before there is a conversation there is no turn either: only what the agent says of itself is taken.
    if (this.#conversation && sessionId !== this.#conversation.id) return;
    this.#tellLeftOut();
    if (!this.#conversation && update.sessionUpdate === "session_info_update") return;
    // A history that is replayed may tell every total that there was: the last one is where the conversation stands.
    if (!this.#conversation && update.sessionUpdate === "usage_update") {
      this.#replayedUsage = update;
      return;
    }
    this.#conversation?.choices.note(update);
    this.#apply(mapUpdate(this.#map, update, this.#parts.clock.now()));
  }

  async onElicitation(asked: AcpElicitation): Promise<ElicitationAnswer> {
    this.#silence?.heard();
    const { turn } = this.#map;
    const isOurs = asked.sessionId == null || asked.sessionId === this.#conversation?.id;
    if (!turn || !isOurs || this.#isCancelling) return { action: "cancel" };
    return await this.#questions.ask(turn.turnId, asked);
  }

  onElicitationComplete(elicitationId: string): void {
    this.#questions.completed(elicitationId);
  }

  onGarbage(excerpt: string): void {
    this.#garbage += 1;
    this.#lastGarbage = cleanText(excerpt.slice(0, 2_000), this.#parts.secrets).slice(0, 200);
    this.#parts.log.line(`[not ACP] ${excerpt}`);
    if (this.#garbage === maxGarbage) this.#fail(garbageError(this.#parts.displayName, this.#lastGarbage));
  }

  onLeftOut(): void {
    this.#silence?.heard();
    if (this.#parts.clock.elapsed() - this.#leftOutToldAt >= leftOutTellMs) this.#tellLeftOut();
  }

  onFlood(): void {
    this.#fail(floodError(this.#parts.displayName));
  }

  onOversize(limitBytes: number): void {
    this.#fail(oversizeError(this.#parts.displayName, limitBytes));
  }

  async onPermission(request: AcpPermissionRequest): Promise<RequestPermissionResponse> {
    this.#silence?.heard();
    if (request.sessionId !== this.#conversation?.id || this.#isCancelling) return withdrawnPermission;
    this.#tellLeftOut();
    const mapped = mapPermission(this.#map, request, this.#parts.clock.now());
    this.#apply(mapped);
    const { toolCallId } = mapped;
    return toolCallId === undefined ? withdrawnPermission : await this.#permissions.ask(toolCallId, request.options);
  }

  answerPermission(toolCallId: string, answer: PermissionAnswer): void {
    if (!this.#permissions.answer(toolCallId, answer)) return;
    this.#map = mapAnswer(this.#map, toolCallId, answer.approved);
  }

  answerInput(requestId: string, result: InputResult): void {
    this.#questions.answer(requestId, result);
  }

  async send(turn: { readonly turnId: string; readonly message: Message }): Promise<TurnOutcome> {
    const { displayName, context, clock, process } = this.#parts;
    const peer = this.#peer;
    const conversation = this.#conversation;
    if (!peer || !conversation) throw new AppError("internal", `${displayName} has no conversation open.`);
    if (this.#fatalError) throw this.#fatalError;
    if (this.#isOver || process.hasExited) throw await this.#crashed();
    if (this.#map.turn) throw new AppError("conflict", `${displayName} is still at work on the turn before.`);
    this.#map = beginTurn(this.#map, turn.turnId);
    this.#isCancelling = false;
    this.#garbage = 0;
    this.flow.beginTurn();
    this.#leftOutToldAt = clock.elapsed();
    const silence = this.#watchSilence();
    this.#silence = silence;
    let isComplete = false;
    try {
      // A message may name another model than the one before.
      const model = turn.message.model?.id;
      if (model !== undefined) {
        await this.#choose(peer, conversation, { model });
        if (this.#isCancelling) return { stopReason: "cancelled" };
      }
      const blocks = promptContent(turn.message, context.workspace.root, conversation.accepts);
      const response = await Promise.race([peer.prompt(conversation.id, blocks), this.#gone(peer), this.failed]);
      isComplete = response.stopReason === "end_turn";
      if (isComplete) await this.#lastUpdates();
      return this.#outcome(response);
    } catch (error) {
      if (this.#isCancelling) return { stopReason: "cancelled" };
      throw await this.#failure(error);
    } finally {
      silence.dispose();
      // The same turn may go on later.
      this.#grace?.dispose();
      this.#silence = undefined;
      this.#withdraw();
      this.#tellLeftOut();
      this.flow.endTurn();
      this.#apply(endTurn(this.#map, isComplete, clock.now()));
    }
  }

  async choose(wishes: Wishes): Promise<void> {
    if (!this.#peer || !this.#conversation) return;
    try {
      await this.#choose(this.#peer, this.#conversation, wishes);
      // What was not granted is told, too: what holds is what the agent says.
      this.#emit({ channel: "about", about: this.#conversation.choices.about });
    } catch (error) {
      this.#parts.context.logger.warn("agent was gone before it could choose", { reason: String(error) });
    }
  }

  cancel(): void {
    const { clock, process, logger } = { ...this.#parts, logger: this.#parts.context.logger };
    if (!this.#map.turn || this.#isCancelling || !this.#conversation) return;
    this.#isCancelling = true;
    void this.#peer?.cancel(this.#conversation.id).catch(() => {});
    this.#withdraw();
    this.#grace = clock.setTimeout(() => {
      logger.warn("agent did not stop in time and is ended", { agent: this.#parts.displayName });
      void process.end(true);
    }, this.#parts.cancelGraceMs);
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    this.#withdraw();
    await this.#parts.process.end();
    this.#peer?.close();
  }

  #apply({ state, events }: Mapped): void {
    this.#map = state;
    for (const event of events) this.#emit(event);
    if (!hasRunningCalls(state)) this.#onSettled();
  }

  /** The text that was left out before this point of the transcript. */
  #tellLeftOut(): void {
    const leftOut = this.flow.takeLeftOut();
    this.#leftOutToldAt = this.#parts.clock.elapsed();
    if (leftOut) this.#apply(mapNotice(this.#map, leftOutInWords(leftOut), { leftOut }));
  }

  /** Some agents tell the end of a command a moment after they have answered the prompt. */
  async #lastUpdates(): Promise<void> {
    if (!hasRunningCalls(this.#map)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSettled = resolve;
    const timer = this.#parts.clock.setTimeout(resolve, lastUpdatesMs);
    await promise;
    timer.dispose();
  }

  /** Nothing leaves a connection that was given up. */
  #emit(event: AgentEvent): void {
    if (!this.#isOver) this.#parts.context.emit(event);
  }

  #fail(error: AppError): void {
    this.#fatalError ??= error;
    this.#fatal.reject(this.#fatalError);
    this.#parts.context.logger.warn("agent broke the protocol and is ended", { reason: error.message });
    void this.#parts.process.end(true);
  }

  async #choose(peer: AcpPeer, conversation: OpenConversation, wishes: Wishes): Promise<void> {
    const { id, choices } = conversation;
    const wish = choices.choose(peer, id, wishes, this.#parts.context.logger);
    await Promise.race([wish, this.#gone(peer), this.failed]);
    this.#apply(tellAbout(this.#map, choices.about));
  }

  /** An agent that hangs looks like one that works: the session says that nothing is heard of it. */
  #watchSilence(): Silence {
    const { clock, displayName, silenceMs } = this.#parts;
    return new Silence(clock, silenceMs, {
      silent: () => {
        const { activity, notice } = silenceInWords(displayName, silenceMs);
        this.#emit({ channel: "chat", action: { type: "chat/activityChanged", activity } });
        this.#apply(mapNotice(this.#map, notice, { silentMs: silenceMs }));
      },
      heard: () => {
        const activity = this.#map.turn?.activity;
        this.#emit({
          channel: "chat",
          action: { type: "chat/activityChanged", ...(activity !== undefined && { activity }) },
        });
      },
      isExcused: () => !this.#permissions.isEmpty || !this.#questions.isEmpty,
    });
  }

  /** Every open question to a person is over. */
  #withdraw(): void {
    this.#questions.withdraw();
    for (const toolCallId of this.#permissions.withdraw()) this.#map = mapAnswer(this.#map, toolCallId, false);
  }

  /** Rejects when the connection is lost; a promise that never wins the race otherwise. */
  async #gone(peer: AcpPeer): Promise<never> {
    await Promise.race([peer.closed, this.#parts.process.exited]);
    throw new AppError("agent.crashed", "connection lost");
  }

  #outcome(response: PromptResponse): TurnOutcome {
    const told = tokensOfAnswer(response);
    const taken = this.#tokens.take(told);
    this.#apply(mapTokens(this.#map, taken.used, taken.isPartial, this.#parts.context.earlier));
    const stopReason = this.#isCancelling ? "cancelled" : stopReasonOf(response.stopReason);
    return turnOutcome(stopReason, response.usage ?? told[0]?.tokens, this.#map);
  }

  async #failure(error: unknown): Promise<AppError> {
    const { displayName, context, secrets } = this.#parts;
    if (context.signal.aborted) return new AppError("cancelled", `${displayName} was stopped.`, { cause: error });
    if (this.#fatalError) return this.#fatalError;
    if (!isAgentAnswer(error)) return await this.#crashed(error);
    return answerError(displayName, "reported an error", error, secrets);
  }

  async #crashed(cause?: unknown): Promise<AppError> {
    const { displayName, process } = this.#parts;
    // An agent that closed its output is of no more use, running or not; one that is about to exit may say how.
    await process.end();
    return crashError(displayName, process, await process.exited, cause, this.#lastGarbage);
  }
}
