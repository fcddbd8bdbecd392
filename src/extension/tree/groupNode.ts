import * as vscode from "vscode";
import { formatAgo } from "../../base/formatAge.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { toLabel } from "../platform/plainText.ts";
import { type AttentionGroup, ATTENTION_GROUPS, type Grouping } from "./agentLayout.ts";
import type { GroupTally } from "./agentOrder.ts";

export interface GroupFacts extends GroupTally {
  readonly grouping: Grouping;
  readonly id: string;
  /** Of a group by host. */
  readonly connection: HostConnection | undefined;
}

/** A group's row, without VS Code's classes. */
export interface GroupView {
  readonly label: string;
  readonly description: string;
  readonly isCollapsed: boolean;
  readonly spoken: string;
}

export function groupNodeOf(facts: GroupFacts, nowMs: number): GroupView {
  const { agents, grouping, id, needing } = facts;
  const label = titleOf(facts);
  // A group by attention says by its name who needs somebody.
  const needs = grouping === "attention" ? "" : needsOf(needing);
  const sight = sightOf(facts, nowMs);
  const join = (parts: readonly string[]) => parts.filter((part) => part !== "");
  const count = agents === 1 ? vscode.l10n.t("1 agent") : vscode.l10n.t("{0} agents", agents);
  return {
    label,
    description: join([String(agents), needs, sight]).join(" · "),
    isCollapsed: grouping === "attention" && (id === "done" || id === "archived"),
    spoken: join([label, count, needs, sight]).join(", "),
  };
}

function needsOf(needing: number): string {
  if (needing === 0) return "";
  return needing === 1 ? vscode.l10n.t("1 needs you") : vscode.l10n.t("{0} need you", needing);
}

function titleOf({ connection, grouping, id }: GroupFacts): string {
  switch (grouping) {
    case "attention": {
      const group = ATTENTION_GROUPS.find((known) => known === id);
      return group === undefined ? id : attentionTitle(group);
    }
    case "host":
      return toLabel(connection?.host.name ?? vscode.l10n.t("Unknown host"), 80);
    case "repository":
      return id === "" ? vscode.l10n.t("No repository") : toLabel(id, 80);
    case "none":
    default:
      return id;
  }
}

function attentionTitle(group: AttentionGroup): string {
  const titles: Record<AttentionGroup, string> = {
    needsYou: vscode.l10n.t("Needs you"),
    working: vscode.l10n.t("Working"),
    queued: vscode.l10n.t("Queued"),
    review: vscode.l10n.t("Ready for review"),
    pullRequest: vscode.l10n.t("In pull request"),
    done: vscode.l10n.t("Done"),
    archived: vscode.l10n.t("Archived"),
  };
  return titles[group];
}

/** That the host of the group cannot be seen, and since when. */
function sightOf({ connection }: GroupFacts, nowMs: number): string {
  if (connection === undefined || connection.state.kind === "live") return "";
  const { asOf } = connection.client.sessions;
  if (asOf === undefined) return vscode.l10n.t("not connected");
  return vscode.l10n.t("not connected, as of {0}", formatAgo(nowMs - asOf, vscode.l10n.t));
}
