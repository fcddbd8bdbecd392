import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { attemptsOf } from "./attempts.ts";

export interface KeepPorts {
  readonly fleet: Pick<Fleet, "agents" | "archive" | "stop">;
  readonly dialogs: Pick<Dialogs, "confirm" | "tell">;
}

/** The others go to the archive, after one question; "Undo" brings them back. Rejects with `conflict` if there are none. */
export async function keepAttempt(kept: FleetAgent, ports: KeepPorts): Promise<void> {
  const { fleet, dialogs } = ports;
  const { hostId, group } = kept;
  const others = attemptsOf(fleet.agents.values(), { hostId, group: group?.id ?? "" }).filter(
    ({ key, isArchived }) => key !== kept.key && !isArchived,
  );
  if (others.length === 0) {
    throw new AppError("conflict", "No other attempt is left beside this one: they were archived or deleted before.");
  }
  const index = group?.index ?? 0;
  const question = vscode.l10n.t("Keep attempt {0} and archive the other {1}?", index, others.length);
  const working = others.filter(({ attention }) => ["working", "queued", "needsYou"].includes(attention));
  const stopped = working.length === 0 ? "" : ` ${vscode.l10n.t("Those at work are stopped.")}`;
  const detail = `${vscode.l10n.t("Archived agents keep their branches and files, and can be restored.")}${stopped}`;
  if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Keep This Attempt")))) return;
  // What is out of sight must not go on spending.
  for (const { key } of working) await fleet.stop(key);
  for (const { key } of others) await fleet.archive(key);
  // Not awaited: the notification may stay for as long as the person likes.
  void offerUndo(index, others, ports);
}

async function offerUndo(index: number, others: readonly FleetAgent[], { fleet, dialogs }: KeepPorts): Promise<void> {
  const undo = vscode.l10n.t("Undo");
  const sentence = vscode.l10n.t("Attempt {0} is kept; the other {1} are in the archive.", index, others.length);
  if ((await dialogs.tell(sentence, undo)) !== undo) return;
  for (const { key } of others) await fleet.archive(key, false);
}
