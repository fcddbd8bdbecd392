import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, toDisposable } from "../../base/disposables.ts";

/** Nothing reaches out, and no credential is used, from a workspace that the person does not trust. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new AppError(
    "permission.denied",
    "Muster connects to no host and signs in nowhere while this workspace is not trusted. Trust it to go on.",
  );
}

/** Runs at once in a trusted workspace, else when the person trusts it. */
export function whenTrusted(run: () => void): Disposable {
  if (!vscode.workspace.isTrusted) return vscode.workspace.onDidGrantWorkspaceTrust(run);
  run();
  return toDisposable(() => undefined);
}
