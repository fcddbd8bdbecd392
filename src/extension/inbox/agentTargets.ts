import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import { sortByPriority } from "../fleet/selectors.ts";
import type { AgentTarget } from "../ids.ts";
import { toLabel } from "../platform/plainText.ts";
import { nodeOf } from "../tree/agentNode.ts";

/** Which agents a command is meant for: those it was opened on, else the active panel's, else the person is asked. */
export class AgentTargets {
  readonly #fleet: Pick<Fleet, "get" | "agents">;
  readonly #active: () => AgentTarget | undefined;
  readonly #clock: Clock;

  constructor(fleet: Pick<Fleet, "get" | "agents">, active: () => AgentTarget | undefined, clock: Clock) {
    this.#fleet = fleet;
    this.#active = active;
    this.#clock = clock;
  }

  /**
   * Rejects with `conflict` when there is nothing to choose from: a command that did nothing would seem broken.
   * @param fits which agents are offered when nobody says, and whether the panel in front is meant.
   */
  async one(
    target: unknown,
    placeholder: string,
    fits: (agent: FleetAgent) => boolean = () => true,
  ): Promise<AgentTarget | undefined> {
    if (isAgentTarget(target)) return { hostId: target.hostId, session: target.session };
    const active = this.#active();
    const shown = active && this.agent(active);
    // A panel whose agent is listed no more is taken for what it names.
    if (active !== undefined && (shown === undefined || fits(shown))) return active;
    const nowMs = this.#clock.now();
    const items = sortByPriority(this.#fleet.agents.values())
      .filter(fits)
      .map((agent) => {
        const node = nodeOf(agent, nowMs);
        return {
          label: node.label,
          description: node.description,
          iconPath: new vscode.ThemeIcon(node.icon),
          target: { hostId: agent.hostId, session: agent.session },
        };
      });
    if (items.length === 0) throw new AppError("conflict", "There is no agent that this can be done with at present.");
    return (await vscode.window.showQuickPick(items, { placeHolder: placeholder, matchOnDescription: true }))?.target;
  }

  /** Those selected in the tree, if the one that the menu was opened on is among them. */
  async many(
    target: unknown,
    selected: unknown,
    placeholder: string,
    fits?: (agent: FleetAgent) => boolean,
  ): Promise<readonly AgentTarget[]> {
    const list = Array.isArray(selected) ? selected.filter(isAgentTarget) : [];
    const isAmong = isAgentTarget(target) && list.some((other) => keyOf(other) === keyOf(target));
    if (isAmong && list.length > 1) return list.map(({ hostId, session }) => ({ hostId, session }));
    const one = await this.one(target, placeholder, fits);
    return one === undefined ? [] : [one];
  }

  agent(target: AgentTarget): FleetAgent | undefined {
    return this.#fleet.get(keyOf(target));
  }

  /** The agent's title as it may be shown in labels and messages. */
  titleOf(target: AgentTarget): string {
    return toLabel(this.agent(target)?.title ?? vscode.l10n.t("this agent"), 60);
  }
}

/** Menus of VS Code pass what they like: a row, an editor's URI, or nothing. */
export function isAgentTarget(value: unknown): value is AgentTarget {
  if (typeof value !== "object" || value === null || !("hostId" in value) || !("session" in value)) return false;
  return typeof value.hostId === "string" && typeof value.session === "string";
}
