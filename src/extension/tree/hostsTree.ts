import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { hostSoftwareOf } from "../hosts/hostSoftware.ts";
import type { HostTarget, TerminalTarget } from "../ids.ts";
import { commandLink } from "../platform/commandRegistry.ts";
import { toMarkdownText } from "../platform/plainText.ts";
import type { AgentSignIn } from "../signIn/agentSignIn.ts";
import type { HostTerminals } from "../fleet/hostTerminals.ts";
import type { NodeView } from "./agentNode.ts";
import { type HostFacts, hostNodeOf, hostTooltipLines, terminalNodeOf } from "./hostNode.ts";

export type HostElement = HostTarget | TerminalTarget;

const refreshDelayMs = 50;

/** The Hosts tree: each configured host with the state of its connection, and its terminals under it. */
export class HostsTree implements vscode.TreeDataProvider<HostElement>, Disposable {
  readonly #connections: HostConnectionsView;
  readonly #fleet: Fleet;
  readonly #terminals: HostTerminals;
  readonly #signIn: Pick<AgentSignIn, "isNeeded" | "onDidChange">;
  readonly #clock: Clock;
  readonly #owned = new Disposables();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  #pendingRefresh: Disposable | undefined;

  constructor(
    connections: HostConnectionsView,
    fleet: Fleet,
    terminals: HostTerminals,
    signIn: Pick<AgentSignIn, "isNeeded" | "onDidChange">,
    clock: Clock,
  ) {
    this.#connections = connections;
    this.#fleet = fleet;
    this.#terminals = terminals;
    this.#signIn = signIn;
    this.#clock = clock;
    this.#owned.add(connections.onDidChange(() => this.#refreshSoon()));
    this.#owned.add(terminals.onDidChange(() => this.#refreshSoon()));
    this.#owned.add(signIn.onDidChange(() => this.#refreshSoon()));
    // A row tells how many agents its host has.
    this.#owned.add(
      fleet.onDidChange(({ added, removed }) => {
        if (added.length + removed.length > 0) this.#refreshSoon();
      }),
    );
  }

  getChildren(element?: HostElement): HostElement[] {
    if (element === undefined) return this.#connections.all.map(({ host }) => ({ hostId: host.id }));
    if ("terminal" in element) return [];
    const { hostId } = element;
    return this.#terminals.of(hostId).map(({ resource }) => ({ hostId, terminal: resource }));
  }

  getTreeItem(element: HostElement): vscode.TreeItem {
    const item = new vscode.TreeItem("");
    if ("terminal" in element) return this.#terminalItem(item, element);
    item.id = element.hostId;
    const facts = this.#facts(element.hostId);
    if (facts === undefined) return item;
    show(item, hostNodeOf(facts, this.#clock.now()));
    if (this.#terminals.of(element.hostId).length > 0) {
      item.collapsibleState = vscode.TreeItemCollapsibleState.Collapsed;
    }
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, element: HostElement): vscode.TreeItem {
    const facts = "terminal" in element ? undefined : this.#facts(element.hostId);
    if (facts === undefined) return item;
    const lines = hostTooltipLines(facts).map(([name, value]) => `${name}: ${toMarkdownText(value)}`);
    item.tooltip = new vscode.MarkdownString(`**${toMarkdownText(facts.name)}**\n\n${lines.join("\n\n")}`);
    return item;
  }

  dispose(): void {
    this.#pendingRefresh?.dispose();
    this.#owned.dispose();
  }

  #terminalItem(item: vscode.TreeItem, { hostId, terminal }: TerminalTarget): vscode.TreeItem {
    item.id = `${hostId}|${terminal}`;
    const info = this.#terminals.of(hostId).find(({ resource }) => resource === terminal);
    if (info === undefined) return item;
    const { claim } = info;
    const agent = claim.kind === "session" ? this.#fleet.get(agentKey(hostId, claim.session)) : undefined;
    show(item, terminalNodeOf(info, agent?.title));
    item.command = commandLink("muster.terminal.show", "Show Terminal", { hostId, terminal });
    return item;
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
    const { name, version } = hostSoftwareOf(client);
    return {
      name: host.name,
      url: host.url,
      state,
      software: name,
      version,
      agents: this.#fleet.countOn(host.id),
      isCut: client.sessions.isCut,
      needsSignIn: this.#signIn.isNeeded(host.id),
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
