import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, toDisposable } from "../../base/disposables.ts";

/** Nothing reaches out, and no credential is used, from a workspace that the person does not trust. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new AppError(
    "permission.denied",
    "Hosts are not connected while this workspace is not trusted. Trust it to see your agents.",
  );
}

/** Runs at once in a trusted workspace, else when the person trusts it. */
export function whenTrusted(run: () => void): Disposable {
  if (!vscode.workspace.isTrusted) return vscode.workspace.onDidGrantWorkspaceTrust(run);
  run();
  return toDisposable(() => undefined);
}
