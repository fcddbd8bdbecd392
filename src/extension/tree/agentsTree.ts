import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetAgent, FleetChange } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget, SCHEMES } from "../ids.ts";
import { commandLink } from "../platform/commandRegistry.ts";
import { toMarkdownText } from "../platform/plainText.ts";
import { type GroupId, groupOf, groupTitles, nodeOf, tooltipLines } from "./agentNode.ts";
import { AgentOrder } from "./agentOrder.ts";

export interface GroupElement {
  readonly kind: "group";
  readonly id: GroupId;
}

/** Also what a menu command receives: it is an `AgentTarget`. */
export interface AgentElement extends AgentTarget {
  readonly kind: "agent";
  readonly key: string;
}

export type TreeElement = GroupElement | AgentElement;

const refreshDelayMs = 50;
/** Ages in rows are to the minute. */
const agingMs = 30_000;

/** The Agents tree: a view of the fleet that holds nothing but the order that it showed last. */
export class AgentsTree implements vscode.TreeDataProvider<TreeElement>, Disposable {
  readonly #fleet: Fleet;
  readonly #connections: Pick<HostConnectionsView, "get">;
  readonly #clock: Clock;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<TreeElement[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  /** VS Code refreshes by identity: one element an agent, as long as the agent is listed. */
  readonly #elements = new Map<string, AgentElement>();
  readonly #groups = new Map<GroupId, GroupElement>();
  readonly #touched = new Set<string>();
  readonly #order = new AgentOrder();
  #pendingRefresh: Disposable | undefined;
  #aging: Disposable | undefined;

  constructor(fleet: Fleet, connections: Pick<HostConnectionsView, "get">, clock: Clock) {
    this.#fleet = fleet;
    this.#connections = connections;
    this.#clock = clock;
    this.#order.update(fleet.agents.keys(), (key) => fleet.get(key));
    this.#owned.add(fleet.onDidChange((change) => this.#collect(change)));
    this.#ageLater();
  }

  getChildren(element?: TreeElement): TreeElement[] {
    if (element === undefined) return this.#order.groups.map((id) => this.#group(id));
    if (element.kind === "agent") return [];
    return this.#elementsOf(this.#order.keys(element.id));
  }

  getParent(element: TreeElement): TreeElement | undefined {
    if (element.kind === "group") return undefined;
    const agent = this.#fleet.get(element.key);
    return agent && this.#group(groupOf(agent.attention));
  }

  getTreeItem(element: TreeElement): vscode.TreeItem {
    return element.kind === "group" ? this.#groupItem(element) : this.#agentItem(element);
  }

  /** Called when the pointer rests on a row: tooltips are not built before. */
  resolveTreeItem(item: vscode.TreeItem, element: TreeElement): vscode.TreeItem {
    const agent = element.kind === "agent" ? this.#fleet.get(element.key) : undefined;
    if (agent === undefined) return item;
    const hostName = this.#connections.get(agent.hostId)?.host.name ?? "unknown host";
    const lines = tooltipLines(agent, hostName, this.#clock.now());
    const rows = lines.map(([name, value]) => `| ${name} | ${toMarkdownText(value)} |`).join("\n");
    item.tooltip = new vscode.MarkdownString(
      `**${toMarkdownText(agent.title, 300)}**\n\n| | |\n| --- | --- |\n${rows}`,
    );
    return item;
  }

  element(key: string): AgentElement | undefined {
    const agent = this.#fleet.get(key);
    if (agent === undefined) return undefined;
    let element = this.#elements.get(key);
    if (element === undefined) {
      element = { kind: "agent", key, hostId: agent.hostId, session: agent.session };
      this.#elements.set(key, element);
    }
    return element;
  }

  dispose(): void {
    this.#pendingRefresh?.dispose();
    this.#aging?.dispose();
    this.#owned.dispose();
  }

  #elementsOf(keys: readonly string[]): AgentElement[] {
    return keys.map((key) => this.element(key)).filter((element) => element !== undefined);
  }

  #group(id: GroupId): GroupElement {
    const group = this.#groups.get(id) ?? { kind: "group", id };
    this.#groups.set(id, group);
    return group;
  }

  #groupItem({ id }: GroupElement): vscode.TreeItem {
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(groupTitles[id], id === "done" ? Collapsed : Expanded);
    const size = this.#order.count(id);
    item.id = `group:${id}`;
    item.description = String(size);
    item.contextValue = "group";
    item.accessibilityInformation = { label: `${groupTitles[id]}, ${size} ${size === 1 ? "agent" : "agents"}` };
    return item;
  }

  #agentItem(element: AgentElement): vscode.TreeItem {
    const agent = this.#fleet.get(element.key);
    const item = new vscode.TreeItem("", vscode.TreeItemCollapsibleState.None);
    item.id = element.key;
    // Between the refresh that takes the row away and this call.
    if (agent === undefined) return item;
    const node = nodeOf(agent, this.#clock.now());
    item.label = node.label;
    item.description = node.description;
    item.iconPath = new vscode.ThemeIcon(node.icon, node.iconColor ? new vscode.ThemeColor(node.iconColor) : undefined);
    item.contextValue = node.contextValue;
    item.accessibilityInformation = { label: node.spoken };
    item.command = commandLink("muster.agent.open", "Open Agent", { hostId: agent.hostId, session: agent.session });
    item.resourceUri = decorationUri(agent);
    return item;
  }

  #collect({ added, changed, removed }: FleetChange): void {
    for (const key of [...added, ...changed, ...removed]) this.#touched.add(key);
    for (const key of removed) this.#elements.delete(key);
    this.#pendingRefresh ??= this.#clock.setTimeout(() => this.#refresh(), refreshDelayMs);
  }

  #refresh(): void {
    this.#pendingRefresh = undefined;
    const touched = Array.from(this.#touched);
    this.#touched.clear();
    const { isRootChanged, groups } = this.#order.update(touched, (key) => this.#fleet.get(key));
    if (isRootChanged) {
      this.#changed.fire(undefined);
      return;
    }
    // A group draws its rows anew, so its members need no event of their own.
    const rows = touched.filter((key) => {
      const agent = this.#fleet.get(key);
      return agent !== undefined && !groups.includes(groupOf(agent.attention));
    });
    const all = [...groups.map((id) => this.#group(id)), ...this.#elementsOf(rows)];
    if (all.length > 0) this.#changed.fire(all);
  }

  /** Ages grow without anybody saying so. */
  #ageLater(): void {
    this.#aging = this.#clock.setTimeout(() => {
      const groups = this.#order.groups.map((id) => this.#group(id));
      if (groups.length > 0) this.#changed.fire(groups);
      this.#ageLater();
    }, agingMs);
  }
}

/** Names the row to the decoration provider: rows of a host out of sight are greyed. No path or text of the agent. */
function decorationUri(agent: FleetAgent): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEMES.agent, path: agent.freshness.live ? "/live" : "/stale" });
}
