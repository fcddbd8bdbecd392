import * as vscode from "vscode";
import type { ErrorDialog } from "./presentError.ts";

/** The only caller of VS Code's message boxes. Nothing but the person's own click counts as consent. */
export class Dialogs implements ErrorDialog {
  async showError(text: string, buttons: readonly string[]): Promise<string | undefined> {
    return vscode.window.showErrorMessage(text, ...buttons);
  }

  async showWarning(text: string, buttons: readonly string[]): Promise<string | undefined> {
    return vscode.window.showWarningMessage(text, ...buttons);
  }

  async tell(text: string, ...buttons: readonly string[]): Promise<string | undefined> {
    return vscode.window.showInformationMessage(text, ...buttons);
  }

  /** A modal question. Dismissed, closed and "Cancel" are all false. */
  async confirm(question: string, detail: string, action: string): Promise<boolean> {
    const chosen = await vscode.window.showWarningMessage(question, { modal: true, detail }, action);
    return chosen === action;
  }

  /** A modal choice between several actions; undefined when dismissed. */
  async choose(question: string, detail: string, actions: readonly string[]): Promise<string | undefined> {
    return vscode.window.showWarningMessage(question, { modal: true, detail }, ...actions);
  }

  /** Runs with a progress notification that appears only when it takes a while. */
  async progress<T>(title: string, run: (report: (text: string) => void) => Promise<T>): Promise<T> {
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, async (progress) =>
      run((message) => progress.report({ message })),
    );
  }
}
