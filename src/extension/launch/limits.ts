import * as vscode from "vscode";
import { folderName } from "../fleet/folders.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import { formatUsd } from "../../base/formatUsd.ts";
import type { LaunchDraft } from "./launchDraft.ts";

const maxMinutes = 60 * 24 * 365;

/** Minutes of `45`, `45m`, `2h` or `1h30m`. */
export function parseMinutes(text: string): number | undefined {
  const [, hours, minutes] = /^(?:(\d{1,4})\s*h\s*)?(?:(\d{1,6})\s*(?:m|min)?)?$/i.exec(text.trim()) ?? [];
  const total = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return total >= 1 && total <= maxMinutes ? total : undefined;
}

export function formatMinutes(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours > 0 ? `${hours} h` : "", rest > 0 || hours === 0 ? `${rest} min` : ""].filter(Boolean).join(" ");
}

/** Names of what a draft holds by id. */
export interface ChoiceNames {
  readonly host: string | undefined;
  readonly agent: string;
  /** On hosts without the fleet plane an agent works in a folder, and there are no limits. */
  readonly hasFleet: boolean;
}

/** Everything that was chosen, in one line: who, on what, where, and held back by what. */
export function choicesLine(draft: LaunchDraft, { host, agent, hasFleet }: ChoiceNames): string {
  const { model, count = 1, attemptBy = [], budgetUsd, timeLimitMinutes, priority } = draft;
  const one = model === undefined ? agent : `${agent} (${model})`;
  const who = attemptBy.length > 1 ? vscode.l10n.t("{0} kinds of agents", attemptBy.length) : one;
  const place = hasFleet ? repositoryPlace(draft) : folderPlace(draft);
  const where = host === undefined ? place : `${place}, ${host}`;
  const limits = [
    budgetUsd === undefined ? [] : budgetWords(formatUsd(budgetUsd), count),
    timeLimitMinutes === undefined ? [] : formatMinutes(timeLimitMinutes),
    priorityWords(priority),
  ].flat();
  const attempts = count > 1 ? [vscode.l10n.t("{0} attempts", count)] : [];
  return [vscode.l10n.t("{0} on {1}", who, where), ...attempts, ...(hasFleet ? limits : [])].join(" · ");
}

function budgetWords(budget: string, count: number): string {
  return count > 1 ? vscode.l10n.t("up to {0} each", budget) : vscode.l10n.t("up to {0}", budget);
}

function priorityWords(priority: LaunchDraft["priority"]): readonly string[] {
  if (priority === undefined || priority === "normal") return [];
  return [priority === "high" ? vscode.l10n.t("high priority") : vscode.l10n.t("low priority")];
}

function repositoryPlace({ repository = "", baseBranch }: LaunchDraft): string {
  return `${repositoryName(repository)} (${baseBranch || vscode.l10n.t("default branch")})`;
}

function folderPlace({ folders, hostId = "" }: LaunchDraft): string {
  return folderName(folders?.[hostId] ?? "");
}
