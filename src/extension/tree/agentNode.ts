import { ordinal } from "../../base/ordinal.ts";
import { toLine } from "../../base/visibleText.ts";
import type { Attention, FleetAgent } from "../fleet/fleetAgent.ts";
import type { ContextValue } from "../ids.ts";
import { toLabel } from "../platform/plainText.ts";

/** Groups of the Agents tree, in the order in which they are shown. Failures need a person too. */
export const GROUPS = ["needsYou", "working", "queued", "review", "pullRequest", "done"] as const;
export type GroupId = (typeof GROUPS)[number];

export const groupTitles: Record<GroupId, string> = {
  needsYou: "Needs you",
  working: "Working",
  queued: "Queued",
  review: "Ready for review",
  pullRequest: "In pull request",
  done: "Done",
};

export function groupOf(attention: Attention): GroupId {
  return attention === "failed" ? "needsYou" : attention;
}

/** A row of a tree, without VS Code: what is shown, and which menu entries fit. */
export interface NodeView {
  readonly label: string;
  readonly description: string;
  /** Codicon. */
  readonly icon: string;
  /** Theme colour of the icon; `undefined` for the tree's own. */
  readonly iconColor: string | undefined;
  readonly contextValue: ContextValue;
  /** What a screen reader says. */
  readonly spoken: string;
}

interface Look {
  readonly icon: string;
  readonly color: string | undefined;
  readonly contextValue: ContextValue;
  readonly words: string;
}

/** How one agent's row looks at `nowMs`. Texts of the agent come out visible, on one line and without icons. */
export function nodeOf(agent: FleetAgent, nowMs: number): NodeView {
  const look = lookOf(agent);
  const isLive = agent.freshness.live;
  const doing = doingOf(agent, look.words);
  const facts = [toLabel(agent.place, 40), doing, countsOf(agent), spendOf(agent) ?? "", ageOf(agent, nowMs)].filter(
    (fact) => fact !== "",
  );
  const label = toLabel(agent.title, 100);
  return {
    label,
    description: facts.join(" · "),
    icon: isLive ? look.icon : look.icon.replace("~spin", ""),
    iconColor: isLive ? look.color : "disabledForeground",
    contextValue: isLive ? contextValueOf(look.contextValue, agent) : "agent.stale",
    spoken: [label, look.words, ...facts, isLive ? "" : "not connected"].filter((part) => part !== "").join(", "),
  };
}

/** A row offers a pull request only where its host can push a branch. */
function contextValueOf(value: ContextValue, { canShip }: FleetAgent): ContextValue {
  if (!canShip) return value;
  if (value === "agent.review" || value === "agent.done" || value === "agent.failed") return `${value}.ships`;
  return value;
}

/** What the agent has cost so far; nothing where no price is told. */
function spendOf({ spend }: FleetAgent): string | undefined {
  return spend === undefined ? undefined : `$${spend.toFixed(2)}`;
}

function lookOf(agent: FleetAgent): Look {
  switch (agent.attention) {
    case "needsYou":
      if (agent.need === "approval") return look("shield", "charts.yellow", "agent.approval", "needs your approval");
      if (agent.need === "question") return look("question", "charts.yellow", "agent.question", "asks you a question");
      if (agent.need === "signIn") return look("key", "charts.yellow", "agent.question", "needs you to sign in");
      return look("bell-dot", "charts.yellow", "agent.question", "needs you");
    case "failed":
      return look("error", "errorForeground", "agent.failed", "failed");
    case "working":
      return look("loading~spin", "charts.blue", "agent.working", "working");
    case "queued":
      return look("clock", "descriptionForeground", "agent.queued", agent.isPending ? "launching" : "queued");
    case "review":
      return look("diff", "charts.green", "agent.review", "ready for review");
    case "pullRequest":
      return look("git-pull-request", "charts.purple", "agent.pullRequest", pullRequestWords(agent));
    case "done":
    default:
      return look(agent.isArchived ? "archive" : "pass", "descriptionForeground", "agent.done", doneWords(agent));
  }
}

function look(icon: string, color: string, contextValue: ContextValue, words: string): Look {
  return { icon, color, contextValue, words };
}

function pullRequestWords({ pullRequest }: FleetAgent): string {
  if (pullRequest === undefined) return "in pull request";
  return `${pullRequest.isDraft ? "draft " : ""}#${pullRequest.number}`;
}

function doneWords({ pullRequest, isArchived }: FleetAgent): string {
  if (pullRequest !== undefined && pullRequest.state !== "open") return `#${pullRequest.number} ${pullRequest.state}`;
  return isArchived ? "archived" : "done";
}

/** What it does, where it says so; its state in words, where the group's title does not say that already. */
function doingOf(agent: FleetAgent, words: string): string {
  const activity = agent.activity === undefined ? "" : toLabel(agent.activity, 60);
  if (activity !== "") return activity;
  if (agent.attention === "queued" && agent.queuePosition !== undefined)
    return `${ordinal(agent.queuePosition)} in the queue`;
  return agent.attention === "working" || agent.attention === "review" || words === "done" ? "" : words;
}

function countsOf({ changes }: FleetAgent): string {
  if (changes === undefined || changes.additions + changes.deletions + changes.files === 0) return "";
  if (changes.additions + changes.deletions === 0) return `${changes.files} ${changes.files === 1 ? "file" : "files"}`;
  return `+${changes.additions} −${changes.deletions}`;
}

/** How long it has been at it; for a row that cannot be seen any more, how old what it shows is. */
function ageOf(agent: FleetAgent, nowMs: number): string {
  if (agent.freshness.live) return formatAge(nowMs - agent.modifiedAt);
  return agent.freshness.heardAt === undefined
    ? "not seen yet"
    : `as of ${formatAge(nowMs - agent.freshness.heardAt)} ago`;
}

/** "12s", "3m", "2h", "5d". */
export function formatAge(ms: number): string {
  if (!Number.isFinite(ms)) return "";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Lines of a row's tooltip, as plain text: name and value. */
export function tooltipLines(
  agent: FleetAgent,
  hostName: string,
  nowMs: number,
): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string | undefined])[] = [
    ["State", lookOf(agent).words + (agent.activity ? `: ${agent.activity}` : "")],
    ["Repository", agent.repository],
    ["Folder", agent.folder],
    ["Branch", agent.branch && agent.baseBranch ? `${agent.branch} from ${agent.baseBranch}` : agent.branch],
    ["Agent", agent.provider],
    ["Host", hostName],
    ["Isolation", agent.isolation === "none" ? "none: it runs with the rights of the host's account" : agent.isolation],
    ["Changes", agent.changes && `${agent.changes.files} files, ${countsOf(agent)}`],
    ["Spent", spendOf(agent)],
    ["Pull request", agent.pullRequest && `#${agent.pullRequest.number}, ${agent.pullRequest.state}`],
    ["Last event", `${formatAge(nowMs - agent.modifiedAt)} ago`],
    ["Seen", agent.freshness.live ? "live" : ageOf(agent, nowMs)],
  ];
  return lines.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, toLine(value, 300)] as const],
  );
}
