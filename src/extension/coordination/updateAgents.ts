import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import { type ErrorPresenter, sentenceOf } from "../platform/presentError.ts";

export interface UpdatePorts {
  readonly connections: Pick<HostConnectionsView, "client">;
  readonly dialogs: Pick<Dialogs, "attempt" | "tell" | "showWarning">;
  readonly presenter: Pick<ErrorPresenter, "present">;
}

interface Updated {
  readonly agent: FleetAgent;
  /** The checkpoint that undoes it. */
  readonly safety: string;
  readonly commits: number;
}

/**
 * Updates agents from their base branches, one after the other: each by itself on its host, which records the files as
 * they are first. The person may cancel between two of them. Rejects when the only one can't be updated.
 */
export async function updateAgents(agents: readonly FleetAgent[], ports: UpdatePorts): Promise<void> {
  const { connections, dialogs } = ports;
  const updated: Updated[] = [];
  const failed: { readonly agent: FleetAgent; readonly error: unknown }[] = [];
  const title =
    agents.length === 1
      ? vscode.l10n.t("Updating {0} from its base", nameOf(agents[0]))
      : vscode.l10n.t("Updating {0} agents from their base", agents.length);
  await dialogs.attempt(title, async (signal, report) => {
    for (const [index, agent] of agents.entries()) {
      if (signal.aborted) return;
      report(vscode.l10n.t("{0} of {1}: {2}", index + 1, agents.length, nameOf(agent)));
      try {
        const client = connections.client(agent.hostId);
        const answer = await client.request("x-fleet/updateFromBase", { channel: agent.session });
        updated.push({ agent, safety: answer.safety, commits: answer.commits });
      } catch (error) {
        failed.push({ agent, error });
      }
    }
  });
  const [failure] = failed;
  if (agents.length === 1 && failure) throw AppError.from(failure.error, "Couldn't update the agent from its base");
  // Not awaited: a notification may stay for as long as the person likes.
  void tell(updated, failed, agents.length - updated.length - failed.length, ports);
}

async function tell(
  updated: readonly Updated[],
  failed: readonly { readonly agent: FleetAgent; readonly error: unknown }[],
  left: number,
  ports: UpdatePorts,
): Promise<void> {
  const { dialogs, presenter } = ports;
  const changed = updated.filter(({ commits }) => commits > 0);
  const undo = vscode.l10n.t("Undo");
  const parts = [
    doneWords(changed, updated.length - changed.length),
    ...(left > 0 ? [vscode.l10n.t("{0} were left as they are.", left)] : []),
    ...failed.map(({ agent, error }) => `${nameOf(agent)}: ${sentenceOf(error, vscode.l10n.t)}`),
  ];
  const sentence = parts.filter((part) => part !== "").join(" ");
  const buttons = changed.length > 0 ? [undo] : [];
  const chosen =
    failed.length > 0 ? await dialogs.showWarning(sentence, buttons) : await dialogs.tell(sentence, ...buttons);
  if (chosen !== undo) return;
  try {
    for (const { agent, safety } of changed) {
      const client = ports.connections.client(agent.hostId);
      await client.request("x-fleet/restore", { channel: agent.session, checkpoint: safety });
    }
  } catch (error) {
    await presenter.present(error, "undo the update");
  }
}

function doneWords(changed: readonly Updated[], current: number): string {
  const [only] = changed;
  if (only !== undefined && changed.length === 1) {
    return only.commits === 1
      ? vscode.l10n.t("{0} was updated from its base: 1 commit.", nameOf(only.agent))
      : vscode.l10n.t("{0} was updated from its base: {1} commits.", nameOf(only.agent), only.commits);
  }
  if (changed.length > 1) return vscode.l10n.t("{0} agents were updated from their base.", changed.length);
  return current > 0 ? vscode.l10n.t("The base has got nothing since: there was nothing to update.") : "";
}

function nameOf(agent: FleetAgent | undefined): string {
  return toLabel(agent?.title ?? "", 60);
}
