import * as vscode from "vscode";
import { type Disposable, toDisposable } from "../../base/disposables.ts";

/** Runs at once in a trusted workspace, else when the person trusts it. */
export function whenTrusted(run: () => void): Disposable {
  if (vscode.workspace.isTrusted) {
    run();
    return toDisposable(() => undefined);
  }
  return vscode.workspace.onDidGrantWorkspaceTrust(run);
}
