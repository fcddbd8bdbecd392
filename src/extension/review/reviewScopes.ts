import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import { BASE_CHECKPOINT, type FleetCheckpoint } from "../../protocol/fleetCheckpoints.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ReviewScope } from "./openReview.ts";
import { sinceReview } from "./readReview.ts";
import { commitName } from "./revisionText.ts";

/** Asks which of the agent's changes to review. A host that keeps no checkpoints has the whole only. */
export async function chooseScope(
  fleet: FleetSessionState | undefined,
  reviewed: string | undefined,
  title: string,
): Promise<ReviewScope | undefined> {
  const branch: ReviewScope = { kind: "branch" };
  if (fleet === undefined || fleet.checkpoints.length === 0) return branch;
  const lastTurn = fleet.checkpoints.findLast(({ kind, turnId }) => kind === "turn" && turnId !== "");
  const items = [
    {
      label: vscode.l10n.t("Whole branch"),
      description: vscode.l10n.t("all that the agent changed"),
      scope: () => branch,
    },
    ...(reviewed === undefined
      ? []
      : [
          {
            label: vscode.l10n.t("Since my last review"),
            description: commitName(reviewed),
            scope: () => sinceReview(fleet, reviewed),
          },
        ]),
    ...(lastTurn === undefined
      ? []
      : [{ label: vscode.l10n.t("Last turn"), description: countsOf(lastTurn), scope: () => turnOf(lastTurn) }]),
    {
      label: vscode.l10n.t("Between two checkpoints…"),
      description: vscode.l10n.t("{0} recorded", fleet.checkpoints.length),
      scope: () => chooseCheckpoints(fleet.checkpoints),
    },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t("Review which changes of {0}?", title),
  });
  return await chosen?.scope();
}

function turnOf({ turnId }: FleetCheckpoint): ReviewScope {
  return { kind: "turn", turnId };
}

async function chooseCheckpoints(checkpoints: readonly FleetCheckpoint[]): Promise<ReviewScope | undefined> {
  const latestFirst = checkpoints.toReversed().map((checkpoint) => ({
    label: vscode.l10n.t("Checkpoint {0}", toLine(checkpoint.id, 40)),
    description: countsOf(checkpoint),
    detail: new Date(checkpoint.createdAt).toLocaleString(),
    id: checkpoint.id,
  }));
  const base = {
    label: vscode.l10n.t("Base commit"),
    description: vscode.l10n.t("where the agent began"),
    detail: "",
    id: BASE_CHECKPOINT,
  };
  const to = await vscode.window.showQuickPick(latestFirst, {
    placeHolder: vscode.l10n.t("Changes up to which checkpoint?"),
  });
  if (to === undefined) return undefined;
  const earlier = [...latestFirst.slice(latestFirst.indexOf(to) + 1), base];
  const from = await vscode.window.showQuickPick(earlier, { placeHolder: vscode.l10n.t("Since which checkpoint?") });
  return from && { kind: "checkpoints", from: from.id, to: to.id };
}

function countsOf({ files, additions, deletions }: FleetCheckpoint): string {
  return vscode.l10n.t("{0} files, +{1} −{2} against the base", files, additions, deletions);
}
