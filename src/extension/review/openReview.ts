import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import type { AgentTarget } from "../ids.ts";
import { type BranchChanges, toMultiDiff } from "./reviewDiffs.ts";
import { commitName } from "./revisionText.ts";

/** Which of an agent's changes are looked at. Checkpoints are named by their ids. */
export type ReviewScope =
  | { readonly kind: "branch" }
  | { readonly kind: "turn"; readonly turnId: string }
  | { readonly kind: "checkpoints"; readonly from: string; readonly to: string }
  /** From the commit that was reviewed last to the latest checkpoint. */
  | { readonly kind: "sinceReview"; readonly commit: string; readonly from: string; readonly to: string };

/** Changes of an agent that a person has before them, as they were when they were read. */
export interface OpenReview {
  readonly target: AgentTarget;
  readonly scope: ReviewScope;
  readonly changes: BranchChanges;
  /** The channel that they were read from. */
  readonly changeset: string;
  /** The host keeps which of its files were viewed. */
  readonly keepsViewed: boolean;
  /** How many files there are, where that is more than the host lists. */
  readonly filesInAll: number | undefined;
}

/** The title of the multi-file diff: what of which agent, from where to where. */
export function titleOf({ target, scope, changes }: OpenReview): string {
  const name = toLine(changes.title, 80);
  switch (scope.kind) {
    case "turn":
      return vscode.l10n.t("{0} (one turn)", name);
    case "checkpoints":
      return vscode.l10n.t("{0} (checkpoint {1}..{2})", name, toLine(scope.from), toLine(scope.to));
    case "sinceReview":
      return vscode.l10n.t(
        "{0} ({1}..{2}, since your last review)",
        name,
        commitName(scope.commit),
        changes.head === undefined ? "" : commitName(changes.head),
      );
    case "branch":
    default:
      return toMultiDiff(target.hostId, changes).title;
  }
}
