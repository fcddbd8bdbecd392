import { AppError } from "../../../base/appError.ts";
import type { Clock } from "../../../base/clock.ts";
import type { UsageInfo } from "../../../protocol/content.ts";
import type { Message } from "../../../protocol/chatState.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type { AgentConnection, AgentContext, AgentEvent, PermissionAnswer, TurnOutcome } from "../provider.ts";
import type { AcpPermissionOption, AcpPermissionRequest, AcpUpdate } from "./acpMessages.ts";
import {
  type AcpPeer,
  isAgentAnswer,
  isAuthRequired,
  type PromptResponse,
  requestErrorText,
  type RequestPermissionResponse,
} from "./acpPeer.ts";
import type { AgentProcess } from "./agentProcess.ts";
import {
  beginTurn,
  endTurn,
  hasRunningCalls,
  initialMapState,
  mapAnswer,
  type MapState,
  mapPermission,
  type Mapped,
  mapUpdate,
} from "./mapUpdate.ts";
import { promptContent } from "./promptContent.ts";

export interface AcpConnectionParts {
  readonly displayName: string;
  readonly context: AgentContext;
  readonly process: AgentProcess;
  readonly clock: Clock;
  readonly secrets: readonly string[];
  /** How long an agent may take to stop after `cancel` before it is ended. */
  readonly cancelGraceMs: number;
  /** How long a turn may take at most. */
  readonly turnTimeoutMs: number;
}

interface PendingPermission {
  readonly options: readonly AcpPermissionOption[];
  readonly resolve: (response: RequestPermissionResponse) => void;
}

const lastUpdatesMs = 500;
const withdrawn: RequestPermissionResponse = { outcome: { outcome: "cancelled" } };

/** One conversation with one agent process. Decisions are in mapUpdate.ts and toolCalls.ts; this moves messages. */
export class AcpConnection implements AgentConnection {
  readonly #parts: AcpConnectionParts;
  readonly #pending = new Map<string, PendingPermission>();
  #map: MapState;
  #peer: AcpPeer | undefined;
  #conversation: { readonly id: string; readonly resumed: boolean; readonly acceptsResources: boolean } | undefined;
  #isCancelling = false;
  #isOver = false;
  #onSettled: () => void = () => {};

  constructor(parts: AcpConnectionParts) {
    this.#parts = parts;
    this.#map = initialMapState(parts.context.sessionId);
  }

  /** Set once, when the agent has a conversation open. Updates before that (a replayed history) are not shown. */
  ready(peer: AcpPeer, conversation: { id: string; resumed: boolean; acceptsResources: boolean }): void {
    this.#peer = peer;
    this.#conversation = conversation;
  }

  get agentSessionId(): string {
    return this.#conversation?.id ?? "";
  }

  get resumed(): boolean {
    return this.#conversation?.resumed ?? false;
  }

  onUpdate(sessionId: string, update: AcpUpdate): void {
    if (sessionId !== this.#conversation?.id) return;
    this.#apply(mapUpdate(this.#map, update, this.#parts.clock.now()));
  }

  async onPermission(request: AcpPermissionRequest): Promise<RequestPermissionResponse> {
    if (request.sessionId !== this.#conversation?.id || this.#isCancelling) return withdrawn;
    const mapped = mapPermission(this.#map, request, this.#parts.clock.now());
    this.#apply(mapped);
    const { toolCallId } = mapped;
    if (toolCallId === undefined) return withdrawn;
    this.#pending.get(toolCallId)?.resolve(withdrawn);
    return await new Promise((resolve) => {
      this.#pending.set(toolCallId, { options: request.options, resolve });
    });
  }

  answerPermission(toolCallId: string, answer: PermissionAnswer): void {
    const pending = this.#pending.get(toolCallId);
    if (!pending) return;
    this.#pending.delete(toolCallId);
    this.#map = mapAnswer(this.#map, toolCallId, answer.approved);
    const option = chooseOption(pending.options, answer);
    pending.resolve(option ? { outcome: { outcome: "selected", optionId: option.optionId } } : withdrawn);
  }

  async send(turn: { readonly turnId: string; readonly message: Message }): Promise<TurnOutcome> {
    const { displayName, context, clock, process } = this.#parts;
    const peer = this.#peer;
    const conversation = this.#conversation;
    if (!peer || !conversation) throw new AppError("internal", `${displayName} has no conversation open.`);
    if (this.#isOver || process.hasExited) throw await this.#crashed();
    if (this.#map.turn) throw new AppError("conflict", `${displayName} is still at work on the turn before.`);
    this.#map = beginTurn(this.#map, turn.turnId);
    this.#isCancelling = false;
    let isOverdue = false;
    const deadline = clock.setTimeout(() => {
      isOverdue = true;
      this.cancel();
    }, this.#parts.turnTimeoutMs);
    let isComplete = false;
    try {
      const blocks = promptContent(turn.message, context.workspace.root, conversation.acceptsResources);
      const response = await Promise.race([peer.prompt(conversation.id, blocks), this.#gone(peer)]);
      isComplete = response.stopReason === "end_turn";
      if (isComplete) await this.#lastUpdates();
      if (isOverdue) throw overdue(displayName);
      return this.#outcome(response);
    } catch (error) {
      if (isOverdue) throw overdue(displayName);
      if (this.#isCancelling) return { stopReason: "cancelled" };
      throw await this.#failure(error);
    } finally {
      deadline.dispose();
      this.#withdrawPermissions();
      this.#apply(endTurn(this.#map, isComplete, clock.now()));
    }
  }

  cancel(): void {
    const { clock, process, logger } = { ...this.#parts, logger: this.#parts.context.logger };
    if (!this.#map.turn || this.#isCancelling || !this.#conversation) return;
    this.#isCancelling = true;
    const { turnId } = this.#map.turn;
    void this.#peer?.cancel(this.#conversation.id).catch(() => {});
    this.#withdrawPermissions();
    clock.setTimeout(() => {
      if (this.#map.turn?.turnId !== turnId) return;
      logger.warn("agent did not stop in time and is ended", { agent: this.#parts.displayName });
      void process.end(true);
    }, this.#parts.cancelGraceMs);
  }

  async dispose(): Promise<void> {
    this.#isOver = true;
    this.#withdrawPermissions();
    await this.#parts.process.end();
    this.#peer?.close();
  }

  #apply({ state, events }: Mapped): void {
    this.#map = state;
    for (const event of events) this.#emit(event);
    if (!hasRunningCalls(state)) this.#onSettled();
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

  #withdrawPermissions(): void {
    for (const [toolCallId, pending] of this.#pending) {
      this.#map = mapAnswer(this.#map, toolCallId, false);
      pending.resolve(withdrawn);
    }
    this.#pending.clear();
  }

  /** Rejects when the connection is lost; a promise that never wins the race otherwise. */
  async #gone(peer: AcpPeer): Promise<never> {
    await Promise.race([peer.closed, this.#parts.process.exited]);
    throw new AppError("agent.crashed", "connection lost");
  }

  #outcome(response: PromptResponse): TurnOutcome {
    const { usage } = response;
    const info: UsageInfo = {
      ...(usage && { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
      ...(usage?.cachedReadTokens != null && { cacheReadTokens: usage.cachedReadTokens }),
      ...(this.#map.context.size !== undefined && {
        _meta: { muster: { contextUsed: this.#map.context.used, contextSize: this.#map.context.size } },
      }),
    };
    if (usage) {
      this.#emit({ channel: "usage", inputTokens: usage.inputTokens, outputTokens: usage.outputTokens });
    }
    const stopReason = this.#isCancelling ? "cancelled" : stopReasonOf(response.stopReason);
    return Object.keys(info).length > 0 ? { stopReason, usage: info } : { stopReason };
  }

  async #failure(error: unknown): Promise<AppError> {
    const { displayName, context, secrets } = this.#parts;
    if (context.signal.aborted) return new AppError("cancelled", `${displayName} was stopped.`, { cause: error });
    if (!isAgentAnswer(error)) return await this.#crashed(error);
    const reason = cleanText(requestErrorText(error), secrets);
    if (isAuthRequired(error)) {
      const sentence = `${displayName} wants a sign-in or an API key: ${reason}. Set it in the agent's "env" in the host's configuration.`;
      return new AppError("agent.failed", sentence, { cause: error });
    }
    return new AppError("agent.failed", `${displayName} reported an error: ${reason}`, { cause: error });
  }

  async #crashed(cause?: unknown): Promise<AppError> {
    const { displayName, process } = this.#parts;
    // An agent that closed its output is of no more use, running or not.
    if (!process.hasExited) await process.end(true);
    return crashError(displayName, process, await process.exited, cause);
  }
}

/** How it ended, in the words of the process itself. */
export function crashError(
  displayName: string,
  process: { readonly lastWords: string },
  exit: { exitCode: number | null; signal: string | null; startError?: string },
  cause?: unknown,
): AppError {
  const how = exit.startError ?? (exit.signal === null ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`);
  const words = process.lastWords === "" ? "" : ` Its last words: ${process.lastWords}`;
  return new AppError("agent.crashed", `${displayName} ended unexpectedly (${how}).${words}`, {
    cause,
    details: { ...exit },
  });
}

function overdue(displayName: string): AppError {
  return new AppError("timeout", `${displayName} did not finish the turn in the time that this host allows.`);
}

function stopReasonOf(reason: string): TurnOutcome["stopReason"] {
  switch (reason) {
    case "cancelled":
      return "cancelled";
    case "refusal":
      return "refused";
    case "max_tokens":
    case "max_turn_requests":
      return "limit";
    default:
      return "complete";
  }
}

/** The option that was named if it fits the answer, else the mildest one that does. */
function chooseOption(
  options: readonly AcpPermissionOption[],
  answer: PermissionAnswer,
): AcpPermissionOption | undefined {
  const prefix = answer.approved ? "allow" : "reject";
  const fitting = options.filter(({ kind }) => kind.startsWith(prefix));
  return (
    fitting.find(({ optionId }) => optionId === answer.optionId) ??
    fitting.find(({ kind }) => kind === `${prefix}_once`) ??
    fitting[0]
  );
}
