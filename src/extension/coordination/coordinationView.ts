import * as vscode from "vscode";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ChannelHandle, Client } from "../../client/client.ts";
import { CoordinatedRepository, type PairChoice, type PairDetails } from "../../protocol/coordinationReport.ts";
import type { FleetConflictsState } from "../../protocol/fleetConflicts.ts";
import type { ReportInbound, ReportNote } from "../../protocol/report.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey, type FleetAgent } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { sightOf } from "../hosts/sight.ts";
import { type AgentTarget, COORDINATION_PANEL } from "../ids.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import { type ErrorPresenter, sentenceOf } from "../platform/presentError.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import type { StatePort } from "../platform/statePort.ts";
import { WebviewTabs } from "../platform/webviewTabs.ts";
import { toCoordinationState } from "./coordinationState.ts";
import { overlapMessage } from "./overlapMessage.ts";

export interface CoordinationViewOptions {
  readonly extensionUri: vscode.Uri;
  readonly fleet: Pick<Fleet, "agents" | "get" | "send" | "onDidChange">;
  readonly connections: HostConnectionsView;
  readonly presenter: Pick<ErrorPresenter, "present">;
  readonly clock: Clock;
  /** Keeps the pair that is looked at, and what is written to it, over a reload of the window. */
  readonly state: StatePort;
  /** The document of a file as an agent's branch has it; of no file without a `blob`. */
  readonly revision: (target: AgentTarget, path: string, blob: string | undefined) => vscode.Uri;
  readonly update: (agents: readonly FleetAgent[]) => Promise<void>;
}

/** Of one repository. */
interface Shown {
  readonly of: CoordinatedRepository;
  readonly page: ReportPanel;
  client: Client | undefined;
  forecast: ChannelHandle<FleetConflictsState> | undefined;
  chosen: PairDetails | undefined;
  /** What of the chosen pair was read, or is being read. */
  read: string | undefined;
  timer: Disposable | undefined;
}

const Kept = z.object({ first: z.string(), second: z.string(), text: z.optional(z.string()), to: z.array(z.string()) });
/** The forecast and rows may change several times a second; the picture need not. */
const refreshMs = 250;

/** Where the agents of a repository meet: an editor tab for each repository, following the host's forecast. */
export class CoordinationView implements Disposable {
  readonly #options: CoordinationViewOptions;
  readonly #owned = new Disposables();
  readonly #shown = new Set<Shown>();
  readonly #tabs: WebviewTabs<CoordinatedRepository>;

  constructor(options: CoordinationViewOptions) {
    this.#options = options;
    const { connections, extensionUri, fleet, clock } = options;
    this.#tabs = this.#owned.add(
      new WebviewTabs<CoordinatedRepository>({
        viewType: COORDINATION_PANEL,
        icon: "git-merge",
        extensionUri,
        clock,
        keyOf,
        titleOf: ({ repository }) => vscode.l10n.t("Overlaps: {0}", toLabel(repositoryName(repository), 40)),
        parse: (memory) => CoordinatedRepository.safeParse(memory).data,
        fill: (of, panel) => this.#fill(of, panel),
      }),
    );
    const refreshAll = () => this.#shown.forEach((shown) => this.#refreshSoon(shown));
    this.#owned.add(fleet.onDidChange(refreshAll));
    this.#owned.add(connections.onDidChange(refreshAll));
  }

  show(of: CoordinatedRepository): Promise<void> {
    return this.#tabs.show(of);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #fill(of: CoordinatedRepository, panel: vscode.WebviewPanel): Disposable {
    const page = new ReportPanel(panel, {
      extensionUri: this.#options.extensionUri,
      title: panel.title,
      shown: () => this.#refresh(shown),
      receive: (message) => void this.#act(shown, message),
    });
    const shown: Shown = {
      of,
      page,
      client: undefined,
      forecast: undefined,
      chosen: undefined,
      read: undefined,
      timer: undefined,
    };
    this.#shown.add(shown);
    const kept = Kept.safeParse(this.#options.state.get(stateKey(of))).data;
    if (kept !== undefined) {
      const draft = kept.text === undefined ? {} : { draft: { text: kept.text, to: kept.to, isSending: false } };
      shown.chosen = { ...emptyPair(kept), ...draft };
    }
    return toDisposable(() => {
      this.#shown.delete(shown);
      shown.timer?.dispose();
      shown.forecast?.dispose();
      page.dispose();
    });
  }

  #refreshSoon(shown: Shown): void {
    if (!shown.page.isShown) return;
    shown.timer ??= this.#options.clock.setTimeout(() => this.#refresh(shown), refreshMs);
  }

  #refresh(shown: Shown): void {
    shown.timer?.dispose();
    shown.timer = undefined;
    this.#follow(shown);
    this.#tell(shown);
    if (shown.chosen !== undefined && shown.client?.state.kind === "live") void this.#readPair(shown, shown.chosen);
  }

  /** The host may be another one than before, and a repository's forecast begins with its first branch. */
  #follow(shown: Shown): void {
    const { of } = shown;
    const client = this.#options.connections.get(of.hostId)?.client;
    const isFailed = shown.forecast?.status === "failed" && client?.state.kind === "live";
    if (client === shown.client && !isFailed) return;
    shown.forecast?.dispose();
    shown.client = client;
    shown.forecast = client?.subscribe("fleetConflicts", fleetConflictsUri(of.repository));
    shown.forecast?.ready.catch(() => undefined).finally(() => this.#tell(shown));
    shown.forecast?.onDidChange(() => this.#refreshSoon(shown));
  }

  #tell(shown: Shown): void {
    const { of, page, forecast, chosen } = shown;
    const note = this.#noteOn(shown);
    const isNone = forecast?.state === undefined && AppError.is(forecast?.error, "notFound");
    const told = isNone ? { repository: "", branches: [], pairs: [], mergeOrder: [], at: "" } : forecast?.state;
    page.show(toCoordinationState(of, told, this.#options.fleet.agents, { note, chosen }));
  }

  #noteOn({ of: { hostId }, forecast }: Shown): ReportNote | undefined {
    const connection = this.#options.connections.get(hostId);
    if (connection === undefined)
      return { text: vscode.l10n.t("The host of these agents is not configured any more. Add it again to see them.") };
    const name = toLine(connection.host.name, 60);
    const isKnown = forecast?.state !== undefined;
    switch (sightOf(connection.state)) {
      case "connecting":
        return isKnown ? undefined : { text: vscode.l10n.t("Connecting to {0}…", name) };
      case "offline":
        return isKnown
          ? { text: vscode.l10n.t("{0} is not connected: overlaps are shown as they were last.", name), hostId }
          : { text: vscode.l10n.t("{0} is not connected. Overlaps are shown when it is.", name), hostId };
      case "live":
      default: {
        if (connection.client.hostInfo?.fleet === undefined)
          return { text: vscode.l10n.t("{0} doesn't tell where its agents' branches meet.", name) };
        const error = forecast?.status === "failed" ? forecast.error : undefined;
        return error === undefined || error.code === "notFound" ? undefined : { text: sentenceOf(error) };
      }
    }
  }

  async #act(shown: Shown, message: ReportInbound): Promise<void> {
    const { hostId } = shown.of;
    switch (message.kind) {
      case "reconnect":
        return runCommand("muster.host.reconnect", { hostId });
      case "act":
        if (message.action === "open") await runCommand("muster.agent.open", { hostId, session: message.session });
        return;
      case "choosePair":
        return this.#choose(shown, message.pair ?? undefined);
      case "write":
        return this.#write(shown, message.text ?? undefined, message.to);
      case "send":
        return this.#send(shown);
      case "compare":
        return this.#present("compare the two", () => this.#compare(shown));
      case "combine": {
        const { first = "", second = "" } = shown.chosen ?? {};
        const targets = [first, second].map((session) => ({ hostId, session }));
        return runCommand("muster.agent.combine", targets[0], targets);
      }
      case "update": {
        const { agents } = this.#options.fleet;
        const wanted = message.sessions.flatMap((session) => agents.get(agentKey(hostId, session)) ?? []);
        return this.#present("update the agents from their base", () => this.#options.update(wanted));
      }
      default:
        return;
    }
  }

  #choose(shown: Shown, pair: PairChoice | undefined): void {
    shown.chosen = pair && emptyPair(pair);
    shown.read = undefined;
    this.#keep(shown);
    this.#refresh(shown);
  }

  /** Again whenever one of the two has another checkpoint. */
  async #readPair(shown: Shown, { first, second }: PairChoice): Promise<void> {
    const { forecast, client } = shown;
    const heads = forecast?.state?.branches.filter(({ session }) => session === first || session === second);
    const version = JSON.stringify([first, second, heads?.map(({ head }) => head)]);
    if (client === undefined || heads === undefined || version === shown.read) return;
    shown.read = version;
    const asked = { channel: first, others: [second], isShared: true };
    const read =
      second === ""
        ? { files: [], fileCount: 0 }
        : await client.request("x-fleet/parts", asked).catch((error: unknown) => ({ problem: sentenceOf(error) }));
    // Something else was chosen meanwhile.
    if (shown.read !== version || shown.chosen === undefined) return;
    const { problem: _problem, ...rest } = shown.chosen;
    const found = "problem" in read ? read : { files: read.files, fileCount: read.fileCount };
    shown.chosen = { ...rest, isLoading: false, ...found };
    this.#tell(shown);
  }

  /** Without a text the prepared one, or none when it is for nobody. */
  #write(shown: Shown, text: string | undefined, to: readonly string[]): void {
    const { chosen } = shown;
    if (chosen === undefined) return;
    const isDiscarded = text === undefined && to.length === 0;
    const draft = isDiscarded ? undefined : { text: text ?? this.#prepared(shown, chosen), to, isSending: false };
    shown.chosen = { ...chosen, draft };
    this.#keep(shown);
    this.#tell(shown);
  }

  #prepared({ of, forecast }: Shown, chosen: PairDetails): string {
    const { first, second } = chosen;
    const { branches = [], pairs = [] } = forecast?.state ?? {};
    const branchOf = (session: string) => branches.find((branch) => branch.session === session);
    const own = branchOf(first);
    const isPair = (pair: PairChoice) => [pair.first, pair.second].every((each) => each === first || each === second);
    const met = second === "" ? own : pairs.find(isPair);
    return overlapMessage({
      first,
      second,
      nameOf: (session) =>
        session === ""
          ? (own?.baseBranch ?? "")
          : (this.#options.fleet.get(agentKey(of.hostId, session))?.title ?? branchOf(session)?.branch ?? ""),
      branchOf: (session) => branchOf(session)?.branch,
      isConflict: met?.overlap === "conflict",
      files: chosen.files,
      paths: met?.files ?? [],
    });
  }

  async #send(shown: Shown): Promise<void> {
    const { chosen, of } = shown;
    const draft = chosen?.draft;
    if (chosen === undefined || draft === undefined || draft.isSending) return;
    shown.chosen = { ...chosen, draft: { ...draft, isSending: true } };
    this.#tell(shown);
    let left = draft.to;
    await this.#present("tell the agents", async () => {
      for (const session of draft.to) {
        await this.#options.fleet.send(agentKey(of.hostId, session), draft.text);
        left = left.filter((other) => other !== session);
      }
    });
    // Who has it already is not told again.
    const rest = left.length === 0 ? undefined : { ...draft, to: left, isSending: false };
    shown.chosen = { ...shown.chosen, draft: rest };
    this.#keep(shown);
    this.#tell(shown);
  }

  /** The files that both touch, as each of them has them. */
  async #compare({ of: { hostId }, chosen }: Shown): Promise<void> {
    if (chosen === undefined || chosen.files.length === 0) return;
    const { first, second, files } = chosen;
    const side = (path: string, session: string, parts: PairDetails["files"][number]["parts"]) => {
      const part = parts.find((each) => each.session === session);
      return this.#options.revision({ hostId, session }, path, part?.blob?.oid);
    };
    // A branch that began from an earlier base has no file of its own that stands on the later one.
    const comparable = files.filter(({ parts }) => parts.every(({ blob, status }) => blob ?? status === "deleted"));
    const rows = comparable.map(({ path, parts }) => [
      side(path, second, parts),
      side(path, first, parts),
      side(path, second, parts),
    ]);
    if (rows.length === 0) {
      const sentence =
        "The two agents began from different commits. Update them from their base to compare their files.";
      throw new AppError("conflict", sentence);
    }
    const nameOf = (session: string) => toLabel(this.#options.fleet.get(agentKey(hostId, session))?.title ?? "", 40);
    await vscode.commands.executeCommand("vscode.changes", `${nameOf(first)} ↔ ${nameOf(second)}`, rows);
  }

  #keep({ of, chosen }: Shown): void {
    const kept = chosen && {
      first: chosen.first,
      second: chosen.second,
      to: chosen.draft?.to ?? [],
      ...(chosen.draft && { text: chosen.draft.text }),
    };
    void this.#options.state.update(stateKey(of), kept);
  }

  async #present(during: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#options.presenter.present(error, during);
    }
  }
}

function emptyPair({ first, second }: PairChoice): PairDetails {
  return { first, second, isLoading: true, files: [], fileCount: 0 };
}

function keyOf({ hostId, repository }: CoordinatedRepository): string {
  return `${hostId}|${fleetConflictsUri(repository)}`;
}

function stateKey(of: CoordinatedRepository): string {
  return `muster.overlap ${keyOf(of)}`;
}
