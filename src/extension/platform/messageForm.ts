import * as vscode from "vscode";
import { toLabel } from "./plainText.ts";
import { pickStep } from "./steps.ts";

/** The list of choices covers the first lines of an editor. */
const underList = "\n".repeat(5);

/**
 * Shows a message to an agent, to be read and changed, and sends what became of it. False if the person does not want it
 * sent. Rejects with what `send` rejects with.
 */
export type ConfirmMessage = (
  title: string,
  text: string,
  send: (message: string) => Promise<void>,
) => Promise<boolean>;

/** As a document, which stays until it is sent. */
export const confirmMessage: ConfirmMessage = async (title, text, send) => {
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content: underList + text });
  await vscode.window.showTextDocument(document, { preview: false });
  const result = await pickStep<"send" | "keep">({
    frame: { title: toLabel(title), canGoBack: false },
    placeholder: vscode.l10n.t("Read the message, and change what you like"),
    items: [
      { label: `$(send) ${vscode.l10n.t("Send to the Agent")}`, value: "send" },
      {
        label: `$(close) ${vscode.l10n.t("Don't Send")}`,
        description: vscode.l10n.t("the message stays open"),
        value: "keep",
      },
    ],
  });
  if (result.kind !== "next" || result.value !== "send" || document.isClosed) return false;
  const message = document.getText().trim();
  if (message === "") return false;
  await send(message);
  if (document.isClosed) return true;
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  return true;
};
