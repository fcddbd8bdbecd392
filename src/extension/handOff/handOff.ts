import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { toLine } from "../../base/visibleText.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { RevisionContent } from "../fleet/changedFiles.ts";
import { keyOf } from "../fleet/fleetAgent.ts";
import { readFleet } from "../fleet/readFleet.ts";
import { readBranchChanges } from "../fleet/sessionChanges.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { CommandRegistry } from "../platform/commandRegistry.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import type { Clock } from "../../base/clock.ts";
import { importCommit, importedIn } from "./importedCommit.ts";
import { checkOut, cloneOf, ensureBase, folderFor } from "./localCheckout.ts";
import type { LocalGit } from "./localGit.ts";
import { patchSince, patchText } from "./localPatch.ts";

export interface HandOffPorts {
  readonly hosts: Pick<HostConnectionsView, "client">;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly dialogs: Pick<Dialogs, "confirm" | "progress" | "tell">;
  readonly clock: Clock;
  readonly git: LocalGit;
  /** Paths of the folders that are open. */
  readonly folders: () => readonly string[];
  readonly resolveAgent: (target: AgentTarget | undefined) => Promise<AgentTarget | undefined>;
  readonly titleOf: (target: AgentTarget) => string;
  /** Those that are listed. */
  readonly agents: () => Iterable<AgentTarget>;
  /** Gives the agent a message. */
  readonly send: (key: string, text: string) => Promise<void>;
}

/** Work that goes from an agent to this machine, and back. Neither way overwrites anything. */
export function registerHandOff(ports: HandOffPorts): Disposable {
  const { commands, resolveAgent } = ports;
  const owned = new Disposables();
  owned.add(
    commands.register("muster.agent.checkOut", "check out the agent's work", async (target) => {
      const agent = await resolveAgent(target);
      if (agent !== undefined) await takeOver(ports, agent);
    }),
  );
  owned.add(
    commands.register("muster.agent.sendLocalChanges", "send the changes of this folder", () => giveBack(ports)),
  );
  return owned;
}

async function takeOver(ports: HandOffPorts, target: AgentTarget): Promise<void> {
  const { hosts, git, clock, dialogs } = ports;
  const client = hosts.client(target.hostId);
  const { session: fleet, files, filesInAll } = await readBranchChanges(client, target.session, { clock });
  const { baseCommit, head, repository } = fleet;
  const tree = fleet.checkpoints.find(({ commit }) => commit === head)?.tree;
  if (fleet.phase === "working" || fleet.phase === "provisioning") {
    throw new AppError(
      "conflict",
      "The agent is at work. Check its work out when it has come to rest, or stop it first.",
    );
  }
  if (baseCommit === undefined || head === undefined || tree === undefined || files.length === 0) {
    throw new AppError("branch.empty", "The agent has changed no files yet. Check out when it has.");
  }
  if (filesInAll !== undefined) {
    throw new AppError(
      "content.tooLarge",
      "The agent has changed more files than its host lists. Push its branch and fetch it instead.",
    );
  }
  const clone = await findClone(ports, repository);
  if (clone === undefined) return;
  const branch = fleet.branch ?? `agent/${head.slice(0, 10)}`;
  const folder = folderFor(clone, branch);
  const title = ports.titleOf(target);
  const question = vscode.l10n.t("Check out {0} in {1}?", title, folder);
  const detail = vscode.l10n.t(
    "It gets a folder and a branch of its own beside your clone, whose files stay as they are. A new window opens it; nothing in it runs before you trust it.",
  );
  if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Check Out")))) return;
  await dialogs.progress(vscode.l10n.t("Checking out {0}", title), async (report) => {
    report(vscode.l10n.t("Looking for where the agent began"));
    await ensureBase(git, clone, repository, baseCommit);
    report(vscode.l10n.t("Reading {0} files", files.length));
    const agent = { title, session: target.session, commit: head, tree, baseCommit, files };
    const read = async ({ uri }: RevisionContent) => {
      const { data, encoding } = await client.request("resourceRead", { channel: ROOT_URI, uri, encoding: "base64" });
      return Buffer.from(data, encoding === "base64" ? "base64" : "utf8");
    };
    const commit = await importCommit(git, clone, agent, read);
    await checkOut(git, { clone, folder, branch, commit });
  });
  await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(folder), { forceNewWindow: true });
}

/** The clone of the repository among the folders that are open, else the one that the person points at. */
async function findClone({ git, folders }: HandOffPorts, repository: string): Promise<string | undefined> {
  for (const folder of folders()) {
    const clone = await cloneOf(git, folder, repository);
    if (clone !== undefined) return clone;
  }
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
    title: vscode.l10n.t("Where is your clone of {0}?", toLine(repository, 100)),
    openLabel: vscode.l10n.t("Use This Clone"),
  });
  const [folder] = chosen ?? [];
  if (folder === undefined) return undefined;
  const clone = await cloneOf(git, folder.fsPath, repository);
  if (clone !== undefined) return clone;
  throw new AppError(
    "repository.invalid",
    "That folder is no clone of the agent's repository. Choose one that has it as a remote.",
  );
}

async function giveBack(ports: HandOffPorts): Promise<void> {
  const { git, folders, dialogs, hosts } = ports;
  for (const folder of folders()) {
    const imported = await importedIn(git, folder);
    const target = imported && Array.from(ports.agents()).find(({ session }) => session === imported.session);
    if (imported === undefined || target === undefined) continue;
    const fleet = await readFleet(hosts, target);
    if (fleet?.head !== imported.commit || fleet.phase === "working" || fleet.phase === "provisioning") {
      throw new AppError(
        "conflict",
        "The agent has gone on since you checked its work out. Nothing was sent. Check it out again elsewhere, and bring your changes over.",
      );
    }
    const patch = await patchSince(git, folder, imported.here);
    const question = vscode.l10n.t("Send the changes of this folder to {0}?", ports.titleOf(target));
    const detail = vscode.l10n.t("The agent gets them as a patch to apply. This folder stays as it is.");
    if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Send")))) return;
    await ports.send(keyOf(target), patchText(patch, imported.commit));
    await dialogs.tell(vscode.l10n.t("The agent has your changes and applies them in its next turn."));
    return;
  }
  throw new AppError(
    "notFound",
    "No folder of this window holds an agent's work that was checked out here, of an agent that is listed.",
  );
}
