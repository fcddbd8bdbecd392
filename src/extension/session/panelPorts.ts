import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import { BASE_CHECKPOINT } from "../../protocol/fleetCheckpoints.ts";
import type { PullRequestAct } from "../../protocol/panel.ts";
import type { CommandId } from "../ids.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { Review } from "../review/review.ts";
import type { PanelPorts } from "./panelActions.ts";

const actCommands = {
  update: "muster.agent.updatePullRequest",
  fixChecks: "muster.agent.fixChecks",
  addressComments: "muster.agent.addressComments",
  merge: "muster.agent.mergePullRequest",
} as const satisfies Record<PullRequestAct, CommandId>;

export interface PanelPortsOptions {
  readonly connections: HostConnectionsView;
  readonly dialogs: Pick<Dialogs, "confirm">;
  readonly review: () => Pick<Review, "openFileDiff" | "openComparison" | "readSides">;
}

/** The editor's side of what a panel may set in motion. */
export function panelPorts({ connections, dialogs, review }: PanelPortsOptions): PanelPorts {
  return {
    review: (target) => runCommand("muster.agent.review", target),
    createPullRequest: (target) => runCommand("muster.agent.createPullRequest", target),
    showPullRequest: (target) => runCommand("muster.agent.showPullRequest", target),
    actOnPullRequest: (target, act) => runCommand(actCommands[act], target),
    signIn: (target) => runCommand("muster.agent.signIn", target),
    fork: (target, checkpoint) => runCommand("muster.agent.fork", { ...target, checkpoint }),
    raiseBudget: (target) => runCommand("muster.agent.raiseBudget", target),
    setBudget: (target) => runCommand("muster.agent.setBudget", target),
    confirmRestore: (checkpoint, isWorking) => confirmRestore(dialogs, checkpoint, isWorking),
    openFileDiff: (target, path) => review().openFileDiff(target, path),
    compare: (target, from, to) => review().openComparison(target, from, to),
    readSides: (target, file) => review().readSides(target, file),
    openText: async (title, text) => {
      const content = `${toLine(title, 200)}\n\n${text}`;
      const document = await vscode.workspace.openTextDocument({ content, language: "log" });
      await vscode.window.showTextDocument(document, { preview: true });
    },
    copy: async (text) => vscode.env.clipboard.writeText(text),
    save: async (name, text) => {
      const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
      const place = folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) };
      const file = await vscode.window.showSaveDialog({
        ...place,
        title: vscode.l10n.t("Save the log"),
        filters: { Log: ["log", "txt"] },
      });
      if (file === undefined) return false;
      await vscode.workspace.fs.writeFile(file, Buffer.from(Array.from(text).join("")));
      return true;
    },
    openExternal: async (url) => {
      await vscode.env.openExternal(vscode.Uri.parse(url.href, true));
    },
    reconnect: (hostId) => connections.reconnect(hostId),
  };
}

/** Says that there is a way back, and what is stopped. */
function confirmRestore(dialogs: Pick<Dialogs, "confirm">, checkpoint: string, isWorking: boolean): Promise<boolean> {
  const question =
    checkpoint === BASE_CHECKPOINT
      ? vscode.l10n.t("Put back the files that the agent began with?")
      : vscode.l10n.t("Put back the files of checkpoint {0}?", toLine(checkpoint, 40));
  const safety = vscode.l10n.t(
    "The files as they are become a safety checkpoint first: restoring that one undoes this. The conversation stays, and the agent is told.",
  );
  const stops = vscode.l10n.t("The turn that runs is stopped.");
  const action = isWorking ? vscode.l10n.t("Stop and Restore") : vscode.l10n.t("Restore");
  return dialogs.confirm(question, isWorking ? `${safety} ${stops}` : safety, action);
}
