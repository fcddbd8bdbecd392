import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Client } from "../../client/client.ts";
import { choicesOf, type SessionChoice } from "../../protocol/sessionChoices.ts";
import { dispatchOn, readSession } from "../fleet/agentCommands.ts";
import type { ResolveAgent } from "../fleet/resolveAgent.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import { toLabel } from "../platform/plainText.ts";

export interface ChoiceCommandOptions {
  readonly commands: CommandRegistry;
  readonly client: (hostId: string) => Client;
  readonly resolveAgent: ResolveAgent;
}

/** `Muster: Set Mode or Model`: what the session panel's composer offers, from the palette. */
export function registerChoiceCommand({ commands, client, resolveAgent }: ChoiceCommandOptions): Disposable {
  return commands.register("muster.agent.setMode", "set the mode or model", async (target) => {
    const placeholder = vscode.l10n.t("Set the mode or model of which agent?");
    const agent = await resolveAgent(target, placeholder, ({ freshness }) => freshness.live);
    if (agent === undefined) return;
    const { session } = agent;
    const host = client(agent.hostId);
    const choices = choicesOf(await readSession({ client: host, session }));
    if (choices.length === 0) {
      throw new AppError(
        "notFound",
        "This agent leaves nobody a mode or model to choose. One that has not started yet says what it offers when it has.",
      );
    }
    const chosen = await pick(choices);
    if (chosen === undefined) return;
    await dispatchOn(host, "session", session, { type: "session/configChanged", config: chosen });
  });
}

async function pick(choices: readonly SessionChoice[]): Promise<Record<string, string> | undefined> {
  const items = choices.flatMap(({ id, title, current, available }) => [
    {
      label: title === undefined ? titleOf(id) : toLabel(title, 60),
      kind: vscode.QuickPickItemKind.Separator,
      chosen: {},
    },
    ...available.map((option) => ({
      label: toLabel(option.name, 80),
      ...(option.id === current && { description: vscode.l10n.t("in use") }),
      chosen: { [id]: option.id },
    })),
  ]);
  const placeHolder = vscode.l10n.t("Work on in which mode, or with which model?");
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.chosen;
}

function titleOf(id: string): string {
  return id === "mode" ? vscode.l10n.t("Mode") : vscode.l10n.t("Model");
}
