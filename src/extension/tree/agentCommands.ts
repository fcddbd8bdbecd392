import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { agentActions } from "./agentActions.ts";
import type { AgentsViewSettings } from "./agentsViewSettings.ts";
import { runBulk } from "./bulkActions.ts";

type Fits = (agent: FleetAgent) => boolean;

/** Which agents a command is meant for. */
interface TargetsPort {
  one(target: unknown, placeholder: string, fits?: Fits): Promise<AgentTarget | undefined>;
  many(target: unknown, selected: unknown, placeholder: string, fits?: Fits): Promise<readonly AgentTarget[]>;
  agent(target: AgentTarget): FleetAgent | undefined;
}

export interface AgentCommandsOptions {
  readonly fleet: Fleet;
  readonly targets: TargetsPort;
  readonly settings: AgentsViewSettings;
  readonly dialogs: Pick<Dialogs, "confirm" | "progress" | "tell">;
  readonly commands: CommandRegistry;
  readonly open: (target: AgentTarget) => Promise<void>;
  /** Asks hosts and GitHub anew. */
  readonly refresh: () => Promise<void>;
  /** What is selected in the tree, for clicks and keys there. */
  readonly selection: () => Promise<readonly AgentTarget[]>;
}

/** The argument of a key that is pressed in the tree. */
const onSelection = "selection";

/** What may be done with agents from the tree, the palette and the panel's title. */
export function registerAgentCommands(options: AgentCommandsOptions): Disposable {
  const { fleet, targets, settings, dialogs, commands, open, refresh, selection } = options;
  const owned = new Disposables();
  const actions = agentActions(fleet);

  const chosen = async (target: unknown, selected: unknown, placeholder: string, fits?: Fits) => {
    if (target !== onSelection) return targets.many(target, selected, placeholder, fits);
    const rows = await selection();
    // The panel in front is not meant: the key was pressed in the list.
    if (rows.length === 0) throw new AppError("conflict", "No agent is selected in the list. Select one first.");
    return targets.many(rows[0], rows, placeholder, fits);
  };
  const show = async (agent: AgentTarget) => {
    await open(agent);
    const row = fleet.get(keyOf(agent));
    if (row?.freshness.live && !row.isRead) await fleet.markRead(row.key).catch(() => undefined);
  };
  const rowsOf = (chosen: readonly AgentTarget[]) => chosen.flatMap((target) => targets.agent(target) ?? []);

  owned.add(
    commands.register("muster.agent.open", "open the agent", async (target) => {
      const agent = await targets.one(target, vscode.l10n.t("Which agent?"));
      if (agent !== undefined) await show(agent);
    }),
  );
  owned.add(
    commands.register("muster.agent.openSelected", "open the agent", async () => {
      const [agent] = await selection();
      if (agent !== undefined) await show(agent);
    }),
  );
  owned.add(commands.register("muster.agents.refresh", "refresh the agents", refresh));

  const bulk = [
    ["muster.agent.stop", "stop", vscode.l10n.t("Stop which agent?"), vscode.l10n.t("stop the agent")],
    ["muster.agent.retry", "retry", vscode.l10n.t("Resume which agent?"), vscode.l10n.t("resume the agent")],
    ["muster.agent.archive", "archive", vscode.l10n.t("Archive which agent?"), vscode.l10n.t("archive the agent")],
    ["muster.agent.restore", "restore", vscode.l10n.t("Restore which agent?"), vscode.l10n.t("restore the agent")],
    ["muster.agent.delete", "delete", vscode.l10n.t("Delete which agent?"), vscode.l10n.t("delete the agent")],
    [
      "muster.agent.markRead",
      "markRead",
      vscode.l10n.t("Mark which agent as read?"),
      vscode.l10n.t("mark the agent as read"),
    ],
    [
      "muster.agent.markUnread",
      "markUnread",
      vscode.l10n.t("Mark which agent as unread?"),
      vscode.l10n.t("mark the agent as unread"),
    ],
  ] as const;
  for (const [id, action, placeholder, during] of bulk) {
    const { fits } = actions[action];
    owned.add(
      commands.register(id, during, async (target, selected) => {
        await runBulk(actions[action], rowsOf(await chosen(target, selected, placeholder, fits)), dialogs);
      }),
    );
  }

  for (const [id, isPinned, placeholder, during] of [
    ["muster.agent.pin", true, vscode.l10n.t("Pin which agent?"), vscode.l10n.t("pin the agent")],
    ["muster.agent.unpin", false, vscode.l10n.t("Unpin which agent?"), vscode.l10n.t("unpin the agent")],
  ] as const) {
    const fits = ({ key }: FleetAgent) => settings.isPinned(key) !== isPinned;
    owned.add(
      commands.register(id, during, async (target, selected) => {
        const keys = (await chosen(target, selected, placeholder, fits)).map(keyOf);
        if (keys.length > 0) await settings.pin(keys, isPinned);
      }),
    );
  }

  owned.add(
    commands.register("muster.agent.rename", "rename the agent", async (target, selected) => {
      const [agent] = rowsOf(
        await chosen(target, selected, vscode.l10n.t("Rename which agent?"), ({ freshness }) => freshness.live),
      );
      if (agent === undefined) return;
      const title = await vscode.window.showInputBox({
        title: vscode.l10n.t("Rename agent"),
        value: agent.title,
        ignoreFocusOut: true,
        validateInput: (text) => (text.trim() === "" ? vscode.l10n.t("An agent needs a name.") : undefined),
      });
      if (title !== undefined) await fleet.rename(agent.key, title);
    }),
  );
  return owned;
}
