import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables, toDisposable } from "../../base/disposables.ts";
import { ComparedAttempts, type ReportInbound, type ReportNote } from "../../protocol/report.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import type { ResolveAgent } from "../fleet/resolveAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { type AgentTarget, ATTEMPTS_PANEL } from "../ids.ts";
import { type CommandRegistry, runCommand } from "../platform/commandRegistry.ts";
import { hostNote } from "../platform/hostNote.ts";
import { toLabel } from "../platform/plainText.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import { WebviewTabs } from "../platform/webviewTabs.ts";
import { type AttemptRead, attemptsOf, readAttempt, toAttemptsState } from "./attempts.ts";
import { keepAttempt, type KeepPorts } from "./keepAttempt.ts";

export interface AttemptsOptions extends KeepPorts {
  readonly extensionUri: vscode.Uri;
  readonly fleet: KeepPorts["fleet"] & Pick<Fleet, "get" | "onDidChange">;
  readonly connections: HostConnectionsView;
  readonly commands: CommandRegistry;
  readonly clock: Clock;
  readonly resolveAgent: ResolveAgent;
}

/** Of one group. */
interface Comparison {
  readonly of: ComparedAttempts;
  readonly page: ReportPanel;
  readonly reads: Map<string, AttemptRead>;
  /** What each attempt was when it was last read. */
  readonly versions: Map<string, string>;
  timer: Disposable | undefined;
}

/** An attempt at work changes several times a second; what is compared need not. */
const readMs = 2_000;

/** Several agents with one prompt: beside one another in an editor tab, and the choice of the one to keep. */
export class Attempts implements Disposable {
  readonly #options: AttemptsOptions;
  readonly #owned = new Disposables();
  readonly #shown = new Set<Comparison>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
    const { commands, connections, extensionUri, fleet, clock } = options;
    const tabs = this.#owned.add(
      new WebviewTabs<ComparedAttempts>({
        viewType: ATTEMPTS_PANEL,
        icon: "layers",
        extensionUri,
        clock,
        keyOf: ({ hostId, group }) => `${hostId}|${group}`,
        titleOf: (of) => vscode.l10n.t("Attempts: {0}", toLabel(this.#attempts(of)[0]?.title ?? "", 40)),
        parse: (memory) => ComparedAttempts.safeParse(memory).data,
        fill: (of, panel) => this.#fill(of, panel),
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.compareAttempts", "compare the attempts", async (target) => {
        const one = await this.#resolve(target, vscode.l10n.t("Compare which agent with its other attempts?"));
        if (one?.group !== undefined) await tabs.show({ hostId: one.hostId, group: one.group.id });
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.keepAttempt", "keep the attempt", async (target) => {
        const one = await this.#resolve(target, vscode.l10n.t("Keep which attempt?"));
        if (one !== undefined) await keepAttempt(one, options);
      }),
    );
    this.#owned.add(
      fleet.onDidChange(({ added, changed, removed }) => {
        const touched = new Set([...added, ...changed, ...removed]);
        for (const comparison of this.#shown) {
          const isTouched = this.#attempts(comparison.of).some(({ key }) => touched.has(key));
          if (isTouched || removed.some((key) => comparison.versions.has(key))) this.#refreshSoon(comparison);
        }
      }),
    );
    this.#owned.add(
      connections.onDidChange(({ added, changed, removed }) => {
        const touched = [...added, ...changed, ...removed];
        for (const comparison of this.#shown) if (touched.includes(comparison.of.hostId)) this.#refreshSoon(comparison);
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #resolve(target: AgentTarget | undefined, placeholder: string): Promise<FleetAgent | undefined> {
    const { resolveAgent, fleet } = this.#options;
    const chosen = await resolveAgent(target, placeholder, ({ group }) => group !== undefined);
    const agent = chosen && fleet.get(keyOf(chosen));
    if (agent !== undefined && agent.group === undefined) {
      throw new AppError(
        "notFound",
        "This agent is the only one with its prompt: there is nothing to compare it with.",
      );
    }
    return agent;
  }

  #fill(of: ComparedAttempts, panel: vscode.WebviewPanel): Disposable {
    const page = new ReportPanel(panel, {
      extensionUri: this.#options.extensionUri,
      title: panel.title,
      shown: () => void this.#refresh(comparison),
      receive: (message) => void this.#act(of, message),
    });
    const comparison: Comparison = { of, page, reads: new Map(), versions: new Map(), timer: undefined };
    this.#shown.add(comparison);
    return toDisposable(() => {
      this.#shown.delete(comparison);
      comparison.timer?.dispose();
      page.dispose();
    });
  }

  #attempts(of: ComparedAttempts): readonly FleetAgent[] {
    return attemptsOf(this.#options.fleet.agents.values(), of);
  }

  #refreshSoon(comparison: Comparison): void {
    if (!comparison.page.isShown) return;
    comparison.timer ??= this.#options.clock.setTimeout(() => void this.#refresh(comparison), readMs);
  }

  /** Shows what is known at once, and what had to be read when it is there. */
  async #refresh(comparison: Comparison): Promise<void> {
    comparison.timer?.dispose();
    comparison.timer = undefined;
    this.#tell(comparison);
    const { connections, clock } = this.#options;
    const stale = this.#attempts(comparison.of).filter(
      (agent) => comparison.versions.get(agent.key) !== versionOf(agent),
    );
    await Promise.all(
      stale.map(async (agent) => {
        const read = await readAttempt(connections.client(agent.hostId), agent.session, clock);
        comparison.versions.set(agent.key, versionOf(agent));
        comparison.reads.set(agent.key, read);
      }),
    );
    if (stale.length > 0) this.#tell(comparison);
  }

  #tell({ of, page, reads }: Comparison): void {
    const agents = this.#options.connections.get(of.hostId)?.client.root.state?.agents ?? [];
    const nameOf = (provider: string) => agents.find((each) => each.provider === provider)?.displayName ?? provider;
    page.show({ ...toAttemptsState(of, this.#attempts(of), reads, nameOf), note: this.#noteOn(of) });
  }

  /** Why no attempt, or none as it is, can be shown. */
  #noteOn(of: ComparedAttempts): ReportNote | undefined {
    const { hostId } = of;
    const connection = this.#options.connections.get(hostId);
    if (connection === undefined)
      return {
        text: vscode.l10n.t("The host of these attempts is not configured any more. Add it again to see them."),
      };
    const areListed = this.#attempts(of).length > 0;
    const away = hostNote(connection, areListed, (name) =>
      areListed
        ? vscode.l10n.t("{0} is not connected: the attempts are shown as they were last.", name)
        : vscode.l10n.t("{0} is not connected. The attempts are shown when it is.", name),
    );
    if (away !== undefined || areListed || connection.state.kind !== "live") return away;
    return connection.client.sessions.isListed
      ? { text: vscode.l10n.t("None of these attempts is left: they were deleted.") }
      : undefined;
  }

  async #act(of: ComparedAttempts, message: ReportInbound): Promise<void> {
    const { hostId } = of;
    if (message.kind === "reconnect") return runCommand("muster.host.reconnect", { hostId });
    if (message.kind !== "act") return;
    // A page names nothing that it was not shown.
    const agent = this.#attempts(of).find(({ session }) => session === message.session);
    if (agent === undefined) return;
    const command = {
      open: "muster.agent.open",
      review: "muster.agent.review",
      keep: "muster.agent.keepAttempt",
      combine: "muster.agent.combine",
      createPullRequest: "muster.agent.createPullRequest",
    } as const;
    await runCommand(command[message.action], { hostId, session: agent.session });
  }
}

/** Another one when there may be something else to read. */
function versionOf({ head, attention, changes, spend, summary, freshness }: FleetAgent): string {
  return JSON.stringify([head, attention, changes, spend, summary.modifiedAt, freshness.live]);
}
