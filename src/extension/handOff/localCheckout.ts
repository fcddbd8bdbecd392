import { access } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { repositoryKey } from "../../protocol/uris.ts";
import { importedIn } from "./importedCommit.ts";
import type { LocalGit } from "./localGit.ts";

/** The root of the clone that a folder is in, if it is one of this repository. */
export async function cloneOf(git: LocalGit, folder: string, repository: string): Promise<string | undefined> {
  const { stdout: root, exitCode } = await git(folder, ["rev-parse", "--show-toplevel"], { accept: [128] });
  if (exitCode !== 0) return undefined;
  const { stdout: remotes } = await git(folder, ["config", "--get-regexp", "^remote\\..*\\.url$"], { accept: [1] });
  const urls = remotes.split("\n").flatMap((line) => line.split(" ").slice(1));
  const isIt = urls.some((url) => repositoryKey(url) === repositoryKey(repository));
  return isIt ? root.trim() : undefined;
}

/** Fetches the commit that the agent began with, where the clone lacks it. */
export async function ensureBase(git: LocalGit, clone: string, repository: string, baseCommit: string): Promise<void> {
  const isThere = async () =>
    (await git(clone, ["cat-file", "-e", `${baseCommit}^{commit}`], { accept: [1, 128] })).exitCode === 0;
  if (await isThere()) return;
  await git(clone, ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", repository, baseCommit]);
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
      "{0} has commits of yours. Send them to the agent, or move the folder away. Nothing was changed.",
      { values: [folder] },
    );
  }
  if ((await git(folder, ["status", "--porcelain"])).stdout.trim() !== "") {
    throw new AppError(
      "conflict",
      "{0} has changes that are not committed. Commit, stash or send them to the agent first. Nothing was changed.",
      { values: [folder] },
    );
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
