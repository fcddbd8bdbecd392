import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { agentMatcher, filterWords, isUnread } from "../fleet/agentFilter.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetAgent, FleetChange } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget, SCHEMES } from "../ids.ts";
import { commandLink } from "../platform/commandRegistry.ts";
import { agentHover } from "./agentHover.ts";
import { ATTENTION_GROUPS, placementOf } from "./agentLayout.ts";
import { nodeOf } from "./agentNode.ts";
import { AgentOrder, groupList, type ListChange, type OrderChange } from "./agentOrder.ts";
import type { AgentsViewSettings, ViewChange } from "./agentsViewSettings.ts";
import { type GroupFacts, groupNodeOf } from "./groupNode.ts";
import { highlightsOf } from "./highlights.ts";

interface GroupElement {
  readonly kind: "group";
  readonly id: string;
}

/** Also what a menu command receives: it is an `AgentTarget`. */
export interface AgentElement extends AgentTarget {
  readonly kind: "agent";
  readonly key: string;
}

/** Stands after the rows of a list that is longer. */
interface MoreElement {
  readonly kind: "more";
  readonly list: string;
}

export type TreeElement = GroupElement | AgentElement | MoreElement;

export interface AgentsTreeOptions {
  readonly fleet: Fleet;
  readonly connections: Pick<HostConnectionsView, "all" | "get" | "onDidChange">;
  readonly settings: AgentsViewSettings;
  readonly clock: Clock;
  /** Nobody sees a hidden view grow older. */
  readonly isVisible: () => boolean;
}

/** How many rows a list shows at first, and how many more each time. */
export const pageSize = 200;
const refreshDelayMs = 50;
/** Ages in rows are to the minute, but for those of a launch. */
const agingMs = 30_000;
const launchAgingMs = 1000;
/** How long the pointer waits for what only the host knows. */
const detailsMs = 1500;
const flatList = groupList("");

/** The Agents tree: a view of the fleet that holds nothing but the order of its rows. */
export class AgentsTree implements vscode.TreeDataProvider<TreeElement>, Disposable {
  readonly #options: AgentsTreeOptions;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<TreeElement[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  /** VS Code refreshes by identity: one element an agent, as long as the agent is listed, once its row was asked for. */
  readonly #elements = new Map<string, AgentElement>();
  readonly #groups = new Map<string, GroupElement>();
  readonly #more = new Map<string, MoreElement>();
  /** How many rows of a list are shown, where it is more than a page. */
  readonly #limits = new Map<string, number>();
  readonly #touched = new Set<string>();
  /** Agents whose launch is on its way: their rows count seconds. */
  readonly #launching = new Set<string>();
  #order: AgentOrder;
  #words: readonly string[] = [];
  #pendingRefresh: Disposable | undefined;
  #aging: Disposable | undefined;
  #launchAging: Disposable | undefined;

  constructor(options: AgentsTreeOptions) {
    this.#options = options;
    const { connections, fleet, settings } = options;
    this.#order = this.#newOrder();
    this.#owned.add(fleet.onDidChange((change) => this.#collect(change)));
    this.#owned.add(settings.onDidChange((change) => this.#settingsChanged(change)));
    this.#owned.add(
      connections.onDidChange(() => {
        if (settings.layout.grouping === "host") this.#changed.fire(undefined);
      }),
    );
    this.#ageLater();
  }

  /** How many agents have a row, and how many there are for it. */
  get tally(): { readonly shown: number; readonly all: number } {
    const { fleet, settings } = this.#options;
    const hidden = settings.layout.showsArchived ? 0 : fleet.tallies.archived;
    return { shown: this.#order.size, all: fleet.agents.size - hidden };
  }

  getChildren(element?: TreeElement): TreeElement[] {
    if (element?.kind === "more") return [];
    if (element !== undefined) return this.#rows(listOf(element));
    return this.#isFlat ? this.#rows(flatList) : this.#order.groups.map((id) => this.#group(id));
  }

  getParent(element: TreeElement): TreeElement | undefined {
    if (element.kind === "group") return undefined;
    const list = element.kind === "more" ? element.list : this.#order.find(element.key)?.list;
    return list === undefined ? undefined : this.#container(list);
  }

  getTreeItem(element: TreeElement): vscode.TreeItem {
    if (element.kind === "group") return this.#groupItem(element);
    return element.kind === "more" ? this.#moreItem(element) : this.#agentItem(element);
  }

  /** Called when the pointer rests on a row: nothing of a hover is made before. */
  async resolveTreeItem(item: vscode.TreeItem, element: TreeElement): Promise<vscode.TreeItem> {
    const { clock, connections, fleet } = this.#options;
    const agent = element.kind === "agent" ? fleet.get(element.key) : undefined;
    if (agent === undefined) return item;
    const late = Promise.withResolvers<undefined>();
    const timer = clock.setTimeout(() => late.resolve(undefined), detailsMs);
    const details = agent.freshness.live ? fleet.details(agent.key).catch(() => undefined) : undefined;
    const told = await Promise.race([details, late.promise]);
    timer.dispose();
    const parent = agent.parent === undefined ? undefined : fleet.get(agent.parent)?.title;
    const hostName = connections.get(agent.hostId)?.host.name ?? "unknown host";
    item.tooltip = agentHover({ agent, details: told, hostName, parentTitle: parent }, clock.now());
    return item;
  }

  /** The agent's row, drawn if it was beyond what its list shows; `undefined` for an agent that is not shown. */
  reveal(key: string): AgentElement | undefined {
    const place = this.#order.find(key);
    if (place === undefined) return undefined;
    if (place.index >= this.#limit(place.list)) this.#showUpTo(place.list, place.index + 1);
    return this.#element(key);
  }

  /** One page more of every list that is cut, or of that one. */
  showMore(list?: string): void {
    const lists = list === undefined ? Array.from(this.#more.keys()) : [list];
    for (const cut of lists) this.#showUpTo(cut, this.#limit(cut) + pageSize);
  }

  dispose(): void {
    this.#pendingRefresh?.dispose();
    this.#aging?.dispose();
    this.#launchAging?.dispose();
    this.#owned.dispose();
  }

  get #isFlat(): boolean {
    return this.#options.settings.layout.grouping === "none";
  }

  #newOrder(): AgentOrder {
    const { fleet, settings } = this.#options;
    const { filter, layout } = settings;
    const matches = agentMatcher(filter, (hostId) => this.#hostName(hostId));
    this.#words = filterWords(filter);
    const order = new AgentOrder({
      compareGroups: (a, b) => this.#compareGroups(a, b),
      placementOf: (agent) => {
        if ((agent.isArchived && !layout.showsArchived) || !matches(agent)) return undefined;
        return placementOf(agent, layout, settings.isPinned(agent.key));
      },
    });
    order.update(fleet.agents.keys(), (key) => fleet.get(key));
    return order;
  }

  #compareGroups(a: string, b: string): number {
    switch (this.#options.settings.layout.grouping) {
      case "attention":
        return ATTENTION_GROUPS.findIndex((id) => id === a) - ATTENTION_GROUPS.findIndex((id) => id === b);
      case "host": {
        const hosts = this.#options.connections.all.map(({ host }) => host.id);
        return hosts.indexOf(a) - hosts.indexOf(b);
      }
      case "repository":
      case "none":
      default:
        // Agents that work on nothing in particular come last.
        return a === "" || b === "" ? b.length - a.length : a.localeCompare(b);
    }
  }

  #limit(list: string): number {
    return this.#limits.get(list) ?? pageSize;
  }

  #showUpTo(list: string, count: number): void {
    this.#limits.set(list, count);
    const container = this.#container(list);
    this.#changed.fire(container === undefined ? undefined : [container]);
  }

  #rows(list: string): TreeElement[] {
    const limit = this.#limit(list);
    const rows: TreeElement[] = this.#order.keys(list, limit).flatMap((key) => this.#element(key) ?? []);
    this.#more.delete(list);
    if (this.#order.count(list) <= limit) return rows;
    const more: MoreElement = { kind: "more", list };
    this.#more.set(list, more);
    return [...rows, more];
  }

  #element(key: string): AgentElement | undefined {
    const known = this.#elements.get(key);
    const agent = this.#options.fleet.get(key);
    if (known !== undefined || agent === undefined) return known;
    const element: AgentElement = { kind: "agent", key, hostId: agent.hostId, session: agent.session };
    this.#elements.set(key, element);
    return element;
  }

  #group(id: string): GroupElement {
    const group = this.#groups.get(id) ?? { kind: "group", id };
    this.#groups.set(id, group);
    return group;
  }

  /** The row above a list; none above a flat one. */
  #container(list: string): TreeElement | undefined {
    if (!list.startsWith(groupList(""))) return this.#element(list);
    return this.#isFlat ? undefined : this.#group(list.slice(groupList("").length));
  }

  #hostName(hostId: string): string {
    return this.#options.connections.get(hostId)?.host.name ?? "";
  }

  #groupItem({ id }: GroupElement): vscode.TreeItem {
    const { clock, connections, settings } = this.#options;
    const { grouping } = settings.layout;
    const connection = grouping === "host" ? connections.get(id) : undefined;
    const facts: GroupFacts = { grouping, id, ...this.#order.tally(id), connection };
    const node = groupNodeOf(facts, clock.now());
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.isCollapsed ? Collapsed : Expanded);
    item.id = `${grouping}:${id}`;
    item.description = node.description;
    item.contextValue = "group";
    item.accessibilityInformation = { label: node.spoken };
    return item;
  }

  #moreItem({ list }: MoreElement): vscode.TreeItem {
    const hidden = this.#order.count(list) - this.#limit(list);
    const item = new vscode.TreeItem(vscode.l10n.t("Show {0} more", Math.min(pageSize, hidden)));
    item.id = `more:${list}`;
    item.description = vscode.l10n.t("{0} not shown", hidden);
    item.iconPath = new vscode.ThemeIcon("ellipsis");
    item.contextValue = "more";
    item.command = commandLink("muster.agents.showMore", "Show More", list);
    return item;
  }

  #agentItem(element: AgentElement): vscode.TreeItem {
    const { clock, fleet, settings } = this.#options;
    const agent = fleet.get(element.key);
    const { None, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem("", this.#order.count(element.key) > 0 ? Expanded : None);
    item.id = element.key;
    // Between the refresh that takes the row away and this call.
    if (agent === undefined) return item;
    const frame = { grouping: settings.layout.grouping, isPinned: settings.isPinned(agent.key) };
    const node = nodeOf(agent, clock.now(), frame);
    const highlights = highlightsOf(node.label, this.#words);
    item.label = highlights.length === 0 ? node.label : { label: node.label, highlights };
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
    this.#pendingRefresh ??= this.#options.clock.setTimeout(() => this.#refresh(), refreshDelayMs);
  }

  #settingsChanged(change: ViewChange): void {
    if (change.kind === "pins") return this.#collect({ added: [], changed: change.keys, removed: [] });
    this.#order = this.#newOrder();
    this.#limits.clear();
    this.#more.clear();
    this.#changed.fire(undefined);
  }

  #refresh(): void {
    const { fleet } = this.#options;
    this.#pendingRefresh = undefined;
    const touched = Array.from(this.#touched);
    this.#touched.clear();
    this.#noteLaunches(touched);
    const change = this.#order.update(touched, (key) => fleet.get(key));
    const lists = Array.from(change.lists).filter(([list, what]) => this.#isShown(list, what));
    if (isRootTouched(change, this.#isFlat, lists)) return this.#changed.fire(undefined);
    const drawn = new Set(lists.map(([list]) => list));
    // A row that is drawn anew draws what is under it, so that needs no event of its own.
    const containers = lists.filter(([list]) => !this.#isUnder(list, drawn)).map(([list]) => this.#container(list));
    const rows = touched
      .filter((key) => this.#elements.has(key) && !drawn.has(key) && !this.#isUnder(key, drawn))
      .map((key) => this.#element(key));
    const all = [...containers, ...rows].filter((element) => element !== undefined);
    if (all.length > 0) this.#changed.fire(all);
  }

  /** Whether a change of the list can be seen: its length is told, or one of the shown rows is another. */
  #isShown(list: string, { from, isResized }: ListChange): boolean {
    const isAsked = list.startsWith(groupList("")) || this.#elements.has(list);
    return isAsked && (isResized || from < this.#limit(list));
  }

  /** The row of an agent, or the one above a list, stands in one of these lists, however deep. */
  #isUnder(key: string, drawn: ReadonlySet<string>): boolean {
    let list = this.#order.find(key)?.list;
    while (list !== undefined && !drawn.has(list)) list = this.#order.find(list)?.list;
    return list !== undefined;
  }

  /** Ages grow without anybody saying so. */
  #ageLater(): void {
    const { clock, isVisible } = this.#options;
    this.#aging = clock.setTimeout(() => {
      const groups = this.#order.groups.map((id) => this.#group(id));
      if (groups.length > 0 && isVisible()) this.#changed.fire(this.#isFlat ? undefined : groups);
      this.#ageLater();
    }, agingMs);
  }

  #noteLaunches(touched: readonly string[]): void {
    for (const key of touched) {
      const agent = this.#options.fleet.get(key);
      const isLaunching = agent?.freshness.live === true && (agent.isPending || agent.phase === "provisioning");
      if (isLaunching) this.#launching.add(key);
      else this.#launching.delete(key);
    }
    if (this.#launching.size > 0) this.#launchAging ??= this.#ageLaunchesLater();
  }

  #ageLaunchesLater(): Disposable {
    const { clock, isVisible } = this.#options;
    return clock.setTimeout(() => {
      const rows = Array.from(this.#launching).flatMap((key) => this.#elements.get(key) ?? []);
      if (rows.length > 0 && isVisible()) this.#changed.fire(rows);
      this.#launchAging = this.#launching.size > 0 ? this.#ageLaunchesLater() : undefined;
    }, launchAgingMs);
  }
}

function listOf(element: GroupElement | AgentElement): string {
  return element.kind === "group" ? groupList(element.id) : element.key;
}

function isRootTouched(change: OrderChange, isFlat: boolean, lists: readonly (readonly [string, ListChange])[]) {
  return isFlat ? lists.some(([list]) => list === flatList) : change.isRootChanged;
}

/** Names the row to the decoration provider: rows of a host out of sight are greyed, unread ones marked. No text of the agent. */
function decorationUri(agent: FleetAgent): vscode.Uri {
  const path = agent.freshness.live ? (isUnread(agent) ? "/unread" : "/live") : "/stale";
  return vscode.Uri.from({ scheme: SCHEMES.agent, path });
}
