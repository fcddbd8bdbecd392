import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Event } from "../../base/emitter.ts";
import { SpendChoice } from "../../protocol/report.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import { firstChoice, loadingSpend, readSpend, type SpendReaderOptions } from "./spendReader.ts";

export interface SpendViewOptions extends Omit<SpendReaderOptions, "connections"> {
  readonly extensionUri: vscode.Uri;
  readonly connections: HostConnectionsView;
  readonly commands: CommandRegistry;
  /** Some agent's row is another one. */
  readonly onDidChangeAgents: Event<unknown>;
  /** Keeps what was chosen last. */
  readonly state: { get(key: string): unknown; update(key: string, value: unknown): PromiseLike<void> };
}

const key = "muster.spendChoice";
/** Hosts are asked at most so often for what changes. */
const refreshMs = 10_000;

/** `Muster: Show Spend`: one editor tab. It asks hosts when it is shown, when another view is chosen, and when agents have spent. */
export class SpendView implements Disposable {
  readonly #options: SpendViewOptions;
  readonly #owned = new Disposables();
  #panel: ReportPanel | undefined;
  #timer: Disposable | undefined;
  /** Of the latest question: an answer to an earlier one is not shown. */
  #asked = 0;

  constructor(options: SpendViewOptions) {
    this.#options = options;
    this.#owned.add(options.commands.register("muster.spend.show", "show the spending", () => this.#show()));
    this.#owned.add(options.connections.onDidChange(() => void this.#refresh()));
    this.#owned.add(options.onDidChangeAgents(() => this.#refreshSoon()));
  }

  dispose(): void {
    this.#owned.dispose();
    this.#timer?.dispose();
    this.#panel?.dispose();
  }

  #show(): void {
    if (this.#panel !== undefined) return this.#panel.reveal();
    this.#panel = new ReportPanel({
      extensionUri: this.#options.extensionUri,
      title: vscode.l10n.t("Spend"),
      icon: "graph",
      shown: () => {
        this.#panel?.show(loadingSpend(this.#options, this.#choice));
        void this.#refresh();
      },
      receive: (message) => {
        if (message.kind === "choose") void this.#choose(message.choice);
      },
      closed: () => {
        this.#panel = undefined;
        this.#timer?.dispose();
        this.#timer = undefined;
      },
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
    if (this.#panel?.isShown !== true) return;
    const question = ++this.#asked;
    const state = await readSpend(this.#options, this.#choice);
    if (question === this.#asked) this.#panel?.show(state);
  }

  #refreshSoon(): void {
    if (this.#panel?.isShown !== true) return;
    this.#timer ??= this.#options.clock.setTimeout(() => void this.#refresh(), refreshMs);
  }
}
