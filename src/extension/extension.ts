import type * as vscode from "vscode";
import { Disposables } from "../base/disposables.ts";
import { startServices } from "./services.ts";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const owned = new Disposables();
  context.subscriptions.push(owned);
  const services = startServices(context, owned);
  // The hosts are called while the rest is loaded.
  await new Promise((resolve) => setImmediate(resolve));
  const { startFeatures } = await import("./features.ts");
  startFeatures(services, owned);
}

/** What `activate` started ends with `context.subscriptions`. */
export function deactivate(): void {}
