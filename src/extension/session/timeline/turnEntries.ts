import { formatUsd } from "../../../base/formatUsd.ts";
import type { Translate } from "../../../base/l10n.ts";
import { toLine } from "../../../base/visibleText.ts";
import type { ActiveTurn, ResponsePart, Turn } from "../../../protocol/chatState.ts";
import { wordsOf } from "../../../protocol/content.ts";
import { META_NS } from "../../../protocol/fleet.ts";
import type { TurnSpend } from "../../../protocol/fleetSpend.ts";
import type { TimelineEntry } from "../../../protocol/panel.ts";
import type { ToolCall } from "../../../protocol/toolCall.ts";
import { type Teller, timeOf } from "./teller.ts";

/** An entry of a turn that has nothing to add of its own. */
type Base = Omit<TimelineEntry, "kind" | "title">;

/** A turn with its cost, and in it what a person had to judge or the host had to say. */
export function ofTurn(turn: Turn | ActiveTurn, spend: TurnSpend | undefined, tell: Teller): readonly TimelineEntry[] {
  const { t, who } = tell;
  const isOver = "state" in turn;
  const sender = who("prompted", turn.id);
  const stopper = who("stopped", turn.id);
  const details = [
    sender.isYou || sender.name === undefined ? undefined : t("by {0}", sender.name),
    costOf(spend, t),
    stopper.name === undefined ? undefined : t("stopped by {0}", stopper.name),
  ];
  const entry: TimelineEntry = {
    id: `turn ${turn.id}`,
    kind: "turn",
    atMs: timeOf(turn.startedAt),
    title: toLine(turn.message.text, 200) || t("A message without text"),
    detail: details.filter((detail) => detail !== undefined).join("; ") || undefined,
    tone: !isOver ? "waiting" : turn.state === "error" ? "bad" : "plain",
    turnId: turn.id,
    checkpoint: undefined,
  };
  return [entry, ...turn.responseParts.flatMap((part, index) => ofPart(part, turn.id, index, isOver, tell))];
}

/** `$0.12, 3,200 tokens; 12 s of the machine`: what a model and what the machine cost are never added up. */
function costOf(spend: TurnSpend | undefined, t: Translate): string | undefined {
  if (spend === undefined) return undefined;
  const { costUsd, isUnpriced, cpuMs } = spend;
  const tokens = (spend.inputTokens ?? 0) + (spend.outputTokens ?? 0);
  const unknown = isUnpriced ? t("cost unknown") : undefined;
  const model = [
    costUsd === undefined ? unknown : formatUsd(costUsd),
    tokens > 0 ? t("{0} tokens", tokens.toLocaleString("en")) : undefined,
  ].filter((fact) => fact !== undefined);
  const machine = cpuMs === undefined ? "" : t("{0} s of processor time", (cpuMs / 1000).toFixed(1));
  return [model.join(", "), machine].filter((part) => part !== "").join("; ") || undefined;
}

function ofPart(
  part: ResponsePart,
  turnId: string,
  index: number,
  isOver: boolean,
  tell: Teller,
): readonly TimelineEntry[] {
  const base: Base = {
    atMs: undefined,
    detail: undefined,
    tone: "plain",
    checkpoint: undefined,
    id: `part ${turnId} ${index}`,
    turnId,
  };
  if (part.kind === "toolCall") return ofToolCall(part.toolCall, base, tell);
  if (part.kind === "systemNotification") return ofNotice(part, base);
  return part.kind === "inputRequest" ? ofQuestion(part, base, isOver, tell) : [];
}

function ofQuestion(
  { request, response }: Extract<ResponsePart, { kind: "inputRequest" }>,
  base: Base,
  isOver: boolean,
  tell: Teller,
): readonly TimelineEntry[] {
  const { t, who } = tell;
  const asked = toLine(request.message ?? t("The agent asked a question"), 200);
  if (response === undefined) {
    const title = t("Asks: {0}", asked);
    return isOver ? [] : [{ ...base, kind: "question", title, tone: "waiting" }];
  }
  const { name, atMs } = who("answered", request.id);
  const title =
    response === "accept"
      ? name === undefined
        ? t("Answered: {0}", asked)
        : t("Answered by {0}: {1}", name, asked)
      : name === undefined
        ? t("Declined: {0}", asked)
        : t("Declined by {0}: {1}", name, asked);
  return [{ ...base, atMs, kind: "question", title }];
}

/** What the host says of itself in a turn, such as that a budget is used by half. The plan has a place of its own. */
function ofNotice(
  { content, _meta }: Extract<ResponsePart, { kind: "systemNotification" }>,
  base: Base,
): readonly TimelineEntry[] {
  const about: unknown = _meta?.[META_NS] ?? {};
  const isAbout = (name: string) => typeof about === "object" && about !== null && name in about;
  if (isAbout("plan")) return [];
  const text = typeof content === "string" ? content : content.markdown;
  const kind = isAbout("budget") || isAbout("unpriced") ? "budget" : "note";
  return [{ ...base, kind, title: toLine(text, 300) }];
}

/** Only calls that somebody had to judge. */
function ofToolCall(call: ToolCall, base: Base, tell: Teller): readonly TimelineEntry[] {
  const { t, who } = tell;
  const what = toLine(titleOf(call, t), 200);
  const approval = { ...base, kind: "approval" } as const;
  if (call.status === "pending-confirmation") {
    return [{ ...approval, title: t("Waits for approval: {0}", what), tone: "waiting" }];
  }
  const answered = who("answered", call.toolCallId, base.turnId);
  const { atMs } = answered;
  const person = answered.name ?? t("a person");
  const chosen = "selectedOption" in call && call.selectedOption ? `, "${toLine(call.selectedOption.label, 60)}"` : "";
  if (call.status === "cancelled") {
    if (call.reason !== "denied") return [];
    const detail = call.userSuggestion ? toLine(call.userSuggestion, 200) : undefined;
    return [{ ...approval, atMs, detail, title: t("Denied by {0}: {1}", person + chosen, what), tone: "bad" }];
  }
  if (!("confirmed" in call) || call.confirmed === "not-needed" || call.confirmed === undefined) return [];
  const by = call.confirmed === "user-action" ? person : t("a setting");
  return [{ ...approval, atMs, title: t("Approved by {0}: {1}", by + chosen, what), tone: "good" }];
}

function titleOf(call: ToolCall, t: Translate): string {
  const said = "invocationMessage" in call ? wordsOf(call.invocationMessage) : "";
  return said || ("displayName" in call ? call.displayName : t("a tool call"));
}
