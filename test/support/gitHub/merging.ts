import * as z from "zod/mini";
import { type Answer, errorAnswer, okAnswer } from "./answers.ts";
import type { RepositoryCall } from "./call.ts";
import { canWrite, type GitHubRepository, type Pull } from "./gitHubState.ts";

const MergeBody = z.looseObject({
  sha: z.optional(z.string()),
  merge_method: z.optional(z.enum(["merge", "squash", "rebase"])),
  commit_title: z.optional(z.string()),
});

/** Whether the branches can be merged, which git says, and whether the rules of the repository let them. */
export async function mergeability(
  repository: GitHubRepository,
  pull: Pull,
): Promise<{ readonly mergeable: boolean; readonly mergeable_state: string }> {
  const tree = await repository.git.mergedTree(pull.base, pull.headSha);
  if (tree === undefined) return { mergeable: false, mergeable_state: "dirty" };
  if (pull.draft) return { mergeable: true, mergeable_state: "draft" };
  const runs = repository.checkRuns.filter(({ headSha }) => headSha === pull.headSha);
  const isGreen = (name: string) => runs.some((run) => run.name === name && run.conclusion === "success");
  const decisions = new Map(pull.reviews.map(({ user, state }) => [user.login, state]));
  const approvals = Array.from(decisions.values()).filter((state) => state === "APPROVED").length;
  const isBlocked =
    !repository.requiredChecks.every(isGreen) ||
    approvals < repository.requiredApprovals ||
    Array.from(decisions.values()).includes("CHANGES_REQUESTED");
  if (isBlocked) return { mergeable: true, mergeable_state: "blocked" };
  const isStable = runs.every(({ conclusion }) => conclusion === "success");
  return { mergeable: true, mergeable_state: isStable ? "clean" : "unstable" };
}

export async function mergePull(call: RepositoryCall, pull: Pull): Promise<Answer> {
  const { repository, user } = call;
  const body = MergeBody.parse(call.body ?? {});
  const method = body.merge_method ?? "merge";
  if (!canWrite(repository, user)) return errorAnswer(403, "Must have write access to the repository.");
  if (!repository.mergeMethods.includes(method)) {
    return errorAnswer(
      405,
      `${method === "merge" ? "Merge commits are" : `${method} merges are`} not allowed on this repository.`,
    );
  }
  const headSha = (await repository.git.branch(pull.head)) ?? pull.headSha;
  if (body.sha !== undefined && body.sha !== headSha) {
    return errorAnswer(409, "Head branch was modified. Review and try the merge again.");
  }
  const { mergeable_state: state } = await mergeability(repository, pull);
  const tree = await repository.git.mergedTree(pull.base, headSha);
  const base = await repository.git.branch(pull.base);
  if (pull.state !== "open" || tree === undefined || base === undefined || !["clean", "unstable"].includes(state)) {
    return errorAnswer(405, "Pull Request is not mergeable");
  }
  const parents = method === "merge" ? [base, headSha] : [base];
  const sha = await repository.git.commitTree(pull.base, tree, parents, body.commit_title ?? pull.title);
  pull.state = "closed";
  pull.merged = true;
  pull.updatedAt = new Date(call.now).toISOString();
  return okAnswer({ sha, merged: true, message: "Pull Request successfully merged" });
}
