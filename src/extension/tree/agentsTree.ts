import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { agentMatcher, filterWords } from "../fleet/agentFilter.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey, type FleetAgent, type FleetChange } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import { agentHover } from "./agentHover.ts";
import { agentItem, groupItem, moreItem } from "./agentItems.ts";
import { compareGroups, placementOf } from "./agentLayout.ts";
import { AgentOrder, groupList, type ListChange } from "./agentOrder.ts";
import type { AgentsViewSettings, ViewChange } from "./agentsViewSettings.ts";
import { RowAges } from "./rowAges.ts";
import { RowMoves } from "./rowMoves.ts";
import { TreePace, treeGapMs } from "./treePace.ts";

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
/** At least this long between two drawings while a host is being listed for the first time. */
const growingGapMs = 2000;
/** How long the pointer waits for what only the host knows. */
const detailsMs = 1500;
const flatList = groupList("");

/** The Agents tree: a view of the fleet that holds nothing but the order of its rows. */
export class AgentsTree implements vscode.TreeDataProvider<TreeElement>, Disposable {
  readonly #options: AgentsTreeOptions;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<TreeElement[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #asked = this.#owned.add(new vscode.EventEmitter<void>());
  /** VS Code asks for rows, as it does after they have changed. */
  readonly onDidAsk = this.#asked.event;
  /** VS Code refreshes by identity: one element an agent, as long as the agent is listed, once its row was asked for. */
  readonly #elements = new Map<string, AgentElement>();
  readonly #groups = new Map<string, GroupElement>();
  readonly #more = new Map<string, MoreElement>();
  /** How many rows of a list are shown, where it is more than a page. */
  readonly #limits = new Map<string, number>();
  readonly #touched = new Set<string>();
  readonly #ages: RowAges;
  readonly #pace: TreePace;
  readonly #moves: RowMoves;
  #order: AgentOrder;
  #words: readonly string[] = [];

  constructor(options: AgentsTreeOptions) {
    this.#options = options;
    const { clock, connections, fleet, isVisible, settings } = options;
    this.#order = this.#newOrder();
    this.#pace = this.#owned.add(new TreePace(clock, () => this.#refresh()));
    this.#moves = this.#owned.add(new RowMoves(clock, () => this.#pace.soon()));
    this.#ages = this.#owned.add(
      new RowAges({
        clock,
        isVisible,
        aged: () => this.#draw(this.#isFlat ? undefined : this.getChildren()),
        launchesAged: (keys) => this.#draw(keys.map((key) => this.#elements.get(key))),
      }),
    );
    this.#owned.add(fleet.onDidChange((change) => this.#collect(change)));
    this.#owned.add(settings.onDidChange((change) => this.#settingsChanged(change)));
    this.#owned.add(
      connections.onDidChange(() => {
        if (settings.layout.grouping === "host") this.#draw(undefined);
      }),
    );
  }

  /** How many agents have a row, and how many there are for it. */
  get tally(): { readonly shown: number; readonly all: number } {
    const { fleet, settings } = this.#options;
    const hidden = settings.layout.showsArchived ? 0 : fleet.tallies.archived;
    return { shown: this.#order.size, all: fleet.agents.size - hidden };
  }

  getChildren(element?: TreeElement): TreeElement[] {
    this.#asked.fire();
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
    const { clock, connections, fleet, settings } = this.#options;
    const { grouping } = settings.layout;
    if (element.kind === "group") {
      const connection = grouping === "host" ? connections.get(element.id) : undefined;
      return groupItem({ grouping, id: element.id, ...this.#order.tally(element.id), connection }, clock.now());
    }
    if (element.kind === "more") {
      const hidden = this.#order.count(element.list) - this.#limit(element.list);
      return moreItem(element.list, hidden, Math.min(pageSize, hidden));
    }
    const { key } = element;
    const agent = fleet.get(key);
    // Between the refresh that takes the row away and this call.
    if (agent === undefined) return { id: key, label: "" };
    const hasChildren = this.#order.count(key) > 0;
    const frame = { grouping, isPinned: settings.isPinned(key), hasChildren, words: this.#words };
    return agentItem(agent, clock.now(), frame);
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
    const { client, host } = connections.get(agent.hostId) ?? {};
    const kinds = client?.root.state?.agents ?? [];
    const facts = {
      agent,
      details: told,
      agentName: kinds.find(({ provider }) => provider === agent.provider)?.displayName,
      hostName: host?.name ?? vscode.l10n.t("unknown host"),
      parentTitle: agent.parent === undefined ? undefined : fleet.get(agent.parent)?.title,
      titleOf: (session: string) => fleet.get(agentKey(agent.hostId, session))?.title,
    };
    item.tooltip = agentHover(facts, clock.now());
    return item;
  }

  /** The agent's row, drawn if it was beyond what its list shows; `undefined` for an agent that is not shown. */
  reveal(key: string): AgentElement | undefined {
    if (this.#moves.holds()) this.#refresh(true);
    const place = this.#order.find(key);
    if (place === undefined) return undefined;
    // First what it stands under.
    if (!isGroupList(place.list)) this.reveal(place.list);
    if (place.index >= this.#limit(place.list)) this.#showUpTo(place.list, place.index + 1);
    return this.#element(key);
  }

  /** One page more of every list that is cut, or of that one. */
  showMore(list?: string): void {
    const lists = list === undefined ? Array.from(this.#more.keys()) : [list];
    for (const cut of lists) this.#showUpTo(cut, this.#limit(cut) + pageSize);
  }

  dispose(): void {
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
      compareGroups: compareGroups(layout.grouping, () => this.#options.connections.all.map(({ host }) => host.id)),
      placementOf: (agent) => {
        if ((agent.isArchived && !layout.showsArchived) || !matches(agent)) return undefined;
        return placementOf(agent, layout, settings.isPinned(agent.key));
      },
    });
    order.update(fleet.agents.keys(), (key) => fleet.get(key));
    return order;
  }

  #limit(list: string): number {
    return this.#limits.get(list) ?? pageSize;
  }

  #showUpTo(list: string, count: number): void {
    this.#limits.set(list, count);
    const container = this.#container(list);
    this.#draw(container && [container]);
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
    if (!isGroupList(list)) return this.#element(list);
    return this.#isFlat ? undefined : this.#group(list.slice(groupList("").length));
  }

  #hostName(hostId: string): string {
    return this.#options.connections.get(hostId)?.host.name ?? "";
  }

  #collect({ added, changed, removed }: FleetChange): void {
    for (const key of [...added, ...changed, ...removed]) this.#touched.add(key);
    for (const key of removed) this.#elements.delete(key);
    // VS Code shows the first rows when it has all of them: what the next pages bring would have it begin again each time.
    const isGrowing = this.#options.connections.all.some(
      ({ client: { sessions } }) => sessions.isLive && !sessions.isListed,
    );
    this.#pace.soon(isGrowing ? growingGapMs : treeGapMs);
  }

  #settingsChanged(change: ViewChange): void {
    if (change.kind === "pins") return this.#collect({ added: [], changed: change.keys, removed: [] });
    this.#order = this.#newOrder();
    this.#moves.take(true);
    this.#limits.clear();
    this.#more.clear();
    this.#draw(undefined);
  }

  /** @param isUrgent rows move without delay. */
  #refresh(isUrgent = false): void {
    const { fleet } = this.#options;
    const touched = Array.from(this.#touched);
    this.#touched.clear();
    for (const key of touched) this.#ages.note(key, isLaunching(fleet.get(key)));
    const change = this.#order.update(touched, (key) => fleet.get(key));
    const shown = Array.from(change.lists).filter(([list, what]) => this.#isShown(list, what));
    const lists = new Set(shown.map(([list]) => list));
    this.#moves.add({ isRoot: this.#isFlat ? lists.has(flatList) : change.isRootChanged, lists });
    // Nothing can be done with the row of an agent that is gone.
    const hasGone = touched.some((key) => fleet.get(key) === undefined);
    const { isRoot, lists: drawn } = this.#moves.take(isUrgent || hasGone);
    if (isRoot) return this.#draw(undefined);
    // A row that is drawn anew draws what is under it, so that needs no event of its own.
    const containers = Array.from(drawn)
      .filter((list) => !this.#isUnder(list, drawn))
      .map((list) => this.#container(list));
    const rows = touched
      .filter((key) => this.#elements.has(key) && !drawn.has(key) && !this.#isUnder(key, drawn))
      // What moves under a row is drawn with it.
      .filter((key) => !this.#moves.holds(key))
      .map((key) => this.#element(key));
    this.#draw([...containers, ...rows]);
  }

  /** These rows with all that is under them, or everything. */
  #draw(elements: readonly (TreeElement | undefined)[] | undefined): void {
    const present = elements?.filter((element) => element !== undefined);
    if (present?.length === 0) return;
    this.#changed.fire(present);
    this.#pace.drawn();
  }

  /** Whether a change of the list can be seen: its length is told, or one of the shown rows is another. */
  #isShown(list: string, { from, isResized }: ListChange): boolean {
    const isAsked = isGroupList(list) || this.#elements.has(list);
    return isAsked && (isResized || from < this.#limit(list));
  }

  /** The row of an agent, or the one above a list, stands in one of these lists, however deep. */
  #isUnder(key: string, drawn: ReadonlySet<string>): boolean {
    let list = this.#order.find(key)?.list;
    while (list !== undefined && !drawn.has(list)) list = this.#order.find(list)?.list;
    return list !== undefined;
  }
}

function listOf(element: GroupElement | AgentElement): string {
  return element.kind === "group" ? groupList(element.id) : element.key;
}

function isGroupList(list: string): boolean {
  return list.startsWith(groupList(""));
}

/** Its row counts seconds. */
function isLaunching(agent: FleetAgent | undefined): boolean {
  return agent?.freshness.live === true && (agent.isPending || agent.phase === "provisioning");
}
