import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { pickStep } from "../platform/steps.ts";
import type { MergeMethod } from "./gitHubPort.ts";
import type { PullRequestDesk } from "./pullRequestDesk.ts";
import type { PullRequests } from "./pullRequests.ts";
import {
  type CheckState,
  checksState,
  type MergeState,
  type PullRequestStanding,
  type ReviewVerdict,
} from "./pullRequestStanding.ts";

export interface EndingsPorts {
  readonly desk: PullRequestDesk;
  readonly pullRequests: Pick<PullRequests, "get">;
  readonly fleet: Pick<Fleet, "archive">;
  readonly dialogs: Pick<Dialogs, "tell" | "confirm" | "progress">;
  readonly archivesOnMerge: () => boolean;
}

function methodLabel(method: MergeMethod): string {
  switch (method) {
    case "squash":
      return `$(git-commit) ${vscode.l10n.t("Squash and Merge")}`;
    case "rebase":
      return `$(git-branch) ${vscode.l10n.t("Rebase and Merge")}`;
    default:
      return `$(git-merge) ${vscode.l10n.t("Create a Merge Commit")}`;
  }
}

function mergeNote(state: MergeState): string {
  switch (state) {
    case "unknown":
      return vscode.l10n.t("GitHub is still working out whether it can be merged.");
    case "conflicts":
      return vscode.l10n.t("It conflicts with its base branch. GitHub will refuse to merge it.");
    case "behind":
      return vscode.l10n.t("It is behind its base branch.");
    case "blocked":
      return vscode.l10n.t("The rules of the base branch are not met yet: GitHub may refuse to merge it.");
    default:
      return "";
  }
}

function reviewNote(review: ReviewVerdict): string {
  if (review === "changesRequested") return vscode.l10n.t("A reviewer has requested changes.");
  return review === "required" ? vscode.l10n.t("Somebody was asked for a review and has not given one.") : "";
}

function checksNote(state: CheckState | undefined): string {
  if (state === "failed") return vscode.l10n.t("Checks have failed.");
  return state === "pending" ? vscode.l10n.t("Checks are still running.") : "";
}

/** How pull requests end: made ready, merged, closed. Each by the person's own click, and of the commit that they saw. */
export class Endings {
  readonly #ports: EndingsPorts;

  constructor(ports: EndingsPorts) {
    this.#ports = ports;
  }

  async markReady(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    await dialogs.progress(vscode.l10n.t("Marking the pull request as ready"), async () => {
      const open = await desk.open(target);
      const { pull } = await desk.read(open);
      if (pull.state === "draft") await open.port.markReady(pull);
      await desk.readAfter(open);
    });
  }

  async merge(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    const { open, standing, methods } = await dialogs.progress(vscode.l10n.t("Reading the pull request"), async () => {
      const open = await desk.open(target);
      const standing = await desk.read(open);
      return { open, standing, methods: await open.port.mergeMethods() };
    });
    const { pull } = standing;
    if (pull.state !== "open") throw notMergeable(standing);
    const notes = mergeNotesOf(standing, this.#ports.pullRequests.get(target)?.pushed);
    const result = await pickStep<MergeMethod>({
      frame: {
        title: vscode.l10n.t("Merge pull request #{0}: {1}", pull.number, toLabel(pull.title, 60)),
        canGoBack: false,
      },
      placeholder: toLabel(
        vscode.l10n.t("{0} at {1} → {2}", pull.headBranch, pull.headCommit.slice(0, 7), pull.baseBranch),
        200,
      ),
      items: [
        ...methods.map((method) => ({ label: methodLabel(method), value: method })),
        ...(notes.length === 0
          ? []
          : [{ label: vscode.l10n.t("Before you go on"), kind: vscode.QuickPickItemKind.Separator }]),
        ...notes.map((note) => ({ label: `$(warning) ${toLabel(note, 200)}`, alwaysShow: true })),
      ],
    });
    if (result.kind !== "next") return;
    await dialogs.progress(vscode.l10n.t("Merging pull request #{0}", pull.number), async () => {
      await open.port.merge(pull, result.value);
      await desk.readAfter(open);
    });
    await this.#tellMerged(target, pull.number);
  }

  async close(target: AgentTarget): Promise<void> {
    const { desk, dialogs } = this.#ports;
    const open = await desk.open(target);
    const { number } = open.place;
    const question = vscode.l10n.t("Close pull request #{0} without merging it?", number);
    const detail = vscode.l10n.t("Its branch and the agent's work stay. It can be opened again on its page.");
    if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Close Pull Request")))) return;
    await dialogs.progress(vscode.l10n.t("Closing pull request #{0}", number), async () => {
      await open.port.close(number);
      await desk.readAfter(open);
    });
  }

  /** It was merged, here or elsewhere. */
  async merged(target: AgentTarget): Promise<void> {
    if (this.#ports.archivesOnMerge()) await this.#ports.fleet.archive(keyOf(target));
  }

  async #tellMerged(target: AgentTarget, number: number): Promise<void> {
    const { archivesOnMerge, dialogs, fleet } = this.#ports;
    await this.merged(target);
    const archive = vscode.l10n.t("Archive Agent");
    const told = archivesOnMerge()
      ? dialogs.tell(vscode.l10n.t("Merged pull request #{0} and archived its agent.", number))
      : dialogs.tell(vscode.l10n.t("Merged pull request #{0}.", number), archive);
    // Not awaited: the notification may stay for as long as the person likes.
    void told.then((chosen) => (chosen === archive ? fleet.archive(keyOf(target)) : undefined));
  }
}

function notMergeable({ pull }: PullRequestStanding): AppError {
  if (pull.state === "draft") {
    const sentence = "Pull request #{0} is a draft. Mark it as ready first, then merge it.";
    return new AppError("conflict", sentence, { values: [pull.number] });
  }
  const sentence =
    pull.state === "merged"
      ? "Pull request #{0} is merged already. Nothing was changed."
      : "Pull request #{0} is closed already. Nothing was changed.";
  return new AppError("conflict", sentence, { values: [pull.number] });
}

/** @param pushed the head that was last pushed from here */
function mergeNotesOf(
  { pull, checks, merge, review }: PullRequestStanding,
  pushed: string | undefined,
): readonly string[] {
  return [
    mergeNote(merge),
    reviewNote(review),
    checksNote(checksState(checks)),
    pushed !== undefined && pushed !== pull.headCommit
      ? vscode.l10n.t("Somebody else has pushed to it since you did.")
      : "",
  ].filter((note) => note !== "");
}
