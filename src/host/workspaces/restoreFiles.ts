import { chmod, lstat, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type GitCli, type GitCommand } from "./gitCli.ts";
import { GitError } from "./gitFailure.ts";
import { copyIndex, type StagingPaths } from "./staging.ts";
import { markSubmodules } from "./submodules.ts";

const restoreTimeoutMs = 300_000;

/**
 * Makes the files those of a tree. The index must know every file that is there (`stageFiles`): what it knows and the tree
 * lacks is deleted, what is ignored stays. Git replaces links, never follows them. The index is replaced last.
 */
export async function restoreFiles(
  git: GitCli,
  paths: StagingPaths,
  tree: string,
  onStage: (text: string) => void,
): Promise<void> {
  const { root, gitDir } = paths;
  const index = path.join(gitDir, "index");
  const next = path.join(gitDir, "index.next");
  const env = { GIT_INDEX_FILE: next, GIT_PROGRESS_DELAY: "0" };
  const command: GitCommand = {
    gitDir,
    workTree: root,
    env,
    args: ["read-tree", "--reset", "-u", "-v", tree],
    timeoutMs: restoreTimeoutMs,
    onProgress: (line) => {
      const percent = /(\d{1,3})%/.exec(line)?.[1];
      if (percent !== undefined) onStage(`Restoring ${percent} %`);
      return true;
    },
  };
  const attempt = async () => {
    await rm(`${next}.lock`, { force: true });
    await copyIndex(index, next);
    await git.run(command);
  };
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof GitError) || error.failure.ended !== undefined) throw error;
    // A directory without write permission holds its files; git records no permissions of directories.
    await openDirectories(root);
    await attempt();
  }
  await markSubmodules(git, paths, env);
  await rename(next, index);
}

/**
 * Puts the files of a tree where none are yet. The checkout's own git directory, which nobody else has touched so far, gets
 * an index of its base commit that knows when each file was written: the agent's first look at what differs reads no more.
 */
export async function checkOutTree(
  git: GitCli,
  paths: StagingPaths,
  { tree, base, signal }: { readonly tree: string; readonly base: string; readonly signal: AbortSignal },
): Promise<void> {
  const { root, gitDir } = paths;
  const own = path.join(root, ".git");
  const args = ["read-tree", "--reset", "-u", tree];
  await git.run({ gitDir, workTree: root, args, timeoutMs: restoreTimeoutMs, signal });
  await copyIndex(path.join(gitDir, "index"), path.join(own, "index"));
  await git.run({ gitDir: own, args: ["read-tree", "--reset", base] });
  await markSubmodules(git, paths);
}

/** Gives the owner its permissions on every directory back, without following links. */
export async function openDirectories(directory: string): Promise<void> {
  const stat = await lstat(directory).catch(() => undefined);
  if (!stat?.isDirectory()) return;
  if ((stat.mode & 0o700) !== 0o700) await chmod(directory, stat.mode | 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await openDirectories(path.join(directory, entry.name));
  }
}
