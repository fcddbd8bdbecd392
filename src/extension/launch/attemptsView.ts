import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { ReportInbound } from "../../protocol/report.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import { type CommandRegistry, runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { ReportPanel } from "../platform/reportPanel.ts";
import { type AttemptRead, attemptsOf, readAttempt, toAttemptsState } from "./attempts.ts";

export interface AttemptsOptions {
  readonly extensionUri: vscode.Uri;
  readonly fleet: Pick<Fleet, "agents" | "get" | "archive" | "stop" | "onDidChange">;
  readonly connections: HostConnectionsView;
  readonly commands: CommandRegistry;
  readonly dialogs: Pick<Dialogs, "confirm" | "tell">;
  readonly clock: Clock;
  readonly resolveAgent: (
    target: AgentTarget | undefined,
    placeholder: string,
    fits: (agent: FleetAgent) => boolean,
  ) => Promise<AgentTarget | undefined>;
}

/** Of one group. */
interface Comparison {
  readonly panel: ReportPanel;
  readonly one: FleetAgent;
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
  readonly #open = new Map<string, Comparison>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
    const { commands, fleet } = options;
    this.#owned.add(
      commands.register("muster.agent.compareAttempts", "compare the attempts", async (target) => {
        const one = await this.#resolve(target, vscode.l10n.t("Compare which agent with its other attempts?"));
        if (one !== undefined) this.#show(one);
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.keepAttempt", "keep the attempt", async (target) => {
        const one = await this.#resolve(target, vscode.l10n.t("Keep which attempt?"));
        if (one !== undefined) await this.#keep(one);
      }),
    );
    this.#owned.add(
      fleet.onDidChange(({ added, changed, removed }) => {
        const touched = new Set([...added, ...changed, ...removed]);
        for (const comparison of this.#open.values()) {
          const isTouched = this.#attempts(comparison).some(({ key }) => touched.has(key));
          if (isTouched || removed.some((key) => comparison.versions.has(key))) this.#refreshSoon(comparison);
        }
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
    for (const { panel } of Array.from(this.#open.values())) panel.dispose();
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

  #show(one: FleetAgent): void {
    const id = `${one.hostId}|${one.group?.id ?? ""}`;
    const known = this.#open.get(id);
    if (known !== undefined) return known.panel.reveal();
    const panel = new ReportPanel({
      extensionUri: this.#options.extensionUri,
      title: vscode.l10n.t("Attempts: {0}", toLabel(one.title, 40)),
      icon: "layers",
      shown: () => void this.#refresh(comparison),
      receive: (message) => void this.#act(comparison, message),
      closed: () => {
        comparison.timer?.dispose();
        this.#open.delete(id);
      },
    });
    const comparison: Comparison = { panel, one, reads: new Map(), versions: new Map(), timer: undefined };
    this.#open.set(id, comparison);
  }

  #attempts({ one }: Comparison): readonly FleetAgent[] {
    return attemptsOf(this.#options.fleet.agents.values(), one);
  }

  #refreshSoon(comparison: Comparison): void {
    if (!comparison.panel.isShown) return;
    comparison.timer ??= this.#options.clock.setTimeout(() => void this.#refresh(comparison), readMs);
  }

  /** Shows what is known at once, and what had to be read when it is there. */
  async #refresh(comparison: Comparison): Promise<void> {
    comparison.timer?.dispose();
    comparison.timer = undefined;
    this.#tell(comparison);
    const { connections, clock } = this.#options;
    const stale = this.#attempts(comparison).filter((agent) => comparison.versions.get(agent.key) !== versionOf(agent));
    await Promise.all(
      stale.map(async (agent) => {
        const read = await readAttempt(connections.client(agent.hostId), agent.session, clock);
        comparison.versions.set(agent.key, versionOf(agent));
        comparison.reads.set(agent.key, read);
      }),
    );
    if (stale.length > 0) this.#tell(comparison);
  }

  #tell(comparison: Comparison): void {
    const { panel, one, reads } = comparison;
    const agents = this.#options.connections.get(one.hostId)?.client.root.state?.agents ?? [];
    const nameOf = (provider: string) => agents.find((each) => each.provider === provider)?.displayName ?? provider;
    panel.show(toAttemptsState(this.#attempts(comparison), reads, nameOf));
  }

  async #act(comparison: Comparison, message: ReportInbound): Promise<void> {
    if (message.kind !== "act") return;
    // A page names nothing that it was not shown.
    const agent = this.#attempts(comparison).find(({ session }) => session === message.session);
    if (agent === undefined) return;
    const { hostId, session } = agent;
    const command = {
      open: "muster.agent.open",
      review: "muster.agent.review",
      keep: "muster.agent.keepAttempt",
      createPullRequest: "muster.agent.createPullRequest",
    } as const;
    await runCommand(command[message.action], { hostId, session });
  }

  /** The others go to the archive, after one question; "Undo" brings them back. */
  async #keep(kept: FleetAgent): Promise<void> {
    const { fleet, dialogs } = this.#options;
    const others = attemptsOf(fleet.agents.values(), kept).filter(
      ({ key, isArchived }) => key !== kept.key && !isArchived,
    );
    if (others.length === 0) {
      throw new AppError("conflict", "No other attempt is left beside this one: they were archived or deleted before.");
    }
    const index = kept.group?.index ?? 0;
    const question = vscode.l10n.t("Keep attempt {0} and archive the other {1}?", index, others.length);
    const working = others.filter(({ attention }) => ["working", "queued", "needsYou"].includes(attention));
    const stopped = working.length === 0 ? "" : ` ${vscode.l10n.t("Those at work are stopped.")}`;
    const detail = `${vscode.l10n.t("Archived agents keep their branches and files, and can be restored.")}${stopped}`;
    if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Keep This Attempt")))) return;
    // What is out of sight must not go on spending.
    for (const { key } of working) await fleet.stop(key);
    for (const { key } of others) await fleet.archive(key);
    // Not awaited: the notification may stay for as long as the person likes.
    void this.#offerUndo(index, others);
  }

  async #offerUndo(index: number, others: readonly FleetAgent[]): Promise<void> {
    const { fleet, dialogs } = this.#options;
    const undo = vscode.l10n.t("Undo");
    const sentence = vscode.l10n.t("Attempt {0} is kept; the other {1} are in the archive.", index, others.length);
    if ((await dialogs.tell(sentence, undo)) !== undo) return;
    for (const { key } of others) await fleet.archive(key, false);
  }
}

/** Another one when there may be something else to read. */
function versionOf({ head, attention, changes, spend, summary, freshness }: FleetAgent): string {
  return JSON.stringify([head, attention, changes, spend, summary.modifiedAt, freshness.live]);
}
