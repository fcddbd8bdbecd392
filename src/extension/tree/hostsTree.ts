import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { HostTarget } from "../ids.ts";
import { toMarkdownText } from "../platform/plainText.ts";
import { type HostFacts, hostNodeOf, hostTooltipLines } from "./hostNode.ts";

const refreshDelayMs = 50;

/** The Hosts tree: each configured host with the state of its connection. */
export class HostsTree implements vscode.TreeDataProvider<HostTarget>, Disposable {
  readonly #connections: HostConnectionsView;
  readonly #clock: Clock;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  #pendingRefresh: Disposable | undefined;

  constructor(connections: HostConnectionsView, fleet: Fleet, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
    this.#owned.add(connections.onDidChange(() => this.#refreshSoon()));
    // A row tells how many agents its host has.
    this.#owned.add(
      fleet.onDidChange(({ added, removed }) => {
        if (added.length + removed.length > 0) this.#refreshSoon();
      }),
    );
  }

  getChildren(element?: HostTarget): HostTarget[] {
    return element === undefined ? this.#connections.all.map(({ host }) => ({ hostId: host.id })) : [];
  }

  getTreeItem({ hostId }: HostTarget): vscode.TreeItem {
    const item = new vscode.TreeItem("");
    item.id = hostId;
    const facts = this.#facts(hostId);
    if (facts === undefined) return item;
    const node = hostNodeOf(facts, this.#clock.now());
    item.label = node.label;
    item.description = node.description;
    item.iconPath = new vscode.ThemeIcon(node.icon, node.iconColor ? new vscode.ThemeColor(node.iconColor) : undefined);
    item.contextValue = node.contextValue;
    item.accessibilityInformation = { label: node.spoken };
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, { hostId }: HostTarget): vscode.TreeItem {
    const facts = this.#facts(hostId);
    if (facts === undefined) return item;
    const lines = hostTooltipLines(facts).map(([name, value]) => `${name}: ${toMarkdownText(value)}`);
    item.tooltip = new vscode.MarkdownString(`**${toMarkdownText(facts.name)}**\n\n${lines.join("\n\n")}`);
    return item;
  }

  dispose(): void {
    this.#pendingRefresh?.dispose();
    this.#owned.dispose();
  }

  #refreshSoon(): void {
    this.#pendingRefresh ??= this.#clock.setTimeout(() => {
      this.#pendingRefresh = undefined;
      this.#changed.fire(undefined);
    }, refreshDelayMs);
  }

  #facts(hostId: string): HostFacts | undefined {
    const connection = this.#connections.get(hostId);
    if (connection === undefined) return undefined;
    const { host, client, state } = connection;
    return {
      name: host.name,
      url: host.url,
      state,
      version: client.hostInfo?.version,
      agents: client.sessions.all.size,
      heardAtMs: client.lastHeardAt,
    };
  }
}
