import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import type { LocalGit } from "./localGit.ts";

/** As base64 it has to fit into one message, of which a host takes 2 MiB. */
const maxPatchBytes = 1_400_000;

/** An index with everything that a folder holds, new files too, that is there while `use` runs. The folder's own stays as it is. */
async function withEverything<T>(
  git: LocalGit,
  folder: string,
  use: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const work = await mkdtemp(path.join(tmpdir(), "muster-index-"));
  try {
    const env = { GIT_INDEX_FILE: path.join(work, "index") };
    await git(folder, ["read-tree", "HEAD"], { env });
    await git(folder, ["-c", "advice.addEmbeddedRepo=false", "add", "--all"], { env });
    return await use(env);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The tree of everything that a folder holds, committed or not. */
export function presentTree(git: LocalGit, folder: string): Promise<string> {
  return withEverything(git, folder, async (env) => (await git(folder, ["write-tree"], { env })).stdout.trim());
}

/**
 * Everything that a folder holds and a commit does not, committed or not and new files too, as a patch of git's, byte for
 * byte. Submodules and repositories within are left out. Rejects with `branch.empty` when that is nothing.
 */
export async function patchSince(git: LocalGit, folder: string, commit: string): Promise<Uint8Array> {
  const options = ["--cached", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color"];
  const args = ["diff", ...options, "--no-renames", "--ignore-submodules=all", commit];
  const { stdout } = await withEverything(git, folder, (env) => git(folder, args, { env, encoding: "latin1" }));
  if (stdout === "") {
    throw new AppError("branch.empty", "This folder holds what the agent has: there is nothing to send.");
  }
  if (stdout.length > maxPatchBytes) {
    throw new AppError(
      "content.tooLarge",
      "These changes are more than a host takes at once. Push them to a branch, and tell the agent its name.",
    );
  }
  return Buffer.from(stdout, "latin1");
}
