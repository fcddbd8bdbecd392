import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { RevisionContent } from "../fleet/changedFiles.ts";
import { type BranchRead, readBranchChanges } from "../fleet/sessionChanges.ts";
import type { AgentTarget } from "../ids.ts";
import type { HandOffPorts } from "./handOff.ts";
import { type AgentCommit, importCommit, importTree } from "./importedCommit.ts";
import { checkOut, cloneOf, ensureBase, fetchPushed, folderFor, type LocalClone } from "./localCheckout.ts";

/** What a host sends of one file at most. */
const maxFileBytes = 5 * 1024 * 1024;

/** Brings an agent's commit to this machine, into a folder of its own beside the person's clone. */
export async function takeOver(ports: HandOffPorts, target: AgentTarget | undefined): Promise<void> {
  const chosen = await ports.resolveAgent(target, vscode.l10n.t("Check out whose work?"));
  if (chosen === undefined) return;
  const { hosts, git, clock, dialogs } = ports;
  const read = await readBranchChanges(hosts.client(chosen.hostId), chosen.session, { clock });
  const title = ports.titleOf(chosen);
  const agent = commitOf(chosen, title, read);
  const { repository, branch = `agent/${agent.commit.slice(0, 10)}` } = read.session;
  const clone = await findClone(ports, repository);
  if (clone === undefined) return;
  const folder = folderFor(clone.root, branch);
  const question = vscode.l10n.t("Check out {0} in {1}?", title, folder);
  const detail = vscode.l10n.t(
    "It gets a folder and a branch of its own beside your clone, whose files stay as they are. A new window opens it; nothing in it runs before you trust it.",
  );
  if (!(await dialogs.confirm(question, detail, vscode.l10n.t("Check Out")))) return;
  await dialogs.progress(vscode.l10n.t("Checking out {0}", title), async (report) => {
    report(vscode.l10n.t("Looking for where the agent began"));
    await ensureBase(git, clone, agent.baseCommit);
    await bringFiles(ports, { target: chosen, clone, agent, read, report });
    await checkOut(git, { clone: clone.root, folder, branch, commit: await importCommit(git, clone.root, agent) });
  });
  await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(folder), { forceNewWindow: true });
}

/** The agent's latest commit. Throws when it has none that stands still. */
function commitOf({ session }: AgentTarget, title: string, { session: fleet, files }: BranchRead): AgentCommit {
  const { baseCommit, head: commit } = fleet;
  const tree = fleet.checkpoints.find((each) => each.commit === commit)?.tree;
  if (fleet.phase === "working" || fleet.phase === "provisioning") {
    throw new AppError(
      "conflict",
      "The agent is at work. Check its work out when it has come to rest, or stop it first.",
    );
  }
  if (baseCommit === undefined || commit === undefined || tree === undefined || files.length === 0) {
    throw new AppError("branch.empty", "The agent has changed no files yet. Check out when it has.");
  }
  return { title, session, commit, tree, baseCommit };
}

interface Bringing {
  readonly target: AgentTarget;
  readonly clone: LocalClone;
  readonly agent: AgentCommit;
  readonly read: BranchRead;
  readonly report: (stage: string) => void;
}

/** By git, where the branch was pushed as it is; else file by file from the host. */
async function bringFiles({ git, hosts }: HandOffPorts, bringing: Bringing): Promise<void> {
  const { target, clone, agent, read, report } = bringing;
  const { files, session: fleet } = read;
  if (fleet.pushed !== undefined) {
    report(vscode.l10n.t("Fetching its branch"));
    if (await fetchPushed(git, clone, { branch: fleet.pushed.branch, tree: agent.tree })) return;
  }
  const beyond = beyondHost(read);
  if (beyond !== undefined) {
    throw new AppError(
      "content.tooLarge",
      "The host does not send all of it: {0}. Create a draft pull request, which pushes the branch, then check it out: it is fetched from there.",
      { values: [beyond] },
    );
  }
  report(vscode.l10n.t("Reading its files ({0})", files.length));
  const client = hosts.client(target.hostId);
  const bytesOf = async ({ uri }: RevisionContent) => {
    const { data, encoding } = await client.request("resourceRead", { channel: ROOT_URI, uri, encoding: "base64" });
    return Buffer.from(data, encoding === "base64" ? "base64" : "utf8");
  };
  await importTree(git, clone.root, agent, files, bytesOf);
}

/** What of the agent's work its host keeps to itself: it lists so many files, and sends none that is larger than a diff shows. */
function beyondHost({ files, filesInAll }: BranchRead): string | undefined {
  if (filesInAll !== undefined) return vscode.l10n.t("it lists {0} of {1} files", files.length, filesInAll);
  const large = files.find(({ after }) => (after?.sizeBytes ?? 0) > maxFileBytes);
  return large && vscode.l10n.t("{0} is larger than 5 MB", toLine(large.path, 200));
}

/** The clone of the repository among the folders that are open, else the one that the person points at. */
async function findClone({ git, folders }: HandOffPorts, repository: string): Promise<LocalClone | undefined> {
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
