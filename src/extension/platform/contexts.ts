import * as vscode from "vscode";
import type { ContextKey, ContextValues } from "../ids.ts";

/** The one caller of `setContext`. A value that is already set is not sent again. */
export class Contexts {
  readonly #values = new Map<ContextKey, unknown>();

  set<K extends ContextKey>(key: K, value: ContextValues[K]): void {
    if (this.#values.get(key) === value) return;
    this.#values.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }
}
