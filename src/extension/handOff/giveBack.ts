import path from "node:path";
import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import { readFleet } from "../fleet/readFleet.ts";
import type { AgentTarget } from "../ids.ts";
import type { HandOffPorts } from "./handOff.ts";
import { importedIn } from "./importedCommit.ts";
import { cloneOf } from "./localCheckout.ts";
import { patchSince } from "./localPatch.ts";

/** Changes of the person's that an agent is to have. */
interface LocalChanges {
  readonly agent: AgentTarget;
  readonly folder: string;
  /** The commit here that they are counted from. */
  readonly since: string;
  /** The same as the host may know it. */
  readonly base: string;
}

/**
 * Merges what a folder of this window holds into an agent's files: everything since the agent's commit in a checkout of its
 * work, what is not committed in a clone of its repository. The host changes nothing when it does not fit.
 */
export async function giveBack(ports: HandOffPorts, target: AgentTarget | undefined): Promise<void> {
  const { git, dialogs, hosts } = ports;
  const changes = (await inCheckout(ports, target)) ?? (await inClone(ports, target));
  if (changes === undefined) return;
  const { agent, folder, since, base } = changes;
  const patch = await patchSince(git, folder, since);
  const title = ports.titleOf(agent);
  const question = vscode.l10n.t("Send the changes of {0} to {1}?", path.basename(folder), title);
  const detail = vscode.l10n.t(
    "They are merged into the agent's files, all of them or none, and overwrite nothing. This folder stays as it is. The agent is told with your next message.",
  );
  if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Send")))) return;
  await dialogs.progress(vscode.l10n.t("Sending your changes to {0}", title), async () => {
    const params = { channel: agent.session, base, patch: Buffer.from(patch).toString("base64") };
    await hosts.client(agent.hostId).request("x-fleet/applyPatch", params);
  });
  await dialogs.tell(vscode.l10n.t("{0} has your changes. It is told with your next message.", title));
}

/** A folder in which the work of an agent that is listed was checked out; the wanted agent's, if there is one. */
async function inCheckout(
  { git, folders, agents }: HandOffPorts,
  target: AgentTarget | undefined,
): Promise<LocalChanges | undefined> {
  for (const folder of folders()) {
    const imported = await importedIn(git, folder);
    const agent = imported && Array.from(agents()).find(({ session }) => session === imported.session);
    const isWanted = agent !== undefined && (target === undefined || keyOf(agent) === keyOf(target));
    if (imported !== undefined && isWanted) return { agent, folder, since: imported.here, base: imported.commit };
  }
  return undefined;
}

async function inClone(ports: HandOffPorts, target: AgentTarget | undefined): Promise<LocalChanges | undefined> {
  const { git, folders, hosts } = ports;
  const agent = await ports.resolveAgent(target, vscode.l10n.t("Send your changes to which agent?"));
  if (agent === undefined) return undefined;
  const { repository = "" } = (await readFleet(hosts, agent)) ?? {};
  for (const folder of folders()) {
    const clone = await cloneOf(git, folder, repository);
    if (clone === undefined) continue;
    const head = (await git(clone.root, ["rev-parse", "HEAD"])).stdout.trim();
    return { agent, folder: clone.root, since: head, base: head };
  }
  throw new AppError("notFound", "No folder of this window is a clone of {0}. Open yours, then send its changes.", {
    values: [toLine(repository, 100)],
  });
}
