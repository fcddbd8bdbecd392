import * as vscode from "vscode";
import type { Disposable } from "../../base/disposables.ts";
import type { CommandId } from "../ids.ts";
import type { ErrorDialog } from "./presentError.ts";

/** A notification that stays until it is disposed of. The person may close it before. */
export interface StandingNotice extends Disposable {
  show(text: string): void;
}

/** The only caller of VS Code's message boxes. Nothing but the person's own click counts as consent. */
export class Dialogs implements ErrorDialog {
  async showError(text: string, buttons: readonly string[]): Promise<string | undefined> {
    return vscode.window.showErrorMessage(withoutLinks(text), ...buttons);
  }

  async showWarning(text: string, buttons: readonly string[]): Promise<string | undefined> {
    return vscode.window.showWarningMessage(withoutLinks(text), ...buttons);
  }

  async tell(text: string, ...buttons: readonly string[]): Promise<string | undefined> {
    return vscode.window.showInformationMessage(withoutLinks(text), ...buttons);
  }

  /** What holds for a while. `link` runs one of our commands. */
  stand(text: string, link: { readonly title: string; readonly command: CommandId }): StandingNotice {
    const ended = Promise.withResolvers<void>();
    let shown = text;
    let report: ((step: { message: string }) => void) | undefined;
    const step = () => ({ message: `${withoutBrackets(shown)} [${link.title}](command:${link.command})` });
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification }, async (progress) => {
      report = (next) => progress.report(next);
      // Nothing is measured: a bar that moves would only draw the eye.
      progress.report({ ...step(), increment: 100 });
      await ended.promise;
    });
    return {
      show: (next) => {
        if (next === shown) return;
        shown = next;
        report?.(step());
      },
      dispose: () => ended.resolve(),
    };
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

  /** Runs with a progress notification that the person can cancel. */
  async attempt<T>(
    title: string,
    run: (signal: AbortSignal, report: (text: string) => void) => Promise<T>,
  ): Promise<T> {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: withoutLinks(title),
      cancellable: true,
    };
    return vscode.window.withProgress(options, async (progress, token) => {
      const cancelled = new AbortController();
      token.onCancellationRequested(() => cancelled.abort());
      return run(cancelled.signal, (message) => progress.report({ message: withoutLinks(message) }));
    });
  }

  /** Path of a file on this machine; undefined when none is chosen. */
  async chooseFile(openLabel: string): Promise<string | undefined> {
    return (await vscode.window.showOpenDialog({ canSelectMany: false, openLabel }))?.[0]?.fsPath;
  }

  /** Runs with a progress notification that appears only when it takes a while. */
  async progress<T>(title: string, run: (report: (text: string) => void) => Promise<T>): Promise<T> {
    const options = { location: vscode.ProgressLocation.Notification, title: withoutLinks(title) };
    return vscode.window.withProgress(options, async (progress) =>
      run((message) => progress.report({ message: withoutLinks(message) })),
    );
  }
}

/** VS Code makes links, also to commands, of `[text](address)` in a notification: what others wrote must not become one. */
function withoutLinks(text: string): string {
  return text.replaceAll("](", "]\u200b(");
}

/** Of what stands before a link of ours: an opening bracket would begin that link's text. */
function withoutBrackets(text: string): string {
  return text.replaceAll("[", "(").replaceAll("]", ")");
}
