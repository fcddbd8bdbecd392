import * as vscode from "vscode";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { ConfirmMessage } from "../platform/messageForm.ts";
import { toLabel } from "../platform/plainText.ts";

export interface ResolvePorts {
  readonly connections: Pick<HostConnectionsView, "client">;
  readonly fleet: Pick<Fleet, "send">;
  readonly dialogs: Pick<Dialogs, "choose">;
  readonly confirmMessage: ConfirmMessage;
}

const Files = z.array(z.string()).check(z.minLength(1));
const maxNamed = 30;

/** The files that kept git from merging an agent's base branch into its own, if that is why the host refused. */
export function conflictsIn(error: unknown): readonly string[] | undefined {
  return AppError.is(error, "conflict") ? Files.safeParse(error.details["files"]).data : undefined;
}

/**
 * Offers to have the agent put both sides together: they go into its files, with git's marks, once the person has read the
 * message that it gets about them.
 */
export async function resolveConflicts(
  agent: FleetAgent,
  files: readonly string[],
  { connections, fleet, dialogs, confirmMessage }: ResolvePorts,
): Promise<void> {
  const base = toLine(agent.baseBranch ?? "", 100);
  const named = files.slice(0, maxNamed).map((file) => toLine(file, 200));
  const resolve = vscode.l10n.t("Let the Agent Resolve It…");
  const chosen = await dialogs.choose(
    vscode.l10n.t("{0} and its base branch {1} have changed the same lines", toLabel(agent.title, 60), base),
    [
      ...named,
      "",
      vscode.l10n.t(
        "Nothing was changed so far. The agent can put the two together; you read first what it is told. A checkpoint keeps its files as they are.",
      ),
    ].join("\n"),
    [resolve],
  );
  if (chosen !== resolve) return;
  const title = vscode.l10n.t("Message about the conflicts with {0}", base);
  await confirmMessage(title, conflictMessage(base, files), async (message) => {
    const request = { channel: agent.session, leaveConflicts: true };
    await connections.client(agent.hostId).request("x-fleet/updateFromBase", request);
    await fleet.send(agent.key, message);
  });
}

/** The names are the repository's: as code they are nothing but names. */
function conflictMessage(base: string, files: readonly string[]): string {
  const listed = files.slice(0, maxNamed).map((file) => `- \`${toLine(file, 200).replaceAll("`", "'")}\``);
  const left = files.length - listed.length;
  if (left > 0) listed.push(`- and ${left} more`);
  return [
    `Your files were brought to where the base branch ${base} is at present. Git could not merge these by itself:`,
    listed.join("\n"),
    "Where they are text, both sides stand in them, between lines that begin with <<<<<<< and >>>>>>>. Put the two together so that both changes do what they were made for, and leave none of these lines. Where a file is not text, or one side deleted it, choose what is right and say why.",
    "Then run the tests, and close with a list that names each file and what you did about it. Say so if you need a decision.",
  ].join("\n\n");
}
