import { assertNever } from "../../../base/appError.ts";
import type { ChatAction } from "../../../protocol/chatActions.ts";
import type { AgentAbout } from "../../../protocol/fleetMeta.ts";
import type { AgentEvent, EarlierUse } from "../provider.ts";
import type { AcpPermissionRequest, AcpUpdate } from "./acpMessages.ts";
import { choicesOf, commandsOf, inMode, planOf } from "./agentAbout.ts";
import {
  askPermission,
  type CallContext,
  type CallState,
  closeCall,
  permissionAnswered,
  upsertCall,
} from "./toolCalls.ts";
import { mediaOfContent, oneLine, textOfContent } from "./toolOutput.ts";
import { dollars, isNearer, type ModelTokens } from "./turnUsage.ts";

/**
 * From what an ACP agent says to what AHP channels hold. Pure: the state of one turn and one message in, the next state
 * and events out. Outside a turn only titles, costs and what the agent says of itself count.
 */
export interface MapState {
  readonly sessionId: string;
  /** The checkout, below which the agent's paths are shown. */
  readonly root: string;
  /** What the agent has said of itself. */
  readonly about: AgentAbout;
  readonly turn: TurnState | undefined;
  /** The agent's own running total of the conversation, in US dollars, as last told: maybe to an earlier process. */
  readonly costUsd: number;
  /** This process has told such a total. */
  readonly isCostTold: boolean;
  /** The latest turn, over or not: what an agent tells a moment late is still of it. */
  readonly lastTurnId: string | undefined;
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
  /** Where it is in its plan. */
  readonly activity: string | undefined;
  /** In US dollars; absent while the agent has told no price. */
  readonly costUsd: number | undefined;
  /** What a running total was taken to go on from, though its process may have begun it anew. */
  readonly doubtedUsd: number | undefined;
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

export function initialMapState(sessionId: string, root: string): MapState {
  const none = { turn: undefined, lastTurnId: undefined, costUsd: 0, isCostTold: false };
  return { sessionId, root, about: {}, context: {}, ...none };
}

/** The conversation goes on, and had cost so much when its agent was last heard of. */
export function takeUp(state: MapState, costUsd: number): MapState {
  return { ...state, costUsd };
}

export function beginTurn(state: MapState, turnId: string): MapState {
  const none = {
    open: undefined,
    planSteps: undefined,
    activity: undefined,
    costUsd: undefined,
    doubtedUsd: undefined,
  };
  return { ...state, lastTurnId: turnId, turn: { turnId, parts: 0, calls: new Map(), ...none } };
}

export function mapUpdate(state: MapState, update: AcpUpdate, nowMs: number): Mapped {
  switch (update.sessionUpdate) {
    case "usage_update":
      return mapUsage(state, update);
    case "session_info_update": {
      const title = oneLine(update.title ?? "", 200);
      return { state, events: title === "" ? [] : [{ channel: "title", title }] };
    }
    case "available_commands_update":
      return tellAbout(state, commandsOf(update));
    case "current_mode_update":
      return tellAbout(state, inMode(state.about, update.currentModeId));
    case "config_option_update":
      return tellAbout(state, choicesOf({ configOptions: update.configOptions }));
    default:
      return state.turn ? mapTurnUpdate(state, state.turn, update, nowMs) : { state, events: [] };
  }
}

/** Members that differ from what was told before. */
export function tellAbout(state: MapState, told: AgentAbout): Mapped {
  const known = new Map(Object.entries(state.about));
  const changed = Object.entries(told).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(known.get(key)),
  );
  if (changed.length === 0) return { state, events: [] };
  const about: AgentAbout = Object.fromEntries(changed);
  return { state: { ...state, about: { ...state.about, ...about } }, events: [{ channel: "about", about }] };
}

type TurnUpdate = Exclude<
  AcpUpdate,
  {
    sessionUpdate:
      | "session_info_update"
      | "usage_update"
      | "available_commands_update"
      | "current_mode_update"
      | "config_option_update";
  }
>;

function mapTurnUpdate(state: MapState, turn: TurnState, update: TurnUpdate, nowMs: number): Mapped {
  switch (update.sessionUpdate) {
    case "agent_message_chunk": {
      const media = mediaOfContent(update.content);
      if (media) return mapMedia(state, turn, media);
      return mapText(state, turn, "markdown", textOfContent(update.content), update.messageId ?? undefined);
    }
    case "agent_thought_chunk":
      return mapText(state, turn, "reasoning", textOfContent(update.content), update.messageId ?? undefined);
    case "tool_call":
    case "tool_call_update": {
      const { call, events } = upsertCall(turn.calls.get(update.toolCallId), update, contextOf(state, turn, nowMs));
      return { state: withCall(state, turn, update.toolCallId, call), events };
    }
    case "plan":
      return mapPlan(state, turn, update);
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
  const cleared: AgentEvent[] = turn.activity === undefined ? [] : [chat({ type: "chat/activityChanged" })];
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

/** A picture or a sound as a part of its own, with its bytes in the URI. */
function mapMedia(state: MapState, turn: TurnState, media: { data: string; contentType: string }): Mapped {
  const { data, contentType } = media;
  const uri = `data:${contentType};base64,${data}`;
  const part = { kind: "contentRef" as const, uri, contentType, sizeHint: Math.floor((data.length * 3) / 4) };
  return {
    state: { ...state, turn: { ...turn, open: undefined } },
    events: [chat({ type: "chat/responsePart", turnId: turn.turnId, part })],
  };
}

/**
 * The whole plan among what the agent says of itself; in the transcript its steps when they change, so that it stays
 * short and holds no tick boxes that would soon be out of date; progress through them as the chat's activity.
 */
function mapPlan(state: MapState, turn: TurnState, update: Extract<AcpUpdate, { sessionUpdate: "plan" }>): Mapped {
  const { entries } = update;
  const told = tellAbout(state, planOf(update));
  const steps = JSON.stringify(entries.map(({ content }) => content));
  const doneCount = entries.filter(({ status }) => status === "completed").length;
  const current = entries.find(({ status }) => status === "in_progress");
  const activity = current ? `${doneCount + 1} of ${entries.length}: ${oneLine(current.content, 120)}` : undefined;
  const shown = { ...turn, planSteps: steps, activity };
  const events: AgentEvent[] = [...told.events];
  let next: MapState = { ...told.state, turn: shown };
  if (entries.length > 0 && steps !== turn.planSteps) {
    const list = entries.map(({ content }, index) => `${index + 1}. ${oneLine(content)}`);
    const notice = notify(next, shown, `Plan\n\n${list.join("\n")}`, { plan: entries });
    next = notice.state;
    events.push(...notice.events);
  }
  if (activity !== turn.activity) {
    events.push(chat({ type: "chat/activityChanged", ...(activity !== undefined && { activity }) }));
  }
  return { state: next, events };
}

/** The host's own words in the transcript of the running turn. */
export function mapNotice(state: MapState, markdown: string, facts: Record<string, unknown>): Mapped {
  return state.turn ? notify(state, state.turn, markdown, facts) : { state, events: [] };
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
  const told = mapCost({ ...state, context }, dollars(cost));
  const { turn } = told.state;
  if (!turn) return told;
  const muster = { contextUsed: context.used, contextSize: context.size };
  const meta = { muster, ...(turn.costUsd !== undefined && { cost: turn.costUsd }) };
  const usage = chat({ type: "chat/usage", turnId: turn.turnId, usage: { _meta: meta } });
  return { state: told.state, events: [...told.events, usage] };
}

/**
 * A running total becomes what was spent since the one before, which an earlier process of the conversation may have told.
 * The first total of a process that is below it was begun anew: during a turn all of it is that turn's. Later totals that
 * fall leave something out, such as messages that were taken back, and only show where to go on from. A first total that
 * is not below may go on or be begun anew (Claude does either): it is taken to go on until the turn's tokens say otherwise.
 */
function mapCost(state: MapState, total: number | undefined): Mapped {
  if (total === undefined) return { state, events: [] };
  const isAnew = total < state.costUsd;
  const spent = !isAnew ? total - state.costUsd : state.turn && !state.isCostTold ? total : 0;
  const doubtedUsd = state.isCostTold || isAnew || state.costUsd === 0 ? state.turn?.doubtedUsd : state.costUsd;
  const turn = state.turn && { ...state.turn, costUsd: sumIfPriced(state.turn.costUsd, spent), doubtedUsd };
  const next = { ...state, turn, costUsd: total, isCostTold: true };
  if (total === state.costUsd) return { state: next, events: [] };
  const usage = {
    channel: "usage" as const,
    ...(state.lastTurnId !== undefined && { turnId: state.lastTurnId }),
    ...modelOf(state),
    ...(spent > 0 && { costUsd: spent }),
    conversationCostUsd: total,
  };
  return { state: next, events: [usage] };
}

/** Agents that know no price tell 0 all the time. */
function sumIfPriced(sum: number | undefined, spent: number): number | undefined {
  return spent > 0 ? (sum ?? 0) + spent : sum;
}

function modelOf({ about }: MapState): { readonly model?: string } {
  const model = about.models?.current;
  return model === undefined ? {} : { model };
}

/** Tokens of a turn that is answered. They also tell what a running total of the turn's cost went on from. */
export function mapTokens(
  state: MapState,
  used: readonly ModelTokens[],
  isPartial: boolean,
  earlier: EarlierUse | undefined,
): Mapped {
  const { turn } = state;
  if (!turn) return { state, events: [] };
  const { turnId, doubtedUsd, costUsd = 0 } = turn;
  const events: AgentEvent[] = used.map(({ tokens, model }) => ({
    channel: "usage",
    turnId,
    ...(model === undefined ? modelOf(state) : { model }),
    ...tokens,
    ...(isPartial && { isPartial }),
  }));
  const isAnew =
    doubtedUsd !== undefined &&
    earlier !== undefined &&
    !isPartial &&
    isNearer(used, earlier, costUsd + doubtedUsd, costUsd);
  if (isAnew) events.push({ channel: "usage", turnId, ...modelOf(state), costUsd: doubtedUsd });
  const whole = isAnew ? costUsd + doubtedUsd : turn.costUsd;
  return { state: { ...state, turn: { ...turn, costUsd: whole, doubtedUsd: undefined } }, events };
}

function withCall(state: MapState, turn: TurnState, acpId: string, call: CallState): MapState {
  const isNew = !turn.calls.has(acpId);
  const calls = new Map(turn.calls).set(acpId, call);
  return { ...state, turn: { ...turn, calls, open: isNew ? undefined : turn.open } };
}

function contextOf(state: MapState, turn: TurnState, nowMs: number): CallContext {
  return { sessionId: state.sessionId, root: state.root, turnId: turn.turnId, nowMs };
}

function chat(action: ChatAction): AgentEvent {
  return { channel: "chat", action };
}
