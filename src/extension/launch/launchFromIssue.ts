import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Disposable } from "../../base/disposables.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { textStep } from "../platform/steps.ts";
import { parseIssueReference } from "./issueReference.ts";
import type { LaunchDrafts } from "./launchDraft.ts";
import type { PromptDocuments } from "./promptDocuments.ts";
import { type Issue, quoteIssue } from "./quotes.ts";
import { openRepositories } from "./repositories.ts";

export interface LaunchFromIssueOptions {
  readonly commands: CommandRegistry;
  readonly dialogs: Pick<Dialogs, "progress">;
  readonly documents: PromptDocuments;
  readonly drafts: LaunchDrafts;
  /** Rejects with an `AppError` that says why there is no such issue to be read. */
  readonly readIssue: (repositoryUrl: string, number: number) => Promise<Issue>;
}

/** An issue as a prompt, which the person reads before any agent does: its text may be a stranger's. */
export function registerLaunchFromIssue({
  commands,
  dialogs,
  documents,
  drafts,
  readIssue,
}: LaunchFromIssueOptions): Disposable {
  return commands.register("muster.agent.launchFromIssue", "read the issue", async () => {
    const usual = (await openRepositories())[0]?.url ?? drafts.read().repository;
    const typed = await textStep({
      frame: { title: vscode.l10n.t("Launch Agent from GitHub Issue"), canGoBack: false },
      placeholder: "https://github.com/owner/name/issues/12",
      prompt:
        usual === undefined
          ? vscode.l10n.t("Address of the issue")
          : vscode.l10n.t("Address of the issue, or its number in {0}", repositoryName(usual)),
      value: "",
      validate: (text) => {
        const parsed = parseIssueReference(text);
        if (!parsed.ok) return vscode.l10n.t("Enter the address of an issue's page, or its number.");
        return parsed.value.repository === undefined && usual === undefined
          ? vscode.l10n.t("No repository is open here: enter the whole address.")
          : undefined;
      },
    });
    if (typed.kind !== "next") return;
    const reference = parseIssueReference(typed.value);
    const repository = (reference.ok ? reference.value.repository : undefined) ?? usual;
    if (!reference.ok || repository === undefined) throw new AppError("request.invalid", "That is no issue.");
    const { number } = reference.value;
    const issue = await dialogs.progress(vscode.l10n.t("Reading issue #{0}", number), () =>
      readIssue(repository, number),
    );
    await drafts.merge({ repository, ...(repository !== drafts.read().repository && { baseBranch: "" }) });
    const order = vscode.l10n.t("Resolve the issue below. Change what it takes, and nothing else.");
    await documents.open(`${order}\n\n${quoteIssue(issue)}\n`);
  });
}
