import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import { SpendChoice } from "../../protocol/report.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { SPEND_PANEL } from "../ids.ts";
import { type CommandRegistry, runCommand } from "../platform/commandRegistry.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import { WebviewTabs } from "../platform/webviewTabs.ts";
import { firstChoice, loadingSpend, readSpend, type SpendReaderOptions } from "./spendReader.ts";

export interface SpendViewOptions {
  readonly extensionUri: vscode.Uri;
  readonly connections: HostConnectionsView;
  readonly clock: Clock;
  readonly commands: CommandRegistry;
  readonly fleet: Pick<Fleet, "get" | "onDidChange">;
  /** Keeps what was chosen last. */
  readonly state: { get(key: string): unknown; update(key: string, value: unknown): PromiseLike<void> };
}

const key = "muster.spendChoice";
/** Hosts are asked at most so often for what changes. */
const refreshMs = 10_000;

/**
 * `Muster: Show Spend`: one editor tab, brought back with the window. It asks hosts when it is shown, when another view is
 * chosen, and when agents have spent.
 */
export class SpendView implements Disposable {
  readonly #options: SpendViewOptions;
  readonly #reader: SpendReaderOptions;
  readonly #owned = new Disposables();
  #page: ReportPanel | undefined;
  #timer: Disposable | undefined;
  /** Of the latest question: an answer to an earlier one is not shown. */
  #asked = 0;

  constructor(options: SpendViewOptions) {
    this.#options = options;
    const { commands, connections, extensionUri, clock, fleet } = options;
    const titleOf = (hostId: string, session: string) => fleet.get(agentKey(hostId, session))?.title;
    this.#reader = { connections, clock, titleOf };
    const title = vscode.l10n.t("Spend");
    const tabs = this.#owned.add(
      new WebviewTabs({
        viewType: SPEND_PANEL,
        icon: "graph",
        extensionUri,
        clock,
        keyOf: () => "",
        titleOf: () => title,
        parse: () => "all hosts",
        fill: (_, panel) => this.#fill(panel),
      }),
    );
    this.#owned.add(commands.register("muster.spend.show", "show the spending", () => tabs.show("all hosts")));
    this.#owned.add(connections.onDidChange(() => void this.#refresh()));
    this.#owned.add(fleet.onDidChange(() => this.#refreshSoon()));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #fill(panel: vscode.WebviewPanel): Disposable {
    const page = new ReportPanel(panel, {
      extensionUri: this.#options.extensionUri,
      title: panel.title,
      shown: () => {
        page.show(loadingSpend(this.#reader, this.#choice));
        void this.#refresh();
      },
      receive: (message) => {
        if (message.kind === "choose") void this.#choose(message.choice);
        // A page names nothing that it was not shown.
        const isShown = message.kind === "reconnect" && this.#options.connections.get(message.hostId) !== undefined;
        if (isShown) void runCommand("muster.host.reconnect", { hostId: message.hostId });
      },
    });
    this.#page = page;
    return toDisposable(() => {
      page.dispose();
      this.#page = undefined;
      this.#timer?.dispose();
      this.#timer = undefined;
    });
  }

  get #choice(): SpendChoice {
    const parsed = SpendChoice.safeParse(this.#options.state.get(key));
    if (!parsed.success) return firstChoice;
    // A host that was removed leaves all of them.
    const isThere = this.#options.connections.get(parsed.data.hostId) !== undefined;
    return isThere ? parsed.data : { ...parsed.data, hostId: "" };
  }

  async #choose(choice: SpendChoice): Promise<void> {
    await this.#options.state.update(key, choice);
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#page?.isShown !== true) return;
    const question = ++this.#asked;
    const state = await readSpend(this.#reader, this.#choice);
    if (question === this.#asked) this.#page?.show(state);
  }

  #refreshSoon(): void {
    if (this.#page?.isShown !== true) return;
    this.#timer ??= this.#options.clock.setTimeout(() => void this.#refresh(), refreshMs);
  }
}
