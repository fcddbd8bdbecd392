import type { GitCli } from "./gitCli.ts";
import { checkOid } from "./refs.ts";

/** For commits that only stand for a tree while something is computed. */
const nobody = { NAME: "Muster", EMAIL: "muster@muster.invalid", DATE: "@0 +0000" };
const identity = Object.fromEntries(
  ["AUTHOR", "COMMITTER"].flatMap((who) =>
    Object.entries(nobody).map(([what, value]) => [`GIT_${who}_${what}`, value]),
  ),
);
const mergeTimeoutMs = 120_000;

export interface Carried {
  readonly tree: string;
  /** The files that git can't merge; in the tree they have both sides. */
  readonly conflicts: readonly string[];
}

/**
 * The files of `head` with what `onto` has that `base` has not. `base` is where the two parted, whatever the history of
 * `onto` says: also when that was rewritten, nothing of it is taken for the work that is carried over.
 * @param head a commit whose only parent is `base`; @param gitDir has the objects of all three, and gets those of the tree
 */
export async function carryOver(
  git: GitCli,
  gitDir: string,
  { base, head, onto }: { readonly base: string; readonly head: string; readonly onto: string },
): Promise<Carried> {
  const treeOf = (commit: string) =>
    git.text({ gitDir, args: ["rev-parse", "--verify", `${checkOid(commit)}^{tree}`] });
  if (base === onto) return { tree: await treeOf(head), conflicts: [] };
  const ontoTree = await treeOf(onto);
  const stand = await passingCommit(git, gitDir, base, ontoTree);
  const merged = await git.text({
    gitDir,
    args: ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", stand, checkOid(head)],
    accept: [1],
    timeoutMs: mergeTimeoutMs,
  });
  const [tree = "", ...conflicts] = merged.split("\0").filter((token) => token !== "");
  return { tree: checkOid(tree), conflicts: Array.from(new Set(conflicts)) };
}

/** A commit that only stands for a tree on `parent`. */
export function passingCommit(git: GitCli, gitDir: string, parent: string, tree: string): Promise<string> {
  const args = ["commit-tree", "-p", checkOid(parent), "-m", "Base", checkOid(tree)];
  return git.text({ gitDir, env: identity, args });
}
