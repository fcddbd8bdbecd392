import { toLine } from "../../base/visibleText.ts";
import type { ActiveTurn, ChatState, ResponsePart, Turn } from "../../protocol/chatState.ts";
import { wordsOf } from "../../protocol/content.ts";
import { type FleetSessionState, META_NS } from "../../protocol/fleet.ts";
import type { FleetCheckpoint } from "../../protocol/fleetCheckpoints.ts";
import type { TurnSpend } from "../../protocol/fleetSpend.ts";
import type { PanelItem, TimelineEntry } from "../../protocol/panel.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";
import { turnsOf } from "./panelWindow.ts";

/** Entries that a page is told of. */
const maxEntries = 300;

/** What happened to an agent, newest first: turns with their cost, who let it do what, checkpoints, pushes, and what held it up. */
export function toTimeline(
  chat: ChatState | undefined,
  fleet: FleetSessionState | undefined,
): Extract<PanelItem, { type: "timeline" }> {
  const turns = chat === undefined ? [] : turnsOf(chat);
  const spends = new Map(fleet?.spend?.turns.map((spend) => [spend.turnId, spend]));
  const entries = [...began(fleet), ...turns.flatMap((turn) => ofTurn(turn, spends.get(turn.id))), ...ofFleet(fleet)];
  // What has no time of its own keeps its place after what it follows; how things stand is told last, so it comes first.
  let lastMs = Number.NEGATIVE_INFINITY;
  const timed = entries.map((entry, index) => {
    lastMs = entry.atMs ?? (entry.turnId === undefined ? Number.POSITIVE_INFINITY : lastMs);
    return { entry, index, atMs: lastMs };
  });
  const sorted = timed.toSorted((a, b) => b.atMs - a.atMs || b.index - a.index).map(({ entry }) => entry);
  return { type: "timeline", entries: sorted.slice(0, maxEntries), left: Math.max(0, sorted.length - maxEntries) };
}

const plain = {
  atMs: undefined,
  detail: undefined,
  tone: "plain",
  turnId: undefined,
  checkpoint: undefined,
} as const;

function ofTurn(turn: Turn | ActiveTurn, spend: TurnSpend | undefined): readonly TimelineEntry[] {
  const isOver = "state" in turn;
  const entry: TimelineEntry = {
    ...plain,
    id: `turn ${turn.id}`,
    kind: "turn",
    atMs: timeOf(turn.startedAt),
    title: toLine(turn.message.text, 200) || "A message without text",
    detail: costOf(spend),
    tone: !isOver ? "waiting" : turn.state === "error" ? "bad" : "plain",
    turnId: turn.id,
  };
  return [entry, ...turn.responseParts.flatMap((part, index) => ofPart(part, turn.id, index, isOver))];
}

/** `$0.12, 3,200 tokens; 12 s of the machine`: what a model and what the machine cost are never added up. */
function costOf(spend: TurnSpend | undefined): string | undefined {
  if (spend === undefined) return undefined;
  const tokens = (spend.inputTokens ?? 0) + (spend.outputTokens ?? 0);
  const model = [
    spend.costUsd === undefined ? (spend.isUnpriced ? "cost unknown" : undefined) : `$${spend.costUsd.toFixed(2)}`,
    tokens > 0 ? `${tokens.toLocaleString("en")} tokens` : undefined,
  ].filter((fact) => fact !== undefined);
  const machine = spend.cpuMs === undefined ? undefined : `${(spend.cpuMs / 1000).toFixed(1)} s of processor time`;
  return [model.join(", "), machine].filter(Boolean).join("; ") || undefined;
}

function ofPart(part: ResponsePart, turnId: string, index: number, isOver: boolean): readonly TimelineEntry[] {
  const base: Omit<TimelineEntry, "kind" | "title"> = { ...plain, id: `part ${turnId} ${index}`, turnId };
  if (part.kind === "toolCall") return ofToolCall(part.toolCall, base);
  if (part.kind === "systemNotification") return ofNotice(part, base);
  if (part.kind !== "inputRequest") return [];
  const asked = toLine(part.request.message ?? "The agent asked a question", 200);
  if (part.response === undefined) {
    return isOver ? [] : [{ ...base, kind: "question", title: `Asks: ${asked}`, tone: "waiting" }];
  }
  const isAnswered = part.response === "accept";
  return [{ ...base, kind: "question", title: `${isAnswered ? "Answered" : "Declined"}: ${asked}` }];
}

/** What the host says of itself in a turn, such as that a budget is used by half. The plan has a place of its own. */
function ofNotice(
  { content, _meta }: Extract<ResponsePart, { kind: "systemNotification" }>,
  base: Omit<TimelineEntry, "kind" | "title">,
): readonly TimelineEntry[] {
  const about: unknown = _meta?.[META_NS] ?? {};
  const isAbout = (name: string) => typeof about === "object" && about !== null && name in about;
  if (isAbout("plan")) return [];
  const text = typeof content === "string" ? content : content.markdown;
  const kind = isAbout("budget") || isAbout("unpriced") ? "budget" : "note";
  return [{ ...base, kind, title: toLine(text, 300) }];
}

/** Only calls that somebody had to judge. */
function ofToolCall(call: ToolCall, base: Omit<TimelineEntry, "kind" | "title">): readonly TimelineEntry[] {
  const what = toLine(titleOf(call), 200);
  const chosen = "selectedOption" in call && call.selectedOption ? `, "${toLine(call.selectedOption.label, 60)}"` : "";
  if (call.status === "pending-confirmation") {
    return [{ ...base, kind: "approval", title: `Waits for approval: ${what}`, tone: "waiting" }];
  }
  if (call.status === "cancelled") {
    if (call.reason !== "denied") return [];
    const note = call.userSuggestion ? toLine(call.userSuggestion, 200) : undefined;
    return [{ ...base, kind: "approval", title: `Denied by a person${chosen}: ${what}`, detail: note, tone: "bad" }];
  }
  if (!("confirmed" in call) || call.confirmed === "not-needed" || call.confirmed === undefined) return [];
  const who = call.confirmed === "user-action" ? "a person" : "a setting";
  return [{ ...base, kind: "approval", title: `Approved by ${who}${chosen}: ${what}`, tone: "good" }];
}

function titleOf(call: ToolCall): string {
  const said = "invocationMessage" in call ? wordsOf(call.invocationMessage) : "";
  return said || ("displayName" in call ? call.displayName : "a tool call");
}

function began(fleet: FleetSessionState | undefined): readonly TimelineEntry[] {
  if (fleet === undefined) return [];
  const { forkedFrom, createdAt, baseCommit } = fleet;
  return [
    {
      ...plain,
      id: "begin",
      kind: forkedFrom ? "fork" : "note",
      atMs: timeOf(createdAt),
      title: forkedFrom ? `Began as a copy of another agent, at checkpoint ${forkedFrom.checkpoint}` : "Launched",
      checkpoint: baseCommit === undefined ? undefined : "0",
    },
  ];
}

function ofFleet(fleet: FleetSessionState | undefined): readonly TimelineEntry[] {
  if (fleet === undefined) return [];
  const { checkpoints, pushed, egress, spend, queue } = fleet;
  return [
    ...checkpoints.map(ofCheckpoint),
    ...(pushed
      ? [
          {
            ...plain,
            id: `push ${pushed.commit}`,
            kind: "push" as const,
            atMs: timeOf(pushed.at),
            title: `Pushed ${toLine(pushed.branch, 120)}`,
            detail: `commit ${pushed.commit.slice(0, 7)}`,
            tone: "good" as const,
          },
        ]
      : []),
    ...(egress?.refused ?? []).map((each) => ({
      ...plain,
      id: `refused ${each.server}`,
      kind: "egress" as const,
      atMs: timeOf(each.at),
      title: `Not let through to ${toLine(each.server, 120)}`,
      detail: each.count > 1 ? `${each.count.toLocaleString("en")} times` : undefined,
      tone: "bad" as const,
    })),
    ...(egress?.decided ?? []).map((each) => ({
      ...plain,
      id: `decided ${each.server}`,
      kind: "egress" as const,
      atMs: timeOf(each.at),
      title: `${each.decision === "never" ? "Never let through" : "Let through"} to ${toLine(each.server, 120)}`,
      detail: each.decision === "never" ? undefined : `for this ${each.decision}`,
      tone: each.decision === "never" ? ("bad" as const) : ("good" as const),
    })),
    ...(spend?.paused
      ? [
          {
            ...plain,
            id: "paused",
            kind: "budget" as const,
            atMs: timeOf(spend.paused.at),
            title: `Paused: the budget of the ${spend.paused.scope} is used`,
            tone: "waiting" as const,
            turnId: spend.paused.turnId,
          },
        ]
      : []),
    ...(queue
      ? [
          {
            ...plain,
            id: "queue",
            kind: "queue" as const,
            title: `Waits in the queue, ${queue.isAtLeast ? "at least " : ""}number ${queue.position}`,
            detail: queue.reason === undefined ? undefined : toLine(queue.reason, 200),
            tone: "waiting" as const,
          },
        ]
      : []),
  ];
}

const checkpointTitles: Readonly<Record<string, string>> = {
  asked: "asked for",
  safety: "before the files were put back",
  restored: "files put back",
  fork: "of the copy",
};

function ofCheckpoint(checkpoint: FleetCheckpoint): TimelineEntry {
  const { id, kind, files, additions, deletions, restoredFrom } = checkpoint;
  const why = checkpointTitles[kind ?? ""];
  const from = restoredFrom === undefined ? "" : ` to checkpoint ${restoredFrom}`;
  return {
    ...plain,
    id: `checkpoint ${id}`,
    kind: "checkpoint",
    atMs: timeOf(checkpoint.createdAt),
    title: `Checkpoint ${id}${why === undefined ? "" : `, ${why}${from}`}`,
    detail: `${files.toLocaleString("en")} ${files === 1 ? "file" : "files"} changed, +${additions} −${deletions}`,
    turnId: checkpoint.turnId === "" ? undefined : checkpoint.turnId,
    checkpoint: id,
  };
}

function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
