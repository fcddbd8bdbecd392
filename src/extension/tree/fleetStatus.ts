import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetCounts, needsPerson, needYouCount } from "../fleet/selectors.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { Snoozes } from "../inbox/snoozes.ts";
import { SCHEMES } from "../ids.ts";
import { commandLink } from "../platform/commandRegistry.ts";
import type { Contexts } from "../platform/contexts.ts";

/** The status bar item's text and tooltip. */
export function statusText(counts: FleetCounts, needs: number): { text: string; tooltip: string } {
  const working = counts.working + counts.queued;
  const bell = needs > 0 ? "$(bell-dot)" : "$(bell)";
  return {
    text: `$(rocket) ${working} ${bell} ${needs}`,
    tooltip: [
      working === 1 ? vscode.l10n.t("Muster: 1 agent works.") : vscode.l10n.t("Muster: {0} agents work.", working),
      needWords(needs),
      needs > 0 ? vscode.l10n.t("Click to go to the next.") : "",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
  };
}

function needWords(needs: number): string {
  if (needs === 0) return vscode.l10n.t("None needs you.");
  return needs === 1 ? vscode.l10n.t("1 agent needs you.") : vscode.l10n.t("{0} agents need you.", needs);
}

const refreshDelayMs = 50;

/** The views' frame: badge, status bar item, context keys and the greying of rows out of sight. */
export class FleetStatus implements Disposable {
  readonly #owned = new Disposables();
  #pendingRefresh: Disposable | undefined;

  constructor(
    fleet: Fleet,
    connections: HostConnectionsView,
    snoozes: Pick<Snoozes, "count" | "onDidChange">,
    view: Pick<vscode.TreeView<unknown>, "badge">,
    contexts: Contexts,
    clock: Clock,
  ) {
    const item = this.#owned.add(vscode.window.createStatusBarItem("muster.fleet", vscode.StatusBarAlignment.Left, 10));
    item.name = "Muster: Agents";
    const refresh = () => {
      this.#pendingRefresh = undefined;
      const needs = needYouCount(fleet.counts) - snoozes.count(fleet.agents, needsPerson);
      const { text, tooltip } = statusText(fleet.counts, needs);
      item.text = text;
      item.tooltip = tooltip;
      item.accessibilityInformation = { label: tooltip };
      item.command =
        needs > 0
          ? commandLink("muster.agent.next", "Go to the next agent that needs you")
          : { command: "muster.agents.focus", title: "Show the agents" };
      if (connections.all.length > 0) item.show();
      else item.hide();
      view.badge = needs > 0 ? { value: needs, tooltip: needWords(needs) } : undefined;
      contexts.set("muster:hasHosts", connections.all.length > 0);
      contexts.set(
        "muster:connected",
        connections.all.some(({ state }) => state.kind === "live"),
      );
      contexts.set("muster:hasAgents", fleet.agents.size > 0);
      contexts.set("muster:needsYou", needs > 0);
      contexts.set("muster:canShip", fleet.tallies.canShip > 0);
      contexts.set("muster:hasPullRequests", fleet.tallies.pullRequests > 0);
      contexts.set("muster:hasAttempts", fleet.tallies.attempts > 0);
    };
    const later = () => {
      this.#pendingRefresh ??= clock.setTimeout(refresh, refreshDelayMs);
    };
    this.#owned.add(fleet.onDidChange(later));
    this.#owned.add(connections.onDidChange(later));
    this.#owned.add(snoozes.onDidChange(later));
    this.#owned.add(vscode.window.registerFileDecorationProvider({ provideFileDecoration: decorationOf }));
    refresh();
  }

  dispose(): void {
    this.#pendingRefresh?.dispose();
    this.#owned.dispose();
  }
}

function decorationOf(uri: vscode.Uri): vscode.FileDecoration | undefined {
  if (uri.scheme !== SCHEMES.agent) return undefined;
  if (uri.path === "/unread") return new vscode.FileDecoration("●", vscode.l10n.t("Not looked at yet"));
  if (uri.path !== "/stale") return undefined;
  return new vscode.FileDecoration(
    undefined,
    vscode.l10n.t("The host is not connected"),
    new vscode.ThemeColor("disabledForeground"),
  );
}
