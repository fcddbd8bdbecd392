import * as vscode from "vscode";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { runCommand } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { toLabel } from "../platform/plainText.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";
import type { ResolvePorts } from "./resolveConflicts.ts";

export interface UpdatePorts extends ResolvePorts {
  readonly dialogs: ResolvePorts["dialogs"] & Pick<Dialogs, "attempt" | "progress" | "tell" | "showWarning">;
  readonly presenter: Pick<ErrorPresenter, "present">;
}

/** An agent whose branch came to stand on a later commit of its base. */
export interface Updated {
  readonly agent: FleetAgent;
  /** The checkpoint that undoes it. */
  readonly safety: string;
  readonly commits: number;
}

/** What was done, with its undoing. @param notes sentences about what was not */
export async function tellUpdated(
  reached: readonly Updated[],
  notes: readonly string[],
  { connections, dialogs, presenter }: UpdatePorts,
): Promise<void> {
  const changed = reached.filter(({ commits }) => commits > 0);
  const [review, undo] = [vscode.l10n.t("Review Changes"), vscode.l10n.t("Undo")];
  const [only] = changed;
  const sentence = [doneWords(changed, reached.length), ...notes].filter((part) => part !== "").join(" ");
  const buttons = only === undefined ? [] : changed.length === 1 ? [review, undo] : [undo];
  const chosen =
    notes.length > 0 ? await dialogs.showWarning(sentence, buttons) : await dialogs.tell(sentence, ...buttons);
  if (chosen === review && only !== undefined) {
    const { hostId, session } = only.agent;
    return runCommand("muster.agent.review", { hostId, session });
  }
  if (chosen !== undo) return;
  try {
    for (const { agent, safety } of changed) {
      const request = { channel: agent.session, checkpoint: safety };
      await connections.client(agent.hostId).request("x-fleet/restore", request);
    }
  } catch (error) {
    await presenter.present(error, "undo the update");
  }
}

function doneWords(changed: readonly Updated[], reached: number): string {
  const [only] = changed;
  if (only !== undefined && changed.length === 1) {
    return only.commits === 1
      ? vscode.l10n.t("{0} was updated from its base: 1 commit.", nameOf(only.agent))
      : vscode.l10n.t("{0} was updated from its base: {1} commits.", nameOf(only.agent), only.commits);
  }
  if (changed.length > 1) return vscode.l10n.t("{0} agents were updated from their base.", changed.length);
  return reached > 0 ? vscode.l10n.t("The base has got nothing since: there was nothing to update.") : "";
}

export function nameOf(agent: FleetAgent | undefined): string {
  return toLabel(agent?.title ?? "", 60);
}
