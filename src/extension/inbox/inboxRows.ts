import * as vscode from "vscode";
import { remarksOn } from "../../base/requestRemarks.ts";
import { formatAge } from "../../base/formatAge.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { pullRequestNeed, pullRequestWords } from "../fleet/pullRequestNeed.ts";
import { toLabel } from "../platform/plainText.ts";
import type { InboxItem, InboxReason } from "./inboxItems.ts";
import { toRequestText } from "./requestText.ts";

/** A row of the inbox. Texts of agents come out visible, on one line and without icons. */
export interface InboxRow {
  readonly label: string;
  readonly description: string;
  /** What is asked, as far as it fits on a line. */
  readonly detail: string;
  /** The detail is all there is to judge: it may be answered from the row. */
  readonly isWhole: boolean;
}

/** A longer line may not fit a narrow window, and nothing is approved that was not shown whole. */
const wholeChars = 60;
const detailChars = 110;

const icons: Readonly<Record<InboxReason, string>> = {
  approval: "shield",
  network: "globe",
  question: "question",
  budget: "credit-card",
  signIn: "key",
  waiting: "bell-dot",
  failed: "error",
  conflict: "git-branch-conflicts",
  checks: "git-pull-request",
  comments: "git-pull-request-go-to-changes",
  review: "diff",
  merge: "git-pull-request-done",
};

/** Over a group of rows. */
export function headingOf(reason: InboxReason): string {
  switch (reason) {
    case "approval":
      return vscode.l10n.t("Permission requests");
    case "network":
      return vscode.l10n.t("Network access");
    case "question":
      return vscode.l10n.t("Questions");
    case "budget":
      return vscode.l10n.t("Budgets reached");
    case "signIn":
      return vscode.l10n.t("Sign-in needed");
    case "waiting":
      return vscode.l10n.t("Waiting");
    case "failed":
      return vscode.l10n.t("Failed");
    case "conflict":
      return vscode.l10n.t("Conflicts");
    case "checks":
      return vscode.l10n.t("Checks failed");
    case "comments":
      return vscode.l10n.t("Changes requested");
    case "merge":
      return vscode.l10n.t("Ready to merge");
    default:
      return vscode.l10n.t("Ready for review");
  }
}

export function rowOf(item: InboxItem, nowMs: number): InboxRow {
  const { agents } = item;
  const detail = detailOf(item);
  const about = agents.length === 1 ? aboutOne(agents[0], nowMs) : agents.map(({ title }) => toLabel(title)).join(", ");
  const isWhole = detail.isWhole && detail.text.length <= wholeChars;
  return {
    label: `$(${icons[item.reason]}) ${titleOf(agents)}`,
    description: toLabel(about, 80),
    detail: toLabel(detail.text, detailChars),
    // Whom it is for has to be seen too.
    isWhole: isWhole && (agents.length === 1 || about.length <= wholeChars),
  };
}

/** A row is touched when its agent changes: what it waits for is as old as that. */
function aboutOne(agent: FleetAgent | undefined, nowMs: number): string {
  if (agent === undefined) return "";
  const age = agent.modifiedAt === 0 ? "" : formatAge(nowMs - agent.modifiedAt);
  return [toLabel(agent.place, 40), age].filter((fact) => fact !== "").join(" · ");
}

/** One agent by its title, several by their number. */
export function titleOf(agents: readonly FleetAgent[]): string {
  const [first] = agents;
  if (agents.length === 1 && first !== undefined) return toLabel(first.title, 60);
  return vscode.l10n.t("{0} agents ask for the same", agents.length);
}

function detailOf(item: InboxItem): { readonly text: string; readonly isWhole: boolean } {
  const [agent] = item.agents;
  switch (item.reason) {
    case "approval": {
      const [request] = item.requests;
      if (request === undefined) return part("");
      const { lines, text, changesFiles, isElsewhere } = toRequestText(request);
      const [first = "", ...others] = lines;
      if (others.length === 0) return { text: first, isWhole: !changesFiles && !isElsewhere && isAsItSeems(text) };
      const more =
        others.length === 1 ? vscode.l10n.t("and 1 more line") : vscode.l10n.t("and {0} more lines", others.length);
      return part(`${toLabel(first, detailChars - 30)} … ${more}`);
    }
    case "question":
    case "budget":
    case "network": {
      const { message, questions, url } = item.request.request;
      const asked = questions?.find((question) => "message" in question);
      return part(message ?? (asked && "message" in asked ? asked.message : undefined) ?? url ?? "");
    }
    case "signIn":
      return part(vscode.l10n.t("It lacks an account that you may give it."));
    case "waiting":
      return part(agent?.activity ?? vscode.l10n.t("Open it to see what it waits for."));
    case "failed":
      return part(agent?.activity ?? vscode.l10n.t("Its work is kept. It can be resumed."));
    case "conflict":
      return part(conflictsOf(agent) || aboutPullRequest(agent));
    case "checks":
    case "comments":
    case "merge":
      return part(aboutPullRequest(agent));
    default:
      return part(
        [agent?.pullRequest ? aboutPullRequest(agent) : changesOf(agent), conflictsOf(agent)]
          .filter((fact) => fact !== "")
          .join(" · "),
      );
  }
}

/** Every character is one that a person sees and takes for what it is. */
function isAsItSeems(text: string): boolean {
  return remarksOn(text, vscode.l10n.t).length === 0;
}

function part(text: string): { readonly text: string; readonly isWhole: false } {
  return { text, isWhole: false };
}

/** "#7 · checks failed: build, test". */
function aboutPullRequest(agent: FleetAgent | undefined): string {
  if (agent === undefined) return "";
  const failed = agent.pullRequest?.failedChecks ?? [];
  const isRed = pullRequestNeed(agent) === "checksFailed" && failed.length > 0;
  return pullRequestWords(agent, vscode.l10n.t) + (isRed ? `: ${failed.slice(0, 5).join(", ")}` : "");
}

function changesOf(agent: FleetAgent | undefined): string {
  const { additions = 0, deletions = 0, files = 0 } = agent?.changes ?? {};
  if (files === 1) return vscode.l10n.t("1 file changed, +{0} −{1}", additions, deletions);
  return vscode.l10n.t("{0} files changed, +{1} −{2}", files, additions, deletions);
}

function conflictsOf({ conflicts = 0 }: Partial<FleetAgent> = {}): string {
  if (conflicts === 0) return "";
  if (conflicts === 1) return vscode.l10n.t("cannot be merged with 1 other branch");
  return vscode.l10n.t("cannot be merged with {0} other branches", conflicts);
}
