import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { toVisibleText } from "../../base/visibleText.ts";
import type { ChannelHandle } from "../../client/client.ts";
import type { ChangesetState } from "../../protocol/changeset.ts";
import { type ChangedFile, changedFilesOf } from "../fleet/changedFiles.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type ReviewFileTarget, VIEWS } from "../ids.ts";
import { type CommandRegistry, commandLink } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";
import { toLabel } from "../platform/plainText.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import { changeText, kindOf } from "./changeKinds.ts";
import { titleOf, type OpenReview } from "./openReview.ts";
import type { Review } from "./review.ts";
import { sidesOf } from "./reviewDiffs.ts";
import { displayPath } from "./reviewUri.ts";

export interface ReviewViewPorts {
  readonly review: Pick<Review, "tabs" | "showFile">;
  readonly hosts: Pick<HostConnectionsView, "client">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly contexts: Pick<Contexts, "set">;
  readonly presenter: Pick<ErrorPresenter, "present">;
  /** Comments of the review that wait to be sent. */
  readonly unsent: () => number;
}

/** The files of the review that is in front, or was last, each with a mark that it was viewed. The host keeps the marks, and they go when the content changes. */
export class ReviewView implements vscode.TreeDataProvider<ReviewFileTarget>, Disposable {
  readonly #ports: ReviewViewPorts;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<ReviewFileTarget>;
  #shown: OpenReview | undefined;
  #files: ReadonlyMap<string, ChangedFile> = new Map();
  /** What the host has of the same changes at present. */
  #live: ChannelHandle<ChangesetState> | undefined;
  #present: ReadonlyMap<string, { readonly file: ChangedFile; readonly isViewed: boolean }> = new Map();

  constructor(ports: ReviewViewPorts) {
    this.#ports = ports;
    this.#view = this.#owned.add(
      vscode.window.createTreeView(VIEWS.review, {
        treeDataProvider: this,
        showCollapseAll: false,
        manageCheckboxStateManually: true,
      }),
    );
    this.#owned.add(ports.review.tabs.onDidChange(() => this.#follow()));
    this.#owned.add(this.#view.onDidChangeCheckboxState(({ items }) => void this.#mark(items)));
    this.#owned.add(
      ports.commands.register("muster.review.showFile", "open the diff of the file", async (target) => {
        if (target !== undefined && this.#shown) await ports.review.showFile(this.#shown, target.path);
      }),
    );
    this.#owned.add(
      ports.commands.register("muster.review.openFile", "open the file", (target) => this.#openFile(target)),
    );
    this.#follow();
  }

  /** Something that the view's head tells is another. */
  refresh(): void {
    this.#head();
  }

  getChildren(element?: ReviewFileTarget): ReviewFileTarget[] {
    return element === undefined ? Array.from(this.#files.keys(), (path) => ({ path })) : [];
  }

  getTreeItem({ path }: ReviewFileTarget): vscode.TreeItem {
    const file = this.#files.get(path);
    const shown = displayPath(path);
    const name = shown.slice(shown.lastIndexOf("/") + 1);
    const item = new vscode.TreeItem(toLabel(name));
    if (file === undefined || this.#shown === undefined) return item;
    const folder = shown.slice(0, -name.length - 1);
    const what = changeText(file);
    // Git counts a submodule's commit as a line.
    const hasLines = file.added + file.removed > 0 && kindOf(file) !== "submodule";
    const counts = hasLines ? `+${file.added} −${file.removed}` : "";
    const later = this.#isOlder(file) ? vscode.l10n.t("changed since") : "";
    item.id = path;
    item.description = [folder, counts, what, later].filter((part) => part !== "").join(" · ");
    const [left, right] = sidesOf(this.#shown.target.hostId, file, this.#shown.changes.snapshot);
    const document = right ?? left;
    if (document !== undefined) item.resourceUri = vscode.Uri.from(document);
    item.iconPath = vscode.ThemeIcon.File;
    item.tooltip = [shown, what, later].filter((part) => part !== "").join("\n");
    item.contextValue = "review.file";
    item.command = commandLink("muster.review.showFile", "Show Changes", { path });
    const isViewed = this.#isViewed(file);
    const viewed = isViewed ? vscode.l10n.t("viewed") : vscode.l10n.t("not viewed");
    item.accessibilityInformation = { label: [shown, what, counts, later, viewed].filter(Boolean).join(", ") };
    if (this.#shown.keepsViewed) {
      item.checkboxState = {
        state: isViewed ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked,
        tooltip: isViewed ? vscode.l10n.t("Viewed") : vscode.l10n.t("Mark as viewed"),
        accessibilityInformation: { label: vscode.l10n.t("Viewed: {0}", toVisibleText(shown)) },
      };
    }
    return item;
  }

  dispose(): void {
    this.#live?.dispose();
    this.#owned.dispose();
  }

  #follow(): void {
    const { review, hosts, contexts } = this.#ports;
    const shown = review.tabs.current;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#live?.dispose();
    this.#live = undefined;
    this.#files = new Map(shown?.changes.files.map((file) => [file.path, file]));
    this.#present = new Map();
    contexts.set("muster:reviewing", shown !== undefined);
    if (shown !== undefined) {
      const live = hosts.client(shown.target.hostId).subscribe("changeset", shown.changeset);
      this.#live = live;
      const look = () => this.#look(live);
      this.#owned.add(live.onDidChange(look));
      look();
    }
    this.#redraw();
  }

  #look({ state }: ChannelHandle<ChangesetState>): void {
    // While the host computes, what it had stands.
    if (state === undefined || state.status !== "ready") return;
    const reviewed = new Set(state.files.filter((file) => file.reviewed === true).map(({ id }) => id));
    this.#present = new Map(changedFilesOf(state).map((file) => [file.id, { file, isViewed: reviewed.has(file.id) }]));
    this.#redraw();
  }

  #redraw(): void {
    this.#changed.fire(undefined);
    this.#head();
  }

  #head(): void {
    const shown = this.#shown;
    if (shown === undefined) return;
    const files = shown.changes.files;
    const viewed = files.filter((file) => this.#isViewed(file)).length;
    const count = vscode.l10n.t("{0} of {1} viewed", viewed, files.length);
    this.#view.description = shown.keepsViewed ? count : undefined;
    const unsent = this.#ports.unsent();
    const cut = shown.filesInAll;
    const older = files.filter((file) => this.#isOlder(file)).length;
    const lines = [
      titleOf(shown),
      cut === undefined ? "" : vscode.l10n.t("The first {0} of {1} files.", files.length, cut),
      olderText(older),
      unsent === 0 ? "" : vscode.l10n.t("Comments not sent: {0}.", unsent),
    ];
    this.#view.message = lines.filter((line) => line !== "").join("\n");
  }

  #isViewed(file: ChangedFile): boolean {
    return !this.#isOlder(file) && this.#present.get(file.id)?.isViewed === true;
  }

  /** The host has other content than what is shown. */
  #isOlder(file: ChangedFile): boolean {
    if (this.#present.size === 0) return false;
    const present = this.#present.get(file.id)?.file;
    return present?.before?.uri !== file.before?.uri || present?.after?.uri !== file.after?.uri;
  }

  async #mark(items: readonly (readonly [ReviewFileTarget, vscode.TreeItemCheckboxState])[]): Promise<void> {
    try {
      for (const reviewed of [true, false]) {
        const state = reviewed ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked;
        const files = items.flatMap(([{ path }, wanted]) => (wanted === state ? (this.#files.get(path) ?? []) : []));
        if (files.length > 0) await this.#tell(files, reviewed);
      }
    } catch (error) {
      await this.#ports.presenter.present(error, "mark the file as viewed", {});
    } finally {
      this.#redraw();
    }
  }

  async #tell(files: readonly ChangedFile[], reviewed: boolean): Promise<void> {
    if (this.#shown === undefined) return;
    if (reviewed && files.some((file) => this.#isOlder(file))) {
      throw new AppError("conflict", "The agent has changed this file since. Refresh the changes and read it again.");
    }
    const client = this.#ports.hosts.client(this.#shown.target.hostId);
    const action = { type: "changeset/filesReviewChanged", files: files.map(({ id }) => id), reviewed } as const;
    await client.dispatch(this.#shown.changeset, action);
  }

  async #openFile(target: ReviewFileTarget | undefined): Promise<void> {
    const file = target && this.#files.get(target.path);
    if (file === undefined || this.#shown === undefined) return;
    const [left, right] = sidesOf(this.#shown.target.hostId, file, this.#shown.changes.snapshot);
    const document = right ?? left;
    if (document !== undefined) await vscode.commands.executeCommand("vscode.open", vscode.Uri.from(document));
  }
}

function olderText(files: number): string {
  if (files === 0) return "";
  return files === 1
    ? vscode.l10n.t("The agent has gone on: 1 file has changed since. Refresh to read it.")
    : vscode.l10n.t("The agent has gone on: {0} files have changed since. Refresh to read them.", files);
}
