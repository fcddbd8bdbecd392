import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { toLine } from "../../base/visibleText.ts";
import { PanelMemory } from "../../protocol/panel.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget, SESSION_PANEL } from "../ids.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { webviewPage } from "../platform/webviewPage.ts";
import { panelActions, type PanelPorts } from "./panelActions.ts";
import { PanelBridge } from "./panelBridge.ts";
import { PanelSource, type PanelSourceOptions } from "./panelSource.ts";

export interface SessionPanelsOptions {
  readonly extensionUri: vscode.Uri;
  readonly connections: HostConnectionsView;
  readonly fleet: Fleet;
  readonly signIn: PanelSourceOptions["signIn"];
  readonly ports: PanelPorts;
  readonly contexts: Pick<Contexts, "set">;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly telemetry: Pick<Telemetry, "send">;
  readonly logger: Logger;
}

interface OpenPanel {
  readonly target: AgentTarget;
  readonly panel: vscode.WebviewPanel;
}

/** A hidden page is dropped by the editor; its channels are let go of after this long. */
const hiddenMs = 60_000;
/** How long a restored tab may take to become a panel before the agent gets a new one. */
const restoreMs = 2000;

/** The session panels: one editor tab an agent, restored with the window, holding no hidden page in memory. */
export class SessionPanels implements vscode.WebviewPanelSerializer, Disposable {
  readonly #options: SessionPanelsOptions;
  readonly #owned = new Disposables();
  readonly #open = new Map<string, OpenPanel>();
  readonly #revived = this.#owned.add(new vscode.EventEmitter<void>());

  constructor(options: SessionPanelsOptions) {
    this.#options = options;
    this.#owned.add(vscode.window.registerWebviewPanelSerializer(SESSION_PANEL, this));
    this.#owned.add(options.connections.onDidChange(() => this.#tellConnected()));
  }

  /** The agent of the panel that has the focus, for commands that are run there. */
  get active(): AgentTarget | undefined {
    return Array.from(this.#open.values()).find(({ panel }) => panel.active)?.target;
  }

  async show(target: AgentTarget): Promise<void> {
    if (this.#reveal(target)) return;
    const tab = this.#restoredTab(target);
    if (tab !== undefined) {
      await vscode.commands.executeCommand("workbench.action.openEditorAtIndex", tab).then(
        () => this.#restored(target),
        () => undefined,
      );
      if (this.#reveal(target)) return;
    }
    const column = vscode.window.activeTextEditor?.viewColumn ?? vscode.ViewColumn.Active;
    this.#adopt(target, vscode.window.createWebviewPanel(SESSION_PANEL, this.#titleOf(target), column, {}));
  }

  /** Called by the editor for a panel of an earlier window, with what its page remembered. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const memory = PanelMemory.safeParse(state);
    if (memory.success && !this.#open.has(keyOf(memory.data.agent))) this.#adopt(memory.data.agent, panel);
    else panel.dispose();
    this.#revived.fire();
  }

  #reveal(target: AgentTarget): boolean {
    const existing = this.#open.get(keyOf(target));
    existing?.panel.reveal();
    return existing !== undefined;
  }

  /**
   * A panel of an earlier window that was not shown yet is a bare tab: only its title tells whose it is. Its index in the
   * group in front, where there is exactly one such tab and no panel of another agent has the same title.
   */
  #restoredTab(target: AgentTarget): number | undefined {
    const title = this.#titleOf(target);
    if (Array.from(this.#open.values()).some(({ panel }) => panel.title === title)) return undefined;
    const found = vscode.window.tabGroups.activeTabGroup.tabs.flatMap(({ input, label }, index) =>
      input instanceof vscode.TabInputWebview && input.viewType.endsWith(SESSION_PANEL) && label === title
        ? [index]
        : [],
    );
    return found.length === 1 ? found[0] : undefined;
  }

  /** Resolves when the editor has handed over a panel that it restored, or is not going to. */
  async #restored(target: AgentTarget): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const heard = this.#revived.event(resolve);
    const limit = this.#options.clock.setTimeout(resolve, restoreMs);
    if (!this.#open.has(keyOf(target))) await promise;
    heard.dispose();
    limit.dispose();
  }

  dispose(): void {
    this.#owned.dispose();
    for (const { panel } of Array.from(this.#open.values())) panel.dispose();
  }

  #tellConnected(): void {
    const { connections, contexts } = this.#options;
    const { active } = this;
    // Without a panel in front nobody looks at it.
    if (active !== undefined)
      contexts.set("muster:panelConnected", connections.get(active.hostId)?.state.kind === "live");
  }

  #titleOf(target: AgentTarget): string {
    return toLine(this.#options.fleet.get(keyOf(target))?.title ?? "Agent", 40);
  }

  #adopt(target: AgentTarget, panel: vscode.WebviewPanel): void {
    const { extensionUri, fleet, clock } = this.#options;
    const key = keyOf(target);
    const owned = new Disposables();
    const bundle = vscode.Uri.joinPath(extensionUri, "dist", "webview");
    panel.webview.options = { enableScripts: true, localResourceRoots: [bundle], enableCommandUris: false };
    panel.iconPath = new vscode.ThemeIcon("rocket");
    this.#open.set(key, { target, panel });

    let page: Disposables | undefined;
    let release: Disposable | undefined;
    const start = () => {
      release?.dispose();
      release = undefined;
      page ??= this.#connect(target, panel);
    };
    const stop = () => {
      page?.dispose();
      page = undefined;
    };
    owned.add(toDisposable(() => release?.dispose()));
    owned.add(toDisposable(stop));
    owned.add(
      panel.onDidChangeViewState(() => {
        this.#tellConnected();
        if (panel.visible) start();
        else release ??= clock.setTimeout(stop, hiddenMs);
      }),
    );
    owned.add(
      fleet.onDidChange(({ added, changed }) => {
        if (added.includes(key) || changed.includes(key)) panel.title = this.#titleOf(target);
      }),
    );
    panel.onDidDispose(() => {
      this.#open.delete(key);
      owned.dispose();
    });
    start();
    this.#tellConnected();
  }

  /** Gives the panel its page and joins it to the agent. Ends with the returned value; the page stays until replaced. */
  #connect(target: AgentTarget, panel: vscode.WebviewPanel): Disposables {
    const { extensionUri, connections, fleet, signIn, ports, clock, newId, telemetry, logger } = this.#options;
    const owned = new Disposables();
    const { webview } = panel;
    const uriOf = (file: string) =>
      webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", "webview", file)).toString();
    const nonce = randomBytes(16).toString("hex");
    const source = owned.add(new PanelSource({ target, connections, fleet, signIn, clock, logger }));
    const bridge = owned.add(
      new PanelBridge({
        source,
        handlers: panelActions({ source, target, ports, clock, newId, telemetry }),
        logPorts: ports,
        agent: { hostId: target.hostId, session: target.session },
        nonce,
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own channel, which has no origin
        post: (message) => void webview.postMessage(message),
        clock,
        logger,
      }),
    );
    owned.add(webview.onDidReceiveMessage((message) => bridge.receive(message)));
    owned.add(
      panel.onDidChangeViewState(() => {
        if (!panel.visible) bridge.pause();
      }),
    );
    webview.html = webviewPage({
      title: "Agent",
      cspSource: webview.cspSource,
      script: uriOf("main.js"),
      style: uriOf("main.css"),
      scriptNonce: randomBytes(16).toString("hex"),
      messageNonce: nonce,
    });
    return owned;
  }
}
