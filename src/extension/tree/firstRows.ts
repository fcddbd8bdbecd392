import type * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { HostConnection, HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentsTree, TreeElement } from "./agentsTree.ts";

export interface FirstRowsOptions {
  readonly tree: AgentsTree;
  readonly connections: Pick<HostConnectionsView, "all" | "onDidChange">;
  readonly clock: Clock;
}

/** A host that takes longer is told of by the view's own words. */
const limitMs = 3000;

/**
 * The Agents tree as VS Code gets it: while hosts are being reached for the first time, VS Code waits for the rows and shows
 * that it does. Otherwise it would say that there are none, and ask for them again when there are.
 */
export class FirstRows implements vscode.TreeDataProvider<TreeElement>, Disposable {
  readonly #options: FirstRowsOptions;
  readonly #owned = new Disposables();
  readonly #opened = Promise.withResolvers<void>();
  #isOpen = false;

  constructor(options: FirstRowsOptions) {
    this.#options = options;
    const { tree, connections, clock } = options;
    const look = () => this.#look();
    this.#owned.add(tree.onDidChangeTreeData(look));
    this.#owned.add(connections.onDidChange(look));
    for (const { client } of connections.all) this.#owned.add(client.sessions.onDidChange(look));
    this.#owned.add(clock.setTimeout(() => this.#open(), limitMs));
    this.#look();
    // After the change that opens it, which the first rows have in them.
    void this.#opened.promise.then(() => (this.#isOpen = true));
  }

  readonly onDidChangeTreeData: vscode.Event<TreeElement[] | undefined> = (listener, thisArgs, owner) =>
    // Until then nothing is drawn that could be drawn anew.
    this.#options.tree.onDidChangeTreeData(
      (elements) => this.#isOpen && listener.call(thisArgs, elements),
      null,
      owner,
    );

  getChildren(element?: TreeElement): TreeElement[] | Promise<TreeElement[]> {
    const { tree } = this.#options;
    return this.#isOpen ? tree.getChildren(element) : this.#opened.promise.then(() => tree.getChildren(element));
  }

  getParent(element: TreeElement): TreeElement | undefined {
    return this.#options.tree.getParent(element);
  }

  getTreeItem(element: TreeElement): vscode.TreeItem {
    return this.#options.tree.getTreeItem(element);
  }

  resolveTreeItem(item: vscode.TreeItem, element: TreeElement): Promise<vscode.TreeItem> {
    return this.#options.tree.resolveTreeItem(item, element);
  }

  dispose(): void {
    this.#open();
  }

  #look(): void {
    const { tree, connections, clock } = this.#options;
    if (tree.tally.shown > 0) return this.#open();
    // By then the tree has put what came in its place.
    if (connections.all.every(isSettled)) this.#owned.add(clock.setTimeout(() => this.#open(), 0));
  }

  #open(): void {
    this.#opened.resolve();
    this.#owned.dispose();
  }
}

/** It is known what agents there are, or that it will take a while. */
function isSettled({ client }: HostConnection): boolean {
  return client.sessions.isListed || ["offline", "refused", "waiting"].includes(client.state.kind);
}
