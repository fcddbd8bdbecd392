import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import type { AgentTarget } from "../ids.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { GatePort } from "./createPullRequest.ts";
import type { Finding } from "./gate.ts";

export interface GateDialogsPorts {
  readonly dialogs: Pick<Dialogs, "choose">;
  /** Shows the present changes, which are then the reviewed ones. */
  readonly review: (target: AgentTarget) => Promise<void>;
  readonly updateFromBase: (target: AgentTarget) => Promise<void>;
}

/** The gate as modal questions. What it finds is each time with what can be done about it. */
export function gateDialogs({ dialogs, review, updateFromBase }: GateDialogsPorts): GatePort {
  const reviewChanges = vscode.l10n.t("Review Changes");
  return {
    updateFromBase,
    async accept(findings, target) {
      const [goOn, update] = [vscode.l10n.t("Continue"), vscode.l10n.t("Update from Base")];
      const actions = findings.some(({ isOfBase }) => isOfBase) ? [goOn, update] : [goOn];
      const chosen = await dialogs.choose(vscode.l10n.t("Ship these changes?"), sentences(findings), actions);
      if (chosen === update) await updateFromBase(target);
      return chosen === goOn;
    },
    async recreate(branch) {
      const question = vscode.l10n.t("The branch {0} was deleted on GitHub", toLine(branch, 100));
      const detail = vscode.l10n.t(
        "This is usual when its pull request was merged or closed. The agent's work is kept. Make the branch again with what you reviewed?",
      );
      const again = vscode.l10n.t("Make It Again");
      return (await dialogs.choose(question, detail, [again])) === again;
    },
    async acquit(secrets, target) {
      const acquit = vscode.l10n.t("It Is No Secret");
      const question = vscode.l10n.t("A secret may be in these changes");
      const chosen = await dialogs.choose(question, sentences(secrets), [reviewChanges, acquit]);
      if (chosen === reviewChanges) await review(target);
      return chosen === acquit;
    },
    async explain(blocks, target) {
      const question = vscode.l10n.t("The pull request can't be created yet");
      const chosen = await dialogs.choose(question, sentences(blocks), [reviewChanges]);
      if (chosen === reviewChanges) await review(target);
    },
  };
}

function sentences(findings: readonly Finding[]): string {
  return findings.map((finding) => finding.sentence).join("\n");
}
