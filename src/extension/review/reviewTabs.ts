import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { OpenReview } from "./openReview.ts";

interface Entry {
  readonly review: OpenReview;
  /** Opens the same changes as they are at that later moment. */
  readonly again: () => Promise<void>;
}

/**
 * The reviews that are open. VS Code names a multi-file diff by nothing but its title, which tells agent and commits (or
 * the time) and so is its own.
 */
export class ReviewTabs implements Disposable {
  readonly #contexts: Pick<Contexts, "set">;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<void>;
  /** By the title of the tab; the one that was in front last is at the end. */
  readonly #entries = new Map<string, Entry>();

  constructor(contexts: Pick<Contexts, "set">, onError: (error: unknown) => void) {
    this.#contexts = contexts;
    this.#changed = this.#owned.add(new Emitter(onError));
    this.#owned.add(
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        // A tab that is moved to another group or window is closed where it was.
        const open = tabsOf(vscode.window.tabGroups);
        for (const { label } of closed) if (!open.some((tab) => tab.label === label)) this.#forget(label);
        this.#look();
      }),
    );
    this.#owned.add(vscode.window.tabGroups.onDidChangeTabGroups(() => this.#look()));
  }

  /** Another review is in front, or one is open no more. */
  get onDidChange() {
    return this.#changed.event;
  }

  /** The review that is in front, or was last. */
  get current(): OpenReview | undefined {
    return Array.from(this.#entries.values()).at(-1)?.review;
  }

  /** For each agent the review of it that was in front last. */
  get reviews(): readonly OpenReview[] {
    const latest = new Map(Array.from(this.#entries.values(), ({ review }) => [keyOf(review.target), review]));
    return Array.from(latest.values());
  }

  /** The review whose tab is in front. */
  get inFront(): OpenReview | undefined {
    const title = this.#inFront();
    return title === undefined ? undefined : this.#entries.get(title)?.review;
  }

  of(target: AgentTarget): OpenReview | undefined {
    return this.reviews.find((review) => keyOf(review.target) === keyOf(target));
  }

  add(title: string, review: OpenReview, again: () => Promise<void>): void {
    this.#entries.delete(title);
    this.#entries.set(title, { review, again });
    this.#look();
    this.#changed.fire();
  }

  /** Reads the changes in front (else those that were last) again and closes the old tab. */
  async refresh(): Promise<void> {
    const title = this.#inFront() ?? Array.from(this.#entries.keys()).at(-1);
    const entry = title === undefined ? undefined : this.#entries.get(title);
    if (title === undefined || entry === undefined) return;
    await entry.again();
    // Where nothing is new the title is the same, and so is the tab.
    if (this.#inFront() === title) return;
    this.#entries.delete(title);
    const tabs = tabsOf(vscode.window.tabGroups);
    await vscode.window.tabGroups.close(tabs.filter(({ label }) => isOf(label, title)));
    this.#changed.fire();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #forget(label: string): void {
    for (const title of this.#entries.keys()) {
      if (!isOf(label, title)) continue;
      this.#entries.delete(title);
      this.#changed.fire();
    }
  }

  #look(): void {
    const title = this.#inFront();
    const entry = title === undefined ? undefined : this.#entries.get(title);
    this.#contexts.set("muster:reviewInFront", entry !== undefined);
    if (title === undefined || entry === undefined || Array.from(this.#entries.keys()).at(-1) === title) return;
    this.#entries.delete(title);
    this.#entries.set(title, entry);
    this.#changed.fire();
  }

  /** The title of the diff in front, if it is one of these. */
  #inFront(): string | undefined {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
    return label === undefined ? undefined : Array.from(this.#entries.keys()).find((title) => isOf(label, title));
  }
}

function tabsOf({ all }: vscode.TabGroups): readonly vscode.Tab[] {
  return all.flatMap(({ tabs }) => tabs);
}

/** VS Code adds the number of files to the title of a multi-file diff: "Title (3 files)". */
function isOf(label: string, title: string): boolean {
  return label === title || label.startsWith(`${title} (`);
}
