import * as vscode from "vscode";
import { isUnread } from "../fleet/agentFilter.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { SCHEMES } from "../ids.ts";
import { commandLink } from "../platform/commandRegistry.ts";
import { nodeOf, type RowFrame } from "./agentNode.ts";
import { type GroupFacts, groupNodeOf } from "./groupNode.ts";
import { highlightsOf } from "./highlights.ts";

/** What stands around an agent's row in the tree. */
export interface AgentItemFrame extends RowFrame {
  /** Agents stand under it. */
  readonly hasChildren: boolean;
  /** What the filter looks for. */
  readonly words: readonly string[];
}

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

export function agentItem(agent: FleetAgent, nowMs: number, frame: AgentItemFrame): vscode.TreeItem {
  const node = nodeOf(agent, nowMs, frame);
  const highlights = highlightsOf(node.label, frame.words);
  const label = highlights.length === 0 ? node.label : { label: node.label, highlights };
  const item = new vscode.TreeItem(label, frame.hasChildren ? Expanded : None);
  item.id = agent.key;
  item.description = node.description;
  item.iconPath = new vscode.ThemeIcon(node.icon, node.iconColor ? new vscode.ThemeColor(node.iconColor) : undefined);
  item.contextValue = node.contextValue;
  item.accessibilityInformation = { label: node.spoken };
  // Not with the agent as its argument: VS Code forgets that of a row which it draws anew, and refuses the click.
  item.command = commandLink("muster.agent.openSelected", "Open Agent");
  item.resourceUri = decorationUri(agent);
  return item;
}

export function groupItem(facts: GroupFacts, nowMs: number): vscode.TreeItem {
  const node = groupNodeOf(facts, nowMs);
  const item = new vscode.TreeItem(node.label, node.isCollapsed ? Collapsed : Expanded);
  item.id = `${facts.grouping}:${facts.id}`;
  item.description = node.description;
  item.contextValue = "group";
  item.accessibilityInformation = { label: node.spoken };
  return item;
}

/** The row after those of a list that is cut. */
export function moreItem(list: string, hidden: number, next: number): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t("Show {0} more", next));
  item.id = `more:${list}`;
  item.description = vscode.l10n.t("{0} not shown", hidden);
  item.iconPath = new vscode.ThemeIcon("ellipsis");
  item.contextValue = "more";
  item.command = commandLink("muster.agents.showMore", "Show More", list);
  return item;
}

/** Names the row to the decoration provider: rows of a host out of sight are greyed, unread ones marked. No text of the agent. */
function decorationUri(agent: FleetAgent): vscode.Uri {
  const path = agent.freshness.live ? (isUnread(agent) ? "/unread" : "/live") : "/stale";
  return vscode.Uri.from({ scheme: SCHEMES.agent, path });
}
