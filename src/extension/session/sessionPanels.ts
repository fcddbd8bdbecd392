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
import { setPage, WebviewTabs } from "../platform/webviewTabs.ts";
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

/** A hidden page is dropped by the editor; its channels are let go of after this long. */
const hiddenMs = 60_000;

/** The session panels: one editor tab an agent, restored with the window, holding no hidden page in memory. */
export class SessionPanels implements Disposable {
  readonly #options: SessionPanelsOptions;
  readonly #owned = new Disposables();
  readonly #tabs: WebviewTabs<AgentTarget>;

  constructor(options: SessionPanelsOptions) {
    this.#options = options;
    const { extensionUri, clock, connections } = options;
    this.#tabs = this.#owned.add(
      new WebviewTabs({
        viewType: SESSION_PANEL,
        icon: "rocket",
        extensionUri,
        clock,
        keyOf,
        titleOf: (target) => this.#titleOf(target),
        parse: (memory) => PanelMemory.safeParse(memory).data?.agent,
        fill: (target, panel) => this.#fill(target, panel),
      }),
    );
    this.#owned.add(connections.onDidChange(() => this.#tellConnected()));
  }

  /** The agent of the panel that has the focus, for commands that are run there. */
  get active(): AgentTarget | undefined {
    return this.#tabs.active;
  }

  show(target: AgentTarget): Promise<void> {
    return this.#tabs.show(target);
  }

  dispose(): void {
    this.#owned.dispose();
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

  #fill(target: AgentTarget, panel: vscode.WebviewPanel): Disposable {
    const { fleet, clock } = this.#options;
    const key = keyOf(target);
    const owned = new Disposables();
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
    start();
    this.#tellConnected();
    return owned;
  }

  /** Gives the panel its page and joins it to the agent. Ends with the returned value; the page stays until replaced. */
  #connect(target: AgentTarget, panel: vscode.WebviewPanel): Disposables {
    const { extensionUri, connections, fleet, signIn, ports, clock, newId, telemetry, logger } = this.#options;
    const owned = new Disposables();
    const { webview } = panel;
    const source = owned.add(new PanelSource({ target, connections, fleet, signIn, clock, logger }));
    const nonce = setPage(webview, extensionUri, { name: "main", title: vscode.l10n.t("Agent") });
    const bridge = owned.add(
      new PanelBridge({
        source,
        handlers: panelActions({ source, target, ports, clock, newId, telemetry }),
        logPorts: ports,
        agent: { hostId: target.hostId, session: target.session },
        nonce,
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- VS Code's own channel, which has no origin
        post: (message) => void webview.postMessage(message),
        t: vscode.l10n.t,
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
    return owned;
  }
}
