import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type FleetAgent, keyOf } from "../fleet/fleetAgent.ts";
import { nextNeedingYou } from "../fleet/selectors.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { SessionPanels } from "../session/sessionPanels.ts";
import type { AgentTargets } from "./agentTargets.ts";
import type { Inbox } from "./inbox.ts";
import type { Snoozes } from "./snoozes.ts";

export interface InboxCommandsOptions {
  readonly fleet: Pick<Fleet, "agents">;
  readonly targets: AgentTargets;
  readonly inbox: Pick<Inbox, "open" | "answerAgent">;
  readonly snoozes: Pick<Snoozes, "has">;
  readonly panels: Pick<SessionPanels, "show" | "active">;
  readonly commands: CommandRegistry;
  readonly dialogs: Pick<Dialogs, "tell">;
  /** Selects the agent's row, if the tree can be seen. */
  readonly reveal: (key: string) => void;
}

const isWaiting = ({ attention }: FleetAgent) => attention === "needsYou";

/** What answers agents that wait, from the inbox, the tree, the palette and the panel's title. */
export function registerInboxCommands(options: InboxCommandsOptions): Disposable {
  const { fleet, targets, inbox, snoozes, panels, commands, dialogs, reveal } = options;
  const owned = new Disposables();
  let lastVisited: string | undefined;

  owned.add(commands.register("muster.inbox.open", "open the inbox", () => inbox.open()));
  const visit = async (step: 1 | -1) => {
    const { active } = panels;
    const awake = Array.from(fleet.agents.values()).filter((agent) => !snoozes.has(agent));
    const next = nextNeedingYou(awake, active === undefined ? lastVisited : keyOf(active), step);
    if (next === undefined) {
      void dialogs.tell(vscode.l10n.t("No agent needs you at present."));
      return;
    }
    lastVisited = next.key;
    await panels.show({ hostId: next.hostId, session: next.session });
    reveal(next.key);
  };
  owned.add(commands.register("muster.agent.next", "go to the next agent that needs you", () => visit(1)));
  owned.add(commands.register("muster.agent.previous", "go to the previous agent that needs you", () => visit(-1)));
  const during = { approve: vscode.l10n.t("approve the request"), deny: vscode.l10n.t("deny the request") };
  for (const preferred of ["approve", "deny"] as const) {
    owned.add(
      commands.register(`muster.agent.${preferred}`, during[preferred], async (target, selected) => {
        const placeholder = vscode.l10n.t("Whose request?");
        for (const chosen of await targets.many(target, selected, placeholder, isWaiting)) {
          const agent = targets.agent(chosen);
          if (agent !== undefined) await inbox.answerAgent(agent, preferred);
        }
      }),
    );
  }
  return owned;
}
