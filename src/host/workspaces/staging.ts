import { copyFile, lstat, rename, rm, utimes } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import type { RawChange } from "./changes.ts";
import type { GitCli } from "./gitCli.ts";
import { followSubmodules, gitlinkMode, markSubmodules, readSubmodules } from "./submodules.ts";

export interface Staged {
  readonly tree: string;
  /** Directories with a repository of their own, which are left out. */
  readonly nestedRepositories: readonly string[];
}

export interface StagingPaths {
  readonly root: string;
  readonly gitDir: string;
}

const stageTimeoutMs = 120_000;

/**
 * Takes the index of a checkout that the host has just made and nobody else has touched: it knows when each file was
 * written, so that the first checkpoint reads none of them.
 */
export async function adoptIndex(git: GitCli, paths: StagingPaths): Promise<void> {
  const { root, gitDir } = paths;
  await copyIndex(path.join(root, ".git", "index"), path.join(gitDir, "index"));
  await markSubmodules(git, paths);
}

/**
 * Tree of the files as they are: tracked and untracked, not ignored, never a `.git`. Works on a copy of the index that
 * replaces it only when all went well, so an attempt that was cut short leaves nothing behind.
 * @param changesOf what a tree differs in from the base commit
 */
export async function stageFiles(
  git: GitCli,
  paths: StagingPaths,
  changesOf: (tree: string) => Promise<readonly RawChange[]>,
): Promise<Staged> {
  const { root, gitDir } = paths;
  const stat = await lstat(root).catch(() => undefined);
  if (!stat?.isDirectory()) {
    throw new AppError(
      "conflict",
      "The agent's checkout is gone. What it had done is in its checkpoints: fork the agent from the last one and go on there.",
    );
  }
  const index = path.join(gitDir, "index");
  const next = path.join(gitDir, "index.next");
  await Promise.all([rm(`${index}.lock`, { force: true }), rm(`${next}.lock`, { force: true })]);
  await copyIndex(index, next);
  const env = { GIT_INDEX_FILE: next };
  // Exit code 1: some file could not be read or a nested repository has no commit; everything else is staged.
  const added = await git.run({
    gitDir,
    workTree: root,
    env,
    args: ["-c", "advice.addEmbeddedRepo=false", "add", "--all", "--ignore-errors", "--", "."],
    accept: [1],
    timeoutMs: stageTimeoutMs,
  });
  const writeTree = () => git.text({ gitDir, env, args: ["write-tree"] });
  let tree = await writeTree();
  const changes = await changesOf(tree);
  const submodules = await readSubmodules(git, paths, tree, changes);
  const strange = changes
    .filter((change) => isAddedGitlink(change) && !submodules.declared.has(change.path))
    .map((change) => change.path);
  if (strange.length > 0) {
    const input = strange.join("\0");
    await git.run({ gitDir, workTree: root, env, args: ["update-index", "-z", "--force-remove", "--stdin"], input });
  }
  const isFollowed = submodules.known.size > 0 && (await followSubmodules(git, paths, env, submodules));
  if (strange.length > 0 || isFollowed) tree = await writeTree();
  await rename(next, index);
  return { tree, nestedRepositories: [...strange, ...unbornRepositories(added.stderr)].toSorted() };
}

/**
 * With its time: git reads a file again that was written in the same second as the index, and takes a later index for proof
 * that the file has not changed since.
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const { atime, mtime } = await lstat(from);
  await copyFile(from, to);
  await utimes(to, atime, mtime);
}

/** Also one that was somewhere else before: the submodules of the base commit stay where they are. */
function isAddedGitlink({ before, after, status }: RawChange): boolean {
  return after?.mode === gitlinkMode && (before?.mode !== gitlinkMode || status === "renamed");
}

/** `error: 'name/' does not have a commit checked out` (the messages are never translated: LC_ALL is C). */
function unbornRepositories(stderr: string): string[] {
  return Array.from(
    stderr.matchAll(/^error: '(.+?)\/?' does not have a commit checked out$/gm),
    (match) => match[1] ?? "",
  );
}
