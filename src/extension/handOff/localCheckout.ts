import { access } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { repositoryKey } from "../../protocol/uris.ts";
import { importedIn } from "./importedCommit.ts";
import type { LocalGit } from "./localGit.ts";
import { presentTree } from "./localPatch.ts";

/** A clone of the person's. */
export interface LocalClone {
  readonly root: string;
  /** The name of its remote that is the agent's repository. */
  readonly remote: string;
}

/** The clone that a folder is in, if it is one of this repository. */
export async function cloneOf(git: LocalGit, folder: string, repository: string): Promise<LocalClone | undefined> {
  const { stdout: root, exitCode } = await git(folder, ["rev-parse", "--show-toplevel"], { accept: [128] });
  if (exitCode !== 0) return undefined;
  const { stdout } = await git(folder, ["config", "--get-regexp", "^remote\\..*\\.url$"], { accept: [1] });
  for (const line of stdout.split("\n")) {
    // As in `remote.origin.url https://example.com/a.git`.
    const end = line.indexOf(".url ");
    const [remote, url] = [line.slice("remote.".length, end), line.slice(end + ".url ".length)];
    if (end > 0 && repositoryKey(url) === repositoryKey(repository)) return { root: root.trim(), remote };
  }
  return undefined;
}

/** Fetches the commit that the agent began with, where the clone lacks it. */
export async function ensureBase(git: LocalGit, { root, remote }: LocalClone, baseCommit: string): Promise<void> {
  if (await has(git, root, `${baseCommit}^{commit}`)) return;
  await git(root, [...fetch, "--end-of-options", remote, baseCommit]);
}

/**
 * Fetches an agent's files with the branch that they were pushed to, by the person's own remote. False when they are not
 * those that are there.
 */
export async function fetchPushed(
  git: LocalGit,
  { root, remote }: LocalClone,
  { branch, tree }: { readonly branch: string; readonly tree: string },
): Promise<boolean> {
  if (!branchName.test(branch)) return false;
  const args = [...fetch, "--end-of-options", remote, `refs/heads/${branch}`];
  const { exitCode } = await git(root, args, { accept: [1, 128] });
  return exitCode === 0 && (await has(git, root, `${tree}^{tree}`));
}

/** Nothing is written but objects. */
const fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap="];

/** What a host calls its branches: nothing that says more than a name in a refspec. */
const branchName = /^agent\/[A-Za-z0-9][A-Za-z0-9_/-]*$/;

async function has(git: LocalGit, root: string, object: string): Promise<boolean> {
  return (await git(root, ["cat-file", "-e", object], { accept: [1, 128] })).exitCode === 0;
}

/** The folder for an agent's branch: beside the clone, of its own. */
export function folderFor(clone: string, branch: string): string {
  const name = branch.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replaceAll(/^[.-]+|(?<![.-])[.-]+$/g, "");
  return path.join(path.dirname(clone), `${path.basename(clone)}-${name === "" ? "agent" : name}`);
}

/**
 * Puts a commit on a branch in a folder of its own. One that is there from an earlier time is moved on only if nothing in it
 * is the person's: no change that is not committed, no commit that did not come from the agent.
 */
export async function checkOut(
  git: LocalGit,
  { clone, folder, branch, commit }: { clone: string; folder: string; branch: string; commit: string },
): Promise<void> {
  if (!(await exists(folder))) {
    const known = await git(clone, ["rev-parse", "--quiet", "--verify", `refs/heads/${branch}`], { accept: [1] });
    if (known.exitCode === 0) {
      throw new AppError(
        "conflict",
        "Your clone has a branch {0} already. Rename or delete it, then try again. Nothing was changed.",
        { values: [branch] },
      );
    }
    await git(clone, ["worktree", "add", "--quiet", "-b", branch, folder, commit]);
    return;
  }
  const head = (await git(folder, ["rev-parse", "HEAD"], { accept: [128] })).stdout.trim();
  const imported = await importedIn(git, folder);
  if (head === "" || imported === undefined) {
    throw new AppError(
      "conflict",
      "{0} is there and is no checkout of this agent. Move it away, then try again. Nothing was changed.",
      { values: [folder] },
    );
  }
  if (imported.here !== head) {
    throw new AppError(
      "conflict",
      "{0} has commits of yours. Move the folder away, then try again. Nothing was changed.",
      { values: [folder] },
    );
  }
  if ((await git(folder, ["status", "--porcelain"])).stdout.trim() !== "") {
    const tree = (await git(folder, ["rev-parse", `${commit}^{tree}`])).stdout.trim();
    if ((await presentTree(git, folder)) !== tree) {
      throw new AppError(
        "conflict",
        "{0} has changes that are not committed. Commit, stash or send them to the agent first. Nothing was changed.",
        { values: [folder] },
      );
    }
    // The agent has got them: the files are its commit's already.
    await git(folder, ["reset", "--quiet", commit]);
    return;
  }
  // Refuses by itself what would overwrite something.
  await git(folder, ["reset", "--quiet", "--keep", commit]);
}

async function exists(place: string): Promise<boolean> {
  return access(place).then(
    () => true,
    () => false,
  );
}
