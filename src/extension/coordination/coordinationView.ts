import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import type { ChannelHandle, Client } from "../../client/client.ts";
import { CoordinatedRepository } from "../../protocol/coordinationReport.ts";
import { emptyForecast, type FleetConflictsState } from "../../protocol/fleetConflicts.ts";
import type { ReportInbound, ReportNote } from "../../protocol/report.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey, type FleetAgent } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { COORDINATION_PANEL } from "../ids.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import { WebviewTabs } from "../platform/webviewTabs.ts";
import { toCoordinationState } from "./coordinationState.ts";
import { hostNote } from "../platform/hostNote.ts";
import { OverlapPair, type OverlapPairPorts } from "./overlapPair.ts";

export interface CoordinationViewOptions extends OverlapPairPorts {
  readonly extensionUri: vscode.Uri;
  readonly fleet: OverlapPairPorts["fleet"] & Pick<Fleet, "agents" | "onDidChange">;
  readonly connections: HostConnectionsView;
  readonly clock: Clock;
  readonly update: (agents: readonly FleetAgent[]) => Promise<void>;
}

/** Of one repository. */
interface Shown {
  readonly of: CoordinatedRepository;
  readonly page: ReportPanel;
  readonly pair: OverlapPair;
  client: Client | undefined;
  forecast: ChannelHandle<FleetConflictsState> | undefined;
  timer: Disposable | undefined;
}

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
    const pair = new OverlapPair(this.#options, of, `muster.overlaps ${keyOf(of)}`, () => this.#refresh(shown));
    const shown: Shown = { of, page, pair, client: undefined, forecast: undefined, timer: undefined };
    this.#shown.add(shown);
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
    const { client, forecast, pair } = shown;
    if (client?.state.kind === "live") void pair.follow(client, forecast?.state);
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
    const { of, page, forecast, pair } = shown;
    const note = this.#noteOn(shown);
    const isNone = forecast?.state === undefined && AppError.is(forecast?.error, "notFound");
    const told = isNone ? emptyForecast("", "") : forecast?.state;
    page.show(toCoordinationState(of, told, this.#options.fleet.agents, { note, chosen: pair.details }));
  }

  #noteOn({ of: { hostId }, forecast }: Shown): ReportNote | undefined {
    const connection = this.#options.connections.get(hostId);
    const isKnown = forecast?.state !== undefined;
    const away = hostNote(connection, isKnown, (name) =>
      isKnown
        ? vscode.l10n.t("{0} is not connected: overlaps are shown as they were last.", name)
        : vscode.l10n.t("{0} is not connected. Overlaps are shown when it is.", name),
    );
    if (away !== undefined || connection?.state.kind !== "live") return away;
    if (connection.client.hostInfo?.fleet === undefined) {
      return {
        text: vscode.l10n.t("{0} doesn't tell where its agents' branches meet.", toLine(connection.host.name, 60)),
      };
    }
    const error = forecast?.status === "failed" ? forecast.error : undefined;
    return error === undefined || error.code === "notFound" ? undefined : { text: sentenceOf(error, vscode.l10n.t) };
  }

  async #act(shown: Shown, message: ReportInbound): Promise<void> {
    const { pair, forecast } = shown;
    const { hostId } = shown.of;
    // A page names nothing that it was not shown.
    const isShown = (session: string) =>
      forecast?.state?.branches.some((branch) => branch.session === session) === true;
    switch (message.kind) {
      case "reconnect":
        return runCommand("muster.host.reconnect", { hostId });
      case "act":
        if (message.action === "open" && isShown(message.session))
          await runCommand("muster.agent.open", { hostId, session: message.session });
        return;
      case "choosePair": {
        const { first, second } = message.pair ?? { first: "", second: "" };
        const isNone = message.pair === null;
        if (isNone || (isShown(first) && (second === "" || isShown(second)))) pair.choose(message.pair ?? undefined);
        return;
      }
      case "write":
        return pair.write(message.text ?? undefined, message.to);
      case "send":
        return pair.send();
      case "compare":
        return this.#present("compare the two", () => pair.compare());
      case "combine": {
        const { first = "", second = "" } = pair.details ?? {};
        if (second === "") return;
        const targets = [first, second].map((session) => ({ hostId, session }));
        return runCommand("muster.agent.combine", targets[0], targets);
      }
      case "update": {
        const { agents } = this.#options.fleet;
        const wanted = message.sessions.flatMap((session) => agents.get(agentKey(hostId, session)) ?? []);
        return this.#present("update the agents from their base", () => this.#options.update(wanted));
      }
      case "stopTrain": {
        const [first] = shown.forecast?.state?.train?.stops ?? [];
        if (first === undefined) return;
        return this.#present("stop the updates", async () => {
          await this.#options.connections.client(hostId).request("x-fleet/stopTrain", { channel: first.session });
        });
      }
      default:
        return;
    }
  }

  async #present(during: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#options.presenter.present(error, during);
    }
  }
}

function keyOf({ hostId, repository }: CoordinatedRepository): string {
  return `${hostId}|${fleetConflictsUri(repository)}`;
}
