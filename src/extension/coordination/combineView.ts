import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import { CombinedAgents, type CombineState } from "../../protocol/coordinationReport.ts";
import type { ReportInbound, ReportNote } from "../../protocol/report.ts";
import { sessionUri } from "../../protocol/uris.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { COMBINE_PANEL } from "../ids.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import { type ErrorPresenter, sentenceOf } from "../platform/presentError.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import type { StatePort } from "../platform/statePort.ts";
import { WebviewTabs } from "../platform/webviewTabs.ts";
import {
  noPicks,
  type PartsRead,
  Picks,
  presentPicks,
  toCombineState,
  toPartsPicks,
  withPick,
} from "./combineState.ts";
import { hostNote } from "../platform/hostNote.ts";

export interface CombineViewOptions {
  readonly extensionUri: vscode.Uri;
  readonly fleet: Pick<Fleet, "get" | "onDidChange">;
  readonly connections: HostConnectionsView;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly clock: Clock;
  /** Keeps what was picked over a reload of the window. */
  readonly state: StatePort;
  readonly newId: () => string;
}

type Checked = Pick<CombineState, "isChecking" | "problems" | "preview">;

/** One choice of parts. */
interface Shown {
  readonly of: CombinedAgents;
  readonly panel: vscode.WebviewPanel;
  readonly page: ReportPanel;
  picks: Picks;
  read: PartsRead | undefined;
  /** The branches as they were read, or are being read. */
  version: string | undefined;
  problem: string | undefined;
  checked: Checked;
  isCreating: boolean;
  /** Of the latest check: an answer to an earlier one is not shown. */
  asked: number;
  timer: Disposable | undefined;
}

const unchecked: Checked = { isChecking: false, problems: [], preview: undefined };
/** Somebody who picks makes several picks in a row. */
const checkMs = 300;

/** Parts of several agents' branches, picked and put together into a new one by their host: an editor tab for each set of agents. */
export class CombineView implements Disposable {
  readonly #options: CombineViewOptions;
  readonly #owned = new Disposables();
  readonly #shown = new Set<Shown>();
  readonly #tabs: WebviewTabs<CombinedAgents>;

  constructor(options: CombineViewOptions) {
    this.#options = options;
    const { connections, extensionUri, fleet, clock } = options;
    this.#tabs = this.#owned.add(
      new WebviewTabs<CombinedAgents>({
        viewType: COMBINE_PANEL,
        icon: "combine",
        extensionUri,
        clock,
        keyOf,
        titleOf: ({ hostId, sessions: [first = ""] }) =>
          vscode.l10n.t("Combine: {0}", toLabel(fleet.get(agentKey(hostId, first))?.title ?? "", 40)),
        parse: (memory) => CombinedAgents.safeParse(memory).data,
        fill: (of, panel) => this.#fill(of, panel),
      }),
    );
    const refreshAll = () => this.#shown.forEach((shown) => shown.page.isShown && this.#refresh(shown));
    this.#owned.add(fleet.onDidChange(refreshAll));
    this.#owned.add(connections.onDidChange(refreshAll));
  }

  show({ hostId, sessions }: CombinedAgents): Promise<void> {
    return this.#tabs.show({ hostId, sessions: sessions.toSorted() });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #fill(of: CombinedAgents, panel: vscode.WebviewPanel): Disposable {
    const page = new ReportPanel(panel, {
      extensionUri: this.#options.extensionUri,
      title: panel.title,
      shown: () => {
        this.#tell(shown);
        this.#refresh(shown);
      },
      receive: (message) => void this.#act(shown, message),
    });
    const first = this.#options.fleet.get(agentKey(of.hostId, of.sessions[0] ?? ""));
    const title = vscode.l10n.t("Combined: {0}", toLine(first?.title ?? "", 100));
    const shown: Shown = {
      of,
      panel,
      page,
      picks: Picks.safeParse(this.#options.state.get(stateKey(of))).data ?? { ...noPicks, title },
      read: undefined,
      version: undefined,
      problem: undefined,
      checked: unchecked,
      isCreating: false,
      asked: 0,
      timer: undefined,
    };
    this.#shown.add(shown);
    return toDisposable(() => {
      this.#shown.delete(shown);
      shown.timer?.dispose();
      page.dispose();
    });
  }

  /** Reads the branches where they are others than those that were read. */
  #refresh(shown: Shown): void {
    const { hostId, sessions } = shown.of;
    const connection = this.#options.connections.get(hostId);
    const heads = sessions.map((session) => this.#options.fleet.get(agentKey(hostId, session))?.head);
    const version = JSON.stringify([heads, connection?.state.kind === "live"]);
    if (shown.isCreating || version === shown.version) return;
    shown.version = version;
    if (connection?.state.kind === "live") void this.#read(shown);
    else this.#tell(shown);
  }

  async #read(shown: Shown): Promise<void> {
    const { version, of } = shown;
    const [channel = "", ...others] = of.sessions;
    try {
      const read = await this.#options.connections.client(of.hostId).request("x-fleet/parts", { channel, others });
      if (shown.version !== version) return;
      shown.read = read;
      shown.problem = undefined;
      shown.picks = presentPicks(shown.picks, read);
      this.#checkSoon(shown);
    } catch (error) {
      if (shown.version === version) shown.problem = sentenceOf(error, vscode.l10n.t);
    }
    this.#tell(shown);
  }

  #checkSoon(shown: Shown): void {
    shown.timer?.dispose();
    shown.asked += 1;
    const isEmpty = Object.values(shown.picks.files).every((files) => Object.keys(files).length === 0);
    shown.checked = { ...unchecked, isChecking: !isEmpty };
    if (!isEmpty) shown.timer = this.#options.clock.setTimeout(() => void this.#check(shown), checkMs);
  }

  async #check(shown: Shown): Promise<void> {
    const question = shown.asked;
    let checked: Checked = unchecked;
    try {
      const { problems, files, additions, deletions, patch = "" } = await this.#ask(shown, true);
      const preview = problems.length > 0 ? undefined : { files, additions, deletions, patch };
      checked = { isChecking: false, problems, preview };
    } catch (error) {
      if (question === shown.asked) shown.problem = sentenceOf(error, vscode.l10n.t);
    }
    if (question !== shown.asked) return;
    shown.checked = checked;
    this.#tell(shown);
  }

  #ask({ of: { hostId, sessions }, picks, read }: Shown, isPreview: boolean, session = sessionUri("preview")) {
    const base = read?.base ?? "";
    const wanted = read === undefined ? [] : toPartsPicks(picks, read);
    return this.#options.connections.client(hostId).request("x-fleet/combine", {
      channel: sessions[0] ?? "",
      session,
      base,
      picks: wanted,
      ...(isPreview ? { isPreview } : { title: picks.title }),
    });
  }

  async #act(shown: Shown, message: ReportInbound): Promise<void> {
    switch (message.kind) {
      case "reconnect":
        return runCommand("muster.host.reconnect", { hostId: shown.of.hostId });
      case "pick":
        // A page names nothing that it was not shown.
        if (!hasPart(shown.read, message)) return;
        shown.picks = withPick(shown.picks, message.session, message.path, message.pick);
        this.#keep(shown);
        this.#checkSoon(shown);
        return this.#tell(shown);
      case "name":
        shown.picks = { ...shown.picks, title: message.title.slice(0, 200) };
        return this.#keep(shown);
      case "reread":
        shown.version = undefined;
        return this.#refresh(shown);
      case "create":
        return this.#create(shown);
      default:
        return;
    }
  }

  async #create(shown: Shown): Promise<void> {
    const { of, panel } = shown;
    if (shown.isCreating || shown.checked.preview === undefined) return;
    shown.isCreating = true;
    this.#tell(shown);
    const session = sessionUri(this.#options.newId());
    try {
      const { problems } = await this.#ask(shown, false, session);
      if (problems.length === 0) {
        await this.#options.state.update(stateKey(of), undefined);
        panel.dispose();
        return await runCommand("muster.agent.open", { hostId: of.hostId, session });
      }
      shown.checked = { ...unchecked, problems };
    } catch (error) {
      await this.#options.presenter.present(error, "create the combined branch");
    } finally {
      shown.isCreating = false;
    }
    this.#tell(shown);
  }

  #keep({ of, picks }: Shown): void {
    void this.#options.state.update(stateKey(of), picks);
  }

  #tell(shown: Shown): void {
    const { of, page, read, picks, checked, isCreating } = shown;
    const note = this.#noteOn(shown);
    const agents = of.sessions.map((session) => ({
      session,
      agent: this.#options.fleet.get(agentKey(of.hostId, session)),
    }));
    const isLoading = read === undefined && note === undefined;
    page.show(toCombineState(agents, read, picks, { of, note, isLoading, ...checked, isCreating }));
  }

  #noteOn({ of: { hostId }, problem, read }: Shown): ReportNote | undefined {
    const connection = this.#options.connections.get(hostId);
    const away = hostNote(connection, read !== undefined, (name) =>
      vscode.l10n.t("{0} is not connected. What you picked is kept.", name),
    );
    return away ?? (problem === undefined ? undefined : { text: problem });
  }
}

function keyOf({ hostId, sessions }: CombinedAgents): string {
  return [hostId, ...sessions].join("|");
}

function stateKey(of: CombinedAgents): string {
  return `muster.combine ${keyOf(of)}`;
}

function hasPart(read: PartsRead | undefined, { session, path }: { readonly session: string; readonly path: string }) {
  const parts = read?.files.find((file) => file.path === path)?.parts;
  return parts?.some((part) => part.session === session) === true;
}
