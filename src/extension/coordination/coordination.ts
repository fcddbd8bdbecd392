import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey, type FleetAgent } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";
import { CombineView, type CombineViewOptions } from "./combineView.ts";
import { repositoriesOf } from "./coordinationState.ts";
import { CoordinationView, type CoordinationViewOptions } from "./coordinationView.ts";
import { updateAgents } from "./updateAgents.ts";
import type { UpdatePorts } from "./updateNotice.ts";

export interface CoordinationOptions
  extends
    Omit<CoordinationViewOptions, "update">,
    Omit<CombineViewOptions, "fleet">,
    Pick<UpdatePorts, "dialogs" | "confirmMessage"> {
  readonly fleet: CoordinationViewOptions["fleet"] & Pick<Fleet, "agents">;
  readonly commands: CommandRegistry;
  /** As `AgentTargets.many`. */
  readonly resolveAgents: (
    target: AgentTarget | undefined,
    selected: readonly AgentTarget[] | undefined,
    placeholder: string,
    fits: (agent: FleetAgent) => boolean,
  ) => Promise<readonly AgentTarget[]>;
}

/** Where agents meet, and what is done about it: the matrix, updates from the base, one branch of several agents' parts. */
export class Coordination implements Disposable {
  readonly #options: CoordinationOptions;
  readonly #owned = new Disposables();
  readonly #view: CoordinationView;
  readonly #combine: CombineView;

  constructor(options: CoordinationOptions) {
    this.#options = options;
    const { commands } = options;
    const update = (agents: readonly FleetAgent[]) => updateAgents(agents, options);
    this.#view = this.#owned.add(new CoordinationView({ ...options, update }));
    this.#combine = this.#owned.add(new CombineView(options));
    this.#owned.add(
      commands.register("muster.agents.showOverlaps", "show where agents meet", (target) => this.#show(target)),
    );
    this.#owned.add(
      commands.register("muster.agent.updateFromBase", "update the agent from its base", async (target, selected) => {
        const placeholder = vscode.l10n.t("Update which agent from its base?");
        const agents = await this.#resolve(target, selected, placeholder);
        if (agents.length > 0) await update(agents);
      }),
    );
    this.#owned.add(
      commands.register("muster.agent.combine", "combine the agents", (target, selected) =>
        this.#combineParts(target, selected),
      ),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #show(target: AgentTarget | undefined): Promise<void> {
    const { fleet } = this.#options;
    const agent = target && fleet.get(agentKey(target.hostId, target.session));
    if (agent?.repository !== undefined) {
      return this.#view.show({ hostId: agent.hostId, repository: agent.repository });
    }
    const repositories = repositoriesOf(fleet.agents.values());
    const [first] = repositories;
    if (first === undefined) {
      throw new AppError("notFound", "No agent works on a repository of a host that can tell where branches meet.");
    }
    const items = repositories.map(({ hostId, repository, count }) => ({
      label: toLabel(repositoryName(repository), 80),
      description: count === 1 ? vscode.l10n.t("1 agent") : vscode.l10n.t("{0} agents", count),
      of: { hostId, repository },
    }));
    const placeHolder = vscode.l10n.t("Overlaps of agents in which repository?");
    const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { placeHolder });
    if (chosen !== undefined) await this.#view.show(chosen.of);
  }

  /** Those selected, or all attempts at the prompt of the one that is meant. */
  async #combineParts(target: AgentTarget | undefined, selected: readonly AgentTarget[] | undefined): Promise<void> {
    const placeholder = vscode.l10n.t("Combine which agent with the other attempts?");
    const chosen = await this.#resolve(target, selected, placeholder, ({ group }) => group !== undefined);
    const [first] = chosen;
    if (first === undefined) return;
    const all = Array.from(this.#options.fleet.agents.values());
    const isAttempt = ({ hostId, group }: FleetAgent) => hostId === first.hostId && group?.id === first.group?.id;
    const wanted = chosen.length > 1 || first.group === undefined ? chosen : all.filter(isAttempt);
    const agents = wanted.filter(({ head, isArchived }) => head !== undefined && (chosen.length > 1 || !isArchived));
    const places = new Set(agents.map(({ hostId, repository = "" }) => `${hostId}|${fleetConflictsUri(repository)}`));
    if (places.size > 1) {
      throw new AppError("request.invalid", "Only agents that work on one repository of one host can be combined.");
    }
    if (agents.length < 2) {
      throw new AppError(
        "conflict",
        "Select two or more agents that have changed something, or an attempt that has others beside it.",
      );
    }
    await this.#combine.show({ hostId: first.hostId, sessions: agents.map(({ session }) => session) });
  }

  async #resolve(
    target: AgentTarget | undefined,
    selected: readonly AgentTarget[] | undefined,
    placeholder: string,
    fits: (agent: FleetAgent) => boolean = () => true,
  ): Promise<readonly FleetAgent[]> {
    const { fleet, resolveAgents } = this.#options;
    const isOffered = (agent: FleetAgent) => agent.canShip && agent.freshness.live && fits(agent);
    const targets = await resolveAgents(target, selected, placeholder, isOffered);
    return targets.flatMap(({ hostId, session }) => fleet.get(agentKey(hostId, session)) ?? []);
  }
}
