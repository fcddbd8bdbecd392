import * as vscode from "vscode";
import { formatAge, formatAgo } from "../../base/formatAge.ts";
import { formatUsd } from "../../base/formatUsd.ts";
import { ordinal } from "../../base/ordinal.ts";
import { isUnread } from "../fleet/agentFilter.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { pullRequestNeed, pullRequestWords } from "../fleet/pullRequestNeed.ts";
import type { AgentState, ContextValue } from "../ids.ts";
import { toLabel } from "../platform/plainText.ts";
import type { Grouping } from "./agentLayout.ts";

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
  readonly state: AgentState;
  readonly words: string;
}

/** What stands around a row: it need not say what its group says. */
export interface RowFrame {
  readonly grouping: Grouping;
  readonly isPinned: boolean;
}

const alone: RowFrame = { grouping: "none", isPinned: false };

/** How one agent's row looks at `nowMs`. Texts of the agent come out visible, on one line and without icons. */
export function nodeOf(agent: FleetAgent, nowMs: number, frame: RowFrame = alone): NodeView {
  const look = lookOf(agent);
  const isLive = agent.freshness.live;
  const age = ageOf(agent, nowMs);
  const facts = [
    // How old everything after it is.
    isLive ? "" : age,
    frame.isPinned ? vscode.l10n.t("pinned") : "",
    frame.grouping === "repository" ? "" : toLabel(agent.place, 40),
    attemptOf(agent),
    doingOf(agent, look.words, frame.grouping),
    countsOf(agent),
    conflictsOf(agent),
    commentsOf(agent),
    spendOf(agent),
    isLive ? age : "",
  ].filter((fact) => fact !== "");
  const label = toLabel(agent.title, 100);
  const state = isLive ? look.state : "agent.stale";
  const kind = agent.group !== undefined ? ".attempt" : agent.canShip ? "" : ".plain";
  const marks = `${frame.isPinned ? ".pinned" : ""}${isUnread(agent) ? ".unread" : ""}${kind}` as const;
  const spoken = [
    label,
    look.words,
    isUnread(agent) ? vscode.l10n.t("unread") : "",
    ...facts,
    isLive ? "" : vscode.l10n.t("not connected"),
  ];
  return {
    label,
    description: facts.join(" · "),
    icon: isLive ? look.icon : look.icon.replace("~spin", ""),
    iconColor: isLive ? look.color : "disabledForeground",
    contextValue: `${state}${marks}`,
    spoken: Array.from(new Set(spoken.filter((part) => part !== ""))).join(", "),
  };
}

/** One of several at the same task. */
function attemptOf({ group }: FleetAgent): string {
  return group === undefined ? "" : vscode.l10n.t("attempt {0} of {1}", group.index, group.count);
}

function conflictsOf({ conflicts = 0 }: FleetAgent): string {
  if (conflicts === 0) return "";
  return conflicts === 1 ? vscode.l10n.t("1 conflict") : vscode.l10n.t("{0} conflicts", conflicts);
}

/** Remarks of reviewers that wait to be dealt with. */
export function commentsOf({ openComments = 0 }: FleetAgent): string {
  if (openComments === 0) return "";
  return openComments === 1 ? vscode.l10n.t("1 comment open") : vscode.l10n.t("{0} comments open", openComments);
}

/** What the agent has cost so far, and how much of its budget that is; nothing where no price is told. */
export function spendOf({ spend, budgetShare = 0 }: FleetAgent): string {
  if (spend === undefined) return "";
  if (budgetShare < 0.5) return formatUsd(spend);
  return vscode.l10n.t("{0} ({1} % of the budget)", formatUsd(spend), Math.round(budgetShare * 100));
}

/** What the agent's state is called: "needs your approval". */
export function wordsOf(agent: FleetAgent): string {
  return lookOf(agent).words;
}

function lookOf(agent: FleetAgent): Look {
  switch (agent.attention) {
    case "needsYou":
      if (agent.need === "approval")
        return look("shield", "charts.yellow", "agent.approval", vscode.l10n.t("needs your approval"));
      if (agent.need === "question")
        return look("question", "charts.yellow", "agent.question", vscode.l10n.t("asks you a question"));
      if (agent.need === "budget")
        return look("credit-card", "charts.yellow", "agent.question", vscode.l10n.t("reached its budget"));
      if (agent.need === "signIn")
        return look("key", "charts.yellow", "agent.question", vscode.l10n.t("needs you to sign in"));
      return look("bell-dot", "charts.yellow", "agent.question", vscode.l10n.t("needs you"));
    case "failed":
      return look("error", "errorForeground", "agent.failed", vscode.l10n.t("failed"));
    case "working":
      return look("loading~spin", "charts.blue", "agent.working", vscode.l10n.t("working"));
    case "queued":
      return look(
        "clock",
        "descriptionForeground",
        "agent.queued",
        agent.isPending ? vscode.l10n.t("launching") : vscode.l10n.t("queued"),
      );
    case "review":
      return look("diff", "charts.green", "agent.review", vscode.l10n.t("ready for review"));
    case "pullRequest":
      return pullRequestLook(agent);
    case "done":
    default:
      if (agent.isArchived)
        return look("archive", "descriptionForeground", "agent.archived", vscode.l10n.t("archived"));
      return look(doneIcon(agent), "descriptionForeground", "agent.done", doneWords(agent));
  }
}

function look(icon: string, color: string, state: AgentState, words: string): Look {
  return { icon, color, state, words };
}

function pullRequestLook(agent: FleetAgent): Look {
  const words = pullRequestWords(agent, vscode.l10n.t);
  const need = pullRequestNeed(agent);
  switch (need) {
    case "checksFailed":
      return look("git-pull-request", "charts.red", "agent.pullRequest.checksFailed", words);
    case "changesRequested":
      return look("git-pull-request-go-to-changes", "charts.yellow", "agent.pullRequest.changesRequested", words);
    case "unshipped":
      return look("git-pull-request-new-changes", "charts.green", "agent.pullRequest.unshipped", words);
    case "conflicts":
      return look("git-branch-conflicts", "charts.yellow", "agent.pullRequest.conflicts", words);
    case "mergeable":
      return look("git-pull-request-done", "charts.green", "agent.pullRequest.mergeable", words);
    default:
      if (agent.pullRequest?.isDraft !== true)
        return look("git-pull-request", "charts.purple", "agent.pullRequest", words);
      return look("git-pull-request-draft", "charts.purple", "agent.pullRequest.draft", words);
  }
}

function doneIcon({ pullRequest }: FleetAgent): string {
  if (pullRequest?.state === "merged") return "git-merge";
  return pullRequest?.state === "closed" ? "git-pull-request-closed" : "pass";
}

function doneWords(agent: FleetAgent): string {
  return agent.pullRequest === undefined || agent.pullRequest.state === "open"
    ? vscode.l10n.t("done")
    : pullRequestWords(agent, vscode.l10n.t);
}

/** What it does, where it says so; its state in words, where the group's title does not say that already. */
function doingOf(agent: FleetAgent, words: string, grouping: Grouping): string {
  // What became of the work counts, not what was done last.
  if (agent.attention === "pullRequest") return words;
  const activity = agent.activity === undefined ? "" : toLabel(agent.activity, 60);
  if (activity !== "") return activity;
  if (agent.attention === "queued" && agent.queuePosition !== undefined)
    return vscode.l10n.t("{0} in the queue", ordinal(agent.queuePosition));
  const isSaid =
    agent.attention === "working" ||
    agent.attention === "review" ||
    words === vscode.l10n.t("done") ||
    agent.isArchived;
  return isSaid && grouping === "attention" ? "" : words;
}

export function countsOf({ changes }: FleetAgent): string {
  if (changes === undefined || changes.additions + changes.deletions + changes.files === 0) return "";
  if (changes.additions + changes.deletions === 0)
    return changes.files === 1 ? vscode.l10n.t("1 file") : vscode.l10n.t("{0} files", changes.files);
  return `+${changes.additions} −${changes.deletions}`;
}

/** How long it has been at it; for a row that cannot be seen any more, how old what it shows is. */
export function ageOf(agent: FleetAgent, nowMs: number): string {
  if (agent.freshness.live) return formatAge(nowMs - agent.modifiedAt);
  return agent.freshness.heardAt === undefined
    ? vscode.l10n.t("not seen yet")
    : vscode.l10n.t("as of {0}", formatAgo(nowMs - agent.freshness.heardAt, vscode.l10n.t));
}
