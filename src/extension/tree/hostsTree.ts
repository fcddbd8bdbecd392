import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey, type FleetChange, parseAgentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { hostSoftwareOf } from "../hosts/hostSoftware.ts";
import type { SpendToday } from "../hosts/spendToday.ts";
import type { HostTarget, TerminalTarget } from "../ids.ts";
import { commandLink } from "../platform/commandRegistry.ts";
import { toMarkdownText } from "../platform/plainText.ts";
import type { AgentSignIn } from "../signIn/agentSignIn.ts";
import type { HostTerminals } from "../fleet/hostTerminals.ts";
import type { NodeView } from "./agentNode.ts";
import {
  detailNodeOf,
  hostDetailsOf,
  type HostFacts,
  hostNodeOf,
  hostTooltipLines,
  terminalNodeOf,
} from "./hostNode.ts";
import { TreePace } from "./treePace.ts";

/** One fact about a host, by its name. */
export interface HostDetailTarget extends HostTarget {
  readonly detail: string;
}
export type HostElement = HostTarget | HostDetailTarget | TerminalTarget;

export interface HostsTreeOptions {
  readonly connections: HostConnectionsView;
  readonly fleet: Fleet;
  readonly terminals: HostTerminals;
  readonly signIn: Pick<AgentSignIn, "isNeeded" | "onDidChange">;
  readonly spend: Pick<SpendToday, "of" | "outdate" | "onDidChange">;
  readonly clock: Clock;
}

/** The Hosts tree: each configured host with the state of its connection; under it what is known of it, and its terminals. */
export class HostsTree implements vscode.TreeDataProvider<HostElement>, Disposable {
  readonly #options: HostsTreeOptions;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  /** What each row tells of its host's agents. */
  readonly #told = new Map<string, string>();
  readonly #pace: TreePace;

  constructor(options: HostsTreeOptions) {
    this.#options = options;
    const { connections, fleet, terminals, signIn, spend, clock } = options;
    this.#pace = this.#owned.add(
      new TreePace(clock, () => {
        this.#changed.fire(undefined);
        this.#pace.drawn();
      }),
    );
    for (const { onDidChange } of [connections, terminals, signIn, spend]) {
      this.#owned.add(onDidChange(() => this.#pace.soon()));
    }
    this.#owned.add(fleet.onDidChange((change) => this.#follow(change)));
  }

  getChildren(element?: HostElement): HostElement[] {
    const { connections, terminals } = this.#options;
    if (element === undefined) return connections.all.map(({ host }) => ({ hostId: host.id }));
    if ("terminal" in element || "detail" in element) return [];
    const { hostId } = element;
    const facts = this.#facts(hostId);
    const details = facts === undefined ? [] : hostDetailsOf(facts).map(({ name }) => ({ hostId, detail: name }));
    return [...details, ...terminals.of(hostId).map(({ resource }) => ({ hostId, terminal: resource }))];
  }

  getTreeItem(element: HostElement): vscode.TreeItem {
    const item = new vscode.TreeItem("");
    if ("terminal" in element) return this.#terminalItem(item, element);
    if ("detail" in element) return this.#detailItem(item, element);
    item.id = element.hostId;
    const facts = this.#facts(element.hostId);
    if (facts === undefined) return item;
    show(item, hostNodeOf(facts, this.#options.clock.now()));
    item.collapsibleState = vscode.TreeItemCollapsibleState.Collapsed;
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, element: HostElement): vscode.TreeItem {
    const facts = this.#facts(element.hostId);
    if (facts === undefined || "terminal" in element) return item;
    const lines = hostTooltipLines(facts).filter(([name]) => !("detail" in element) || name === element.detail);
    const text = lines.map(([name, value]) => `${name}: ${toMarkdownText(value)}`).join("\n\n");
    item.tooltip = new vscode.MarkdownString(`**${toMarkdownText(facts.name)}**\n\n${text}`);
    return item;
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #terminalItem(item: vscode.TreeItem, { hostId, terminal }: TerminalTarget): vscode.TreeItem {
    const { terminals, fleet } = this.#options;
    item.id = `${hostId}|${terminal}`;
    const info = terminals.of(hostId).find(({ resource }) => resource === terminal);
    if (info === undefined) return item;
    const { claim } = info;
    const agent = claim.kind === "session" ? fleet.get(agentKey(hostId, claim.session)) : undefined;
    show(item, terminalNodeOf(info, agent?.title));
    item.command = commandLink("muster.terminal.show", "Show Terminal", { hostId, terminal });
    return item;
  }

  #detailItem(item: vscode.TreeItem, { hostId, detail }: HostDetailTarget): vscode.TreeItem {
    item.id = `${hostId} ${detail}`;
    const facts = this.#facts(hostId);
    const found = facts && hostDetailsOf(facts).find(({ name }) => name === detail);
    if (found !== undefined) show(item, detailNodeOf(found));
    return item;
  }

  /** A row tells how many agents its host has and what they do; and who spends more has made the sum older. */
  #follow({ added, changed, removed }: FleetChange): void {
    const { connections, fleet, spend } = this.#options;
    const hostIds = new Set([...added, ...changed, ...removed].map((key) => parseAgentKey(key)?.hostId));
    for (const { host } of connections.all) {
      if (!hostIds.has(host.id)) continue;
      const { working, needsYou, queued } = fleet.countsOn(host.id);
      const told = [fleet.countOn(host.id), working, needsYou, queued].join(" ");
      if (this.#told.get(host.id) === told) continue;
      this.#told.set(host.id, told);
      spend.outdate(host.id);
      this.#pace.soon();
    }
  }

  #facts(hostId: string): HostFacts | undefined {
    const { connections, fleet, signIn, spend } = this.#options;
    const connection = connections.get(hostId);
    if (connection === undefined) return undefined;
    const { host, client, state } = connection;
    const { name, version } = hostSoftwareOf(client);
    const { working, needsYou, queued } = fleet.countsOn(hostId);
    return {
      name: host.name,
      url: host.url,
      state,
      software: name,
      version,
      info: client.hostInfo,
      runners: client.root.state?.agents.map(({ displayName }) => displayName) ?? [],
      agents: fleet.countOn(hostId),
      running: working + needsYou,
      queued,
      isCut: client.sessions.isCut,
      spendToday: spend.of(hostId),
      needsSignIn: signIn.isNeeded(hostId),
      certificate: host.certificate,
      heardAtMs: client.lastHeardAt,
    };
  }
}

function show(item: vscode.TreeItem, node: NodeView): void {
  item.label = node.label;
  item.description = node.description;
  item.iconPath = new vscode.ThemeIcon(node.icon, node.iconColor ? new vscode.ThemeColor(node.iconColor) : undefined);
  item.contextValue = node.contextValue;
  item.accessibilityInformation = { label: node.spoken };
}
