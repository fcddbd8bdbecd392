import { assertNever } from "../../../base/appError.ts";
import type { ChatAction } from "../../../protocol/chatActions.ts";
import type { AgentEvent } from "../provider.ts";
import type { AcpPermissionRequest, AcpUpdate } from "./acpMessages.ts";
import {
  askPermission,
  type CallContext,
  type CallState,
  closeCall,
  permissionAnswered,
  upsertCall,
} from "./toolCalls.ts";
import { oneLine, textOfContent } from "./toolOutput.ts";

/**
 * From what an ACP agent says to what AHP channels hold. Pure: the state of one turn and one message in, the next state
 * and events out. Outside a turn only titles and costs count.
 */
export interface MapState {
  readonly sessionId: string;
  readonly turn: TurnState | undefined;
  /** The agent's own running total of the conversation, in US dollars. */
  readonly costUsd: number;
  /** Context window in use, as the agent last said. */
  readonly context: { readonly used?: number; readonly size?: number };
}

interface TurnState {
  readonly turnId: string;
  /** Number of text parts begun so far; names the next one. */
  readonly parts: number;
  readonly open: OpenPart | undefined;
  /** By the agent's own tool call id. */
  readonly calls: ReadonlyMap<string, CallState>;
  /** The steps of the plan that was last shown whole. */
  readonly planSteps: string | undefined;
  readonly hasActivity: boolean;
}

interface OpenPart {
  readonly kind: "markdown" | "reasoning";
  readonly id: string;
  readonly messageId: string | undefined;
}

export interface Mapped {
  readonly state: MapState;
  readonly events: readonly AgentEvent[];
}

export function initialMapState(sessionId: string): MapState {
  return { sessionId, turn: undefined, costUsd: 0, context: {} };
}

export function beginTurn(state: MapState, turnId: string): MapState {
  const turn = { turnId, parts: 0, open: undefined, calls: new Map(), planSteps: undefined, hasActivity: false };
  return { ...state, turn };
}

export function mapUpdate(state: MapState, update: AcpUpdate, nowMs: number): Mapped {
  if (update.sessionUpdate === "usage_update") return mapUsage(state, update);
  if (update.sessionUpdate !== "session_info_update") {
    return state.turn ? mapTurnUpdate(state, state.turn, update, nowMs) : { state, events: [] };
  }
  const title = oneLine(update.title ?? "", 200);
  return { state, events: title === "" ? [] : [{ channel: "title", title }] };
}

type TurnUpdate = Exclude<AcpUpdate, { sessionUpdate: "session_info_update" | "usage_update" }>;

function mapTurnUpdate(state: MapState, turn: TurnState, update: TurnUpdate, nowMs: number): Mapped {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
      return mapText(state, turn, "markdown", textOfContent(update.content), update.messageId ?? undefined);
    case "agent_thought_chunk":
      return mapText(state, turn, "reasoning", textOfContent(update.content), update.messageId ?? undefined);
    case "tool_call":
    case "tool_call_update": {
      const { call, events } = upsertCall(turn.calls.get(update.toolCallId), update, contextOf(state, turn, nowMs));
      return { state: withCall(state, turn, update.toolCallId, call), events };
    }
    case "plan":
      return mapPlan(state, turn, update.entries);
    case "notice": {
      const text = (update.message ?? "").trim();
      return text === "" ? { state, events: [] } : notify(state, turn, text, { severity: update.severity ?? "info" });
    }
    case "user_message_chunk":
      // The person's own message is in the turn already.
      return { state, events: [] };
    default:
      return assertNever(update);
  }
}

/** The first mention of a call may be the question about it. */
export function mapPermission(
  state: MapState,
  request: AcpPermissionRequest,
  nowMs: number,
): Mapped & { toolCallId: string | undefined } {
  const { turn } = state;
  if (!turn) return { state, events: [], toolCallId: undefined };
  const acpId = request.toolCall.toolCallId;
  const context = contextOf(state, turn, nowMs);
  const { call, events } = askPermission(turn.calls.get(acpId), request.toolCall, request.options, context);
  const isAsked = call.phase === "waiting";
  return { state: withCall(state, turn, acpId, call), events, toolCallId: isAsked ? call.id : undefined };
}

export function mapAnswer(state: MapState, toolCallId: string, approved: boolean): MapState {
  const { turn } = state;
  if (!turn) return state;
  const calls = Array.from(turn.calls, ([acpId, call]): [string, CallState] => [
    acpId,
    call.id === toolCallId ? permissionAnswered(call, approved) : call,
  ]);
  return { ...state, turn: { ...turn, calls: new Map(calls) } };
}

export function hasRunningCalls(state: MapState): boolean {
  return Array.from(state.turn?.calls.values() ?? []).some(({ phase }) => phase === "running");
}

/** The prompt has been answered: ends every open call. */
export function endTurn(state: MapState, isComplete: boolean, nowMs: number): Mapped {
  const { turn } = state;
  if (!turn) return { state, events: [] };
  const context = contextOf(state, turn, nowMs);
  const events = Array.from(turn.calls.values()).flatMap((call) => closeCall(call, isComplete, context).events);
  const cleared: AgentEvent[] = turn.hasActivity ? [chat({ type: "chat/activityChanged" })] : [];
  return { state: { ...state, turn: undefined }, events: [...events, ...cleared] };
}

function mapText(
  state: MapState,
  turn: TurnState,
  kind: OpenPart["kind"],
  text: string | undefined,
  messageId: string | undefined,
): Mapped {
  if (text === undefined || text === "") return { state, events: [] };
  const { turnId, open } = turn;
  if (open?.kind === kind && open.messageId === messageId) {
    const type = kind === "markdown" ? "chat/delta" : "chat/reasoning";
    return { state, events: [chat({ type, turnId, partId: open.id, content: text })] };
  }
  const id = `${turnId.slice(0, 8)}-${turn.parts + 1}`;
  const next = { ...turn, parts: turn.parts + 1, open: { kind, id, messageId } };
  const part = { kind, id, content: text };
  return { state: { ...state, turn: next }, events: [chat({ type: "chat/responsePart", turnId, part })] };
}

interface PlanEntry {
  readonly content: string;
  readonly status?: string | null | undefined;
}

/**
 * The steps when they change; progress through them as the chat's activity. So the transcript stays short, and holds no
 * tick boxes that would soon be out of date.
 */
function mapPlan(state: MapState, turn: TurnState, entries: readonly PlanEntry[]): Mapped {
  if (entries.length === 0) return { state, events: [] };
  const steps = JSON.stringify(entries.map(({ content }) => content));
  const doneCount = entries.filter(({ status }) => status === "completed").length;
  const current = entries.find(({ status }) => status === "in_progress");
  const activity = current ? `${doneCount + 1} of ${entries.length}: ${oneLine(current.content, 120)}` : undefined;
  const shown = { ...turn, planSteps: steps, hasActivity: activity !== undefined };
  const events: AgentEvent[] = [];
  let next: MapState = { ...state, turn: shown };
  if (steps !== turn.planSteps) {
    const list = entries.map(({ content }, index) => `${index + 1}. ${oneLine(content)}`);
    const notice = notify(next, shown, `Plan\n\n${list.join("\n")}`, { plan: entries });
    next = notice.state;
    events.push(...notice.events);
  }
  if (activity !== undefined || turn.hasActivity) {
    events.push(chat({ type: "chat/activityChanged", ...(activity !== undefined && { activity }) }));
  }
  return { state: next, events };
}

function notify(state: MapState, turn: TurnState, markdown: string, facts: Record<string, unknown>): Mapped {
  const part = { kind: "systemNotification" as const, content: { markdown }, _meta: { muster: facts } };
  // Text after it belongs to a part of its own.
  return {
    state: { ...state, turn: { ...turn, open: undefined } },
    events: [chat({ type: "chat/responsePart", turnId: turn.turnId, part })],
  };
}

function mapUsage(state: MapState, update: Extract<AcpUpdate, { sessionUpdate: "usage_update" }>): Mapped {
  const { used, size, cost } = update;
  const context = { ...state.context, ...(used != null && { used }), ...(size != null && { size }) };
  const total = cost?.currency === "USD" ? cost.amount : state.costUsd;
  const costUsd = Math.max(0, total - state.costUsd);
  const events: AgentEvent[] = costUsd > 0 ? [{ channel: "usage", costUsd }] : [];
  if (state.turn) {
    const meta = {
      muster: { contextUsed: context.used, contextSize: context.size },
      ...(cost && { cost: cost.amount }),
    };
    events.push(chat({ type: "chat/usage", turnId: state.turn.turnId, usage: { _meta: meta } }));
  }
  return { state: { ...state, context, costUsd: Math.max(state.costUsd, total) }, events };
}

function withCall(state: MapState, turn: TurnState, acpId: string, call: CallState): MapState {
  const isNew = !turn.calls.has(acpId);
  const calls = new Map(turn.calls).set(acpId, call);
  return { ...state, turn: { ...turn, calls, open: isNew ? undefined : turn.open } };
}

function contextOf(state: MapState, turn: TurnState, nowMs: number): CallContext {
  return { sessionId: state.sessionId, turnId: turn.turnId, nowMs };
}

function chat(action: ChatAction): AgentEvent {
  return { channel: "chat", action };
}
