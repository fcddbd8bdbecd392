import * as vscode from "vscode";
import { formatAge, formatAgo } from "../../base/formatAge.ts";
import { formatUsd } from "../../base/formatUsd.ts";
import { ordinal } from "../../base/ordinal.ts";
import { toLine } from "../../base/visibleText.ts";
import type { AgentDetails } from "../fleet/agentDetails.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { overlapsOf } from "../fleet/overlaps.ts";
import { pullRequestWords } from "../fleet/pullRequestNeed.ts";
import { toMarkdownText } from "../platform/plainText.ts";
import { ageOf, commentsOf, countsOf, spendOf, wordsOf } from "./agentNode.ts";

export interface HoverFacts {
  readonly agent: FleetAgent;
  /** `undefined` while the host has not told. */
  readonly details: AgentDetails | undefined;
  readonly hostName: string;
  /** What the host calls this kind of agent. */
  readonly agentName: string | undefined;
  readonly parentTitle: string | undefined;
  /** Of another agent on the same host, by its session; `undefined` for one that is not listed. */
  readonly titleOf: (session: string) => string | undefined;
}

/** An agent's hover card. Nothing in it is a link, an image or an icon: texts of agents and hosts are only shown. */
export function agentHover(facts: HoverFacts, nowMs: number): vscode.MarkdownString {
  const { agent, details } = facts;
  const rows = hoverLines(facts, nowMs).map(([name, value]) => `| ${name} | ${toMarkdownText(value, 300)} |`);
  // The title often is all of a short prompt.
  const isSaid = details?.prompt === undefined || details.prompt.trim() === agent.title;
  const prompt = isSaid ? [] : [toMarkdownText(details.prompt, 400)];
  const title = toMarkdownText(agent.title, 300);
  const heading = title === "" ? [] : [`**${title}**`];
  return new vscode.MarkdownString([...heading, ...prompt, `| | |\n| --- | --- |\n${rows.join("\n")}`].join("\n\n"));
}

/** The card's lines as plain text: name and value; only what is known. */
export function hoverLines(facts: HoverFacts, nowMs: number): readonly (readonly [string, string])[] {
  const { agent, agentName = agent.provider, details, hostName, parentTitle } = facts;
  const lines: (readonly [string, string | undefined])[] = [
    [vscode.l10n.t("State"), wordsOf(agent) + (agent.activity ? `: ${agent.activity}` : "")],
    [vscode.l10n.t("Queue"), queueOf(agent, details)],
    [vscode.l10n.t("Repository"), agent.repository],
    [vscode.l10n.t("Folder"), agent.folder],
    [
      vscode.l10n.t("Branch"),
      agent.branch && agent.baseBranch ? vscode.l10n.t("{0} from {1}", agent.branch, agent.baseBranch) : agent.branch,
    ],
    [vscode.l10n.t("Comes from"), parentTitle],
    [vscode.l10n.t("Attempt"), agent.group && vscode.l10n.t("{0} of {1}", agent.group.index, agent.group.count)],
    [vscode.l10n.t("Agent"), details?.model === undefined ? agentName : `${agentName}, ${details.model}`],
    [vscode.l10n.t("Host"), hostName],
    [vscode.l10n.t("Isolation"), isolationOf(agent, details)],
    [vscode.l10n.t("Changes"), changesOf(agent)],
    [vscode.l10n.t("Conflicts"), details?.forecast === undefined ? conflictsOf(agent) : ""],
    [vscode.l10n.t("Overlaps"), overlapsWith(facts)],
    [vscode.l10n.t("Base"), driftOf(facts)],
    [vscode.l10n.t("Review"), commentsOf(agent)],
    [
      vscode.l10n.t("Process"),
      details?.fleet?.agent === "asleep" ? vscode.l10n.t("asleep, the next message wakes it") : "",
    ],
    [vscode.l10n.t("Checkpoints"), details?.fleet && String(details.fleet.checkpoints.length)],
    [vscode.l10n.t("Spent"), budgetOf(agent, details)],
    [vscode.l10n.t("Machine time"), machineTimeOf(details)],
    [vscode.l10n.t("Pull request"), agent.pullRequest && pullRequestWords(agent, vscode.l10n.t)],
    [vscode.l10n.t("Failed checks"), agent.pullRequest?.failedChecks?.slice(0, 5).join(", ")],
    [vscode.l10n.t("Last event"), formatAgo(nowMs - agent.modifiedAt, vscode.l10n.t)],
    [vscode.l10n.t("Seen"), agent.freshness.live ? vscode.l10n.t("live") : ageOf(agent, nowMs)],
  ];
  return lines.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value] as const]));
}

function changesOf(agent: FleetAgent): string {
  const { files = 0 } = agent.changes ?? {};
  if (files === 0) return countsOf(agent);
  const count = files === 1 ? vscode.l10n.t("1 file") : vscode.l10n.t("{0} files", files);
  return `${count}, ${countsOf(agent)}`;
}

function conflictsOf({ conflicts = 0 }: FleetAgent): string {
  if (conflicts === 0) return "";
  return conflicts === 1
    ? vscode.l10n.t("cannot be merged with one other branch")
    : vscode.l10n.t("cannot be merged with {0} other branches", conflicts);
}

const maxOverlaps = 3;

/** "conflict with Fix the login in src/a.ts; same lines as Add tests in src/b.ts" */
function overlapsWith({ agent, details, titleOf }: HoverFacts): string {
  const all = details?.forecast === undefined ? [] : overlapsOf(details.forecast, agent.session);
  const shown = all.slice(0, maxOverlaps).map(({ session, overlap, files, fileCount }) => {
    const other =
      session === undefined ? vscode.l10n.t("its base") : (titleOf(session) ?? vscode.l10n.t("another agent"));
    const [file = ""] = files;
    const where = fileCount > 1 ? vscode.l10n.t("{0} and {1} more", file, fileCount - 1) : file;
    switch (overlap) {
      case "conflict":
        return vscode.l10n.t("conflict with {0} in {1}", toLine(other, 60), where);
      case "sameHunk":
        return vscode.l10n.t("same lines as {0} in {1}", toLine(other, 60), where);
      case "sameFile":
      default:
        return vscode.l10n.t("same file as {0}: {1}", toLine(other, 60), where);
    }
  });
  const left = all.length - shown.length;
  return [...shown, ...(left > 0 ? [vscode.l10n.t("{0} more", left)] : [])].join("; ");
}

function driftOf({ agent, details }: HoverFacts): string {
  const own = details?.forecast?.branches.find(({ session }) => session === agent.session);
  if (own === undefined || own.behind === 0) return "";
  return own.behind === 1
    ? vscode.l10n.t("1 commit behind {0}", own.baseBranch)
    : vscode.l10n.t("{0} commits behind {1}", own.behind, own.baseBranch);
}

function queueOf({ queuePosition }: FleetAgent, details: AgentDetails | undefined): string | undefined {
  if (queuePosition === undefined) return undefined;
  const reason = details?.fleet?.queue?.reason;
  return reason === undefined ? ordinal(queuePosition) : `${ordinal(queuePosition)}, ${reason}`;
}

function isolationOf({ isolation }: FleetAgent, details: AgentDetails | undefined): string | undefined {
  if (isolation === "none") return vscode.l10n.t("none: it runs with the rights of the host's account");
  const lacks = details?.fleet?.isolationLacks ?? [];
  return isolation === undefined || lacks.length === 0 ? isolation : `${isolation}, ${lacks.join(", ")}`;
}

/** "$0.42 of $5.00" where the agent has a budget of its own; else the share of the one that ends first. */
function budgetOf(agent: FleetAgent, details: AgentDetails | undefined): string {
  const { budgetUsd, budgets = [] } = details?.fleet?.spend ?? {};
  const limitUsd = budgetUsd ?? budgets.find(({ scope }) => scope === "session")?.limitUsd;
  if (limitUsd === undefined || agent.spend === undefined) return spendOf(agent);
  return vscode.l10n.t("{0} of {1}", formatUsd(agent.spend), formatUsd(limitUsd));
}

function machineTimeOf(details: AgentDetails | undefined): string | undefined {
  const wallMs = details?.fleet?.spend?.machine?.wallMs;
  return wallMs === undefined ? undefined : formatAge(wallMs);
}
