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
  const who = attemptBy.length > 1 ? `${attemptBy.length} kinds of agents` : one;
  const place = hasFleet ? repositoryPlace(draft) : folderPlace(draft);
  const where = host === undefined ? place : `${place}, ${host}`;
  const limits = [
    budgetUsd === undefined ? [] : `up to ${formatUsd(budgetUsd)}${count > 1 ? " each" : ""}`,
    timeLimitMinutes === undefined ? [] : formatMinutes(timeLimitMinutes),
    priority === undefined || priority === "normal" ? [] : `${priority} priority`,
  ].flat();
  const attempts = count > 1 ? [`${count} attempts`] : [];
  return [`${who} on ${where}`, ...attempts, ...(hasFleet ? limits : [])].join(" · ");
}

function repositoryPlace({ repository = "", baseBranch }: LaunchDraft): string {
  return `${repositoryName(repository)} (${baseBranch || "default branch"})`;
}

function folderPlace({ folders, hostId = "" }: LaunchDraft): string {
  return folderName(folders?.[hostId] ?? "");
}
