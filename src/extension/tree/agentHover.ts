import * as vscode from "vscode";
import { ordinal } from "../../base/ordinal.ts";
import type { AgentDetails } from "../fleet/agentDetails.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { toMarkdownText } from "../platform/plainText.ts";
import { ageOf, countsOf, formatAge, spendOf, wordsOf } from "./agentNode.ts";

export interface HoverFacts {
  readonly agent: FleetAgent;
  /** `undefined` while the host has not told. */
  readonly details: AgentDetails | undefined;
  readonly hostName: string;
  readonly parentTitle: string | undefined;
}

/** An agent's hover card. Nothing in it is a link, an image or an icon: texts of agents and hosts are only shown. */
export function agentHover(facts: HoverFacts, nowMs: number): vscode.MarkdownString {
  const { agent, details } = facts;
  const rows = hoverLines(facts, nowMs).map(([name, value]) => `| ${name} | ${toMarkdownText(value, 300)} |`);
  // The title often is all of a short prompt.
  const isSaid = details?.prompt === undefined || details.prompt.trim() === agent.title;
  const prompt = isSaid ? [] : [toMarkdownText(details.prompt, 400)];
  const title = `**${toMarkdownText(agent.title, 300)}**`;
  return new vscode.MarkdownString([title, ...prompt, `| | |\n| --- | --- |\n${rows.join("\n")}`].join("\n\n"));
}

/** The card's lines as plain text: name and value; only what is known. */
export function hoverLines(facts: HoverFacts, nowMs: number): readonly (readonly [string, string])[] {
  const { agent, details, hostName, parentTitle } = facts;
  const { t } = vscode.l10n;
  const lines: (readonly [string, string | undefined])[] = [
    [t("State"), wordsOf(agent) + (agent.activity ? `: ${agent.activity}` : "")],
    [t("Queue"), queueOf(agent, details)],
    [t("Repository"), agent.repository],
    [t("Folder"), agent.folder],
    [t("Branch"), agent.branch && agent.baseBranch ? t("{0} from {1}", agent.branch, agent.baseBranch) : agent.branch],
    [t("Comes from"), parentTitle],
    [t("Attempt"), agent.group && t("{0} of {1}", agent.group.index, agent.group.count)],
    [t("Agent"), details?.model === undefined ? agent.provider : `${agent.provider}, ${details.model}`],
    [t("Host"), hostName],
    [t("Isolation"), isolationOf(agent, details)],
    [t("Changes"), changesOf(agent)],
    [t("Conflicts"), conflictsOf(agent)],
    [t("Checkpoints"), details?.fleet && String(details.fleet.checkpoints.length)],
    [t("Spent"), budgetOf(agent, details)],
    [t("Machine time"), machineTimeOf(details)],
    [t("Pull request"), agent.pullRequest && `#${agent.pullRequest.number}, ${agent.pullRequest.state}`],
    [t("Last event"), t("{0} ago", formatAge(nowMs - agent.modifiedAt))],
    [t("Seen"), agent.freshness.live ? t("live") : ageOf(agent, nowMs)],
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
  const budgetUsd = details?.fleet?.spend?.budgetUsd;
  if (budgetUsd === undefined || agent.spend === undefined) return spendOf(agent);
  return vscode.l10n.t("${0} of ${1}", agent.spend.toFixed(2), budgetUsd.toFixed(2));
}

function machineTimeOf(details: AgentDetails | undefined): string | undefined {
  const wallMs = details?.fleet?.spend?.machine?.wallMs;
  return wallMs === undefined ? undefined : formatAge(wallMs);
}
