import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { fenceCode } from "../../base/markdownQuotes.ts";
import type { LocalGit } from "./localGit.ts";

/** What an agent can be expected to take from a message. */
const maxPatch = 400_000;

/**
 * Everything that a folder holds and a commit does not, committed or not and new files too, as a patch. Neither the folder nor
 * its index is touched. Rejects with `branch.empty` when that is nothing.
 */
export async function patchSince(git: LocalGit, folder: string, commit: string): Promise<string> {
  const work = await mkdtemp(path.join(tmpdir(), "muster-patch-"));
  try {
    const env = { GIT_INDEX_FILE: path.join(work, "index") };
    await git(folder, ["read-tree", "HEAD"], { env });
    await git(folder, ["add", "--all"], { env });
    const args = [
      "diff",
      "--cached",
      "--binary",
      "--full-index",
      "--no-ext-diff",
      "--no-textconv",
      "--no-color",
      commit,
    ];
    const { stdout } = await git(folder, args, { env });
    if (stdout.trim() === "")
      throw new AppError("branch.empty", "This folder holds what the agent has: there is nothing to send.");
    if (stdout.length > maxPatch) {
      throw new AppError(
        "content.tooLarge",
        "These changes are too many for a message. Push them to a branch and tell the agent its name.",
      );
    }
    if (stdout.includes("\ufffd")) {
      throw new AppError(
        "request.invalid",
        "Some of the changed text is not UTF-8, which a message cannot carry. Push it to a branch and tell the agent its name.",
      );
    }
    return stdout;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The message that brings a patch to the agent. */
export function patchText(patch: string, commit: string): string {
  const intro = [
    `I changed your files myself, starting from your commit ${commit.slice(0, 10)}. This is the patch.`,
    "Save it and run `git apply` on it, exactly as it is. If it does not apply, change nothing and tell me why.",
  ].join(" ");
  return `${intro}\n\n${fenceCode(patch.trimEnd(), "diff")}`;
}
