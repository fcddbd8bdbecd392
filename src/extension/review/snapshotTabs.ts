import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Contexts } from "../platform/contexts.ts";

/**
 * The open diffs that show files as they were at one moment, so that they can be taken again. VS Code names a multi-file
 * diff by nothing but its title, which tells agent and time and so is its own.
 */
export class SnapshotTabs implements Disposable {
  readonly #contexts: Pick<Contexts, "set">;
  readonly #owned = new Disposables();
  readonly #again = new Map<string, () => Promise<void>>();

  constructor(contexts: Pick<Contexts, "set">) {
    this.#contexts = contexts;
    this.#owned.add(
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        for (const { label } of closed) this.#forget(label);
        this.#look();
      }),
    );
    this.#owned.add(vscode.window.tabGroups.onDidChangeTabGroups(() => this.#look()));
  }

  /** @param again opens the same changes as they are at that later moment. */
  add(title: string, again: () => Promise<void>): void {
    this.#again.set(title, again);
    this.#look();
  }

  /** Takes the diff in front again and closes the old one. Does nothing when another editor is in front. */
  async refresh(): Promise<void> {
    const title = this.#inFront();
    const again = title === undefined ? undefined : this.#again.get(title);
    if (title === undefined || again === undefined) return;
    await again();
    // Within one second the title is the same, and so is the tab.
    if (this.#inFront() === title) return;
    this.#again.delete(title);
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter(({ label }) => isOf(label, title)));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #forget(label: string): void {
    for (const title of this.#again.keys()) if (isOf(label, title)) this.#again.delete(title);
  }

  #look(): void {
    this.#contexts.set("muster:snapshotInFront", this.#inFront() !== undefined);
  }

  /** The title of the diff in front, if it is one of these. */
  #inFront(): string | undefined {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
    return label === undefined ? undefined : Array.from(this.#again.keys()).find((title) => isOf(label, title));
  }
}

/** VS Code adds the number of files to the title of a multi-file diff: "Title (3 files)". */
function isOf(label: string, title: string): boolean {
  return label === title || label.startsWith(`${title} (`);
}
