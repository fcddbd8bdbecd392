import type * as vscode from "vscode";
import { startServices } from "./services.ts";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(await startServices(context));
}

/** What `activate` started ends with `context.subscriptions`. */
export function deactivate(): void {}
