import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { carryOver, passingCommit } from "./carryOver.ts";
import type { GitCli } from "./gitCli.ts";
import { checkOid } from "./refs.ts";

const applyTimeoutMs = 120_000;
/** A few bytes of a patch can stand for a file of any size: git holds nothing larger than this in memory for one of them. */
const maxFileMegabytes = 32;
const maxLiteralBytes = 64 * 1024 * 1024;
const maxDeltas = 20;

export interface PatchToApply {
  /** What `git diff --binary --full-index` prints. */
  readonly patch: Uint8Array;
  /** The commit that it was made from. */
  readonly base?: string | undefined;
}

/**
 * The files of the commit `onto` with a patch: merged where its base is known here, else put where its context is found.
 * Throws `conflict` (details.files) when not all of it fits. Git itself refuses names that would leave the files or reach
 * into a `.git`.
 * @param gitDir gets the objects of the tree
 */
export async function applyPatch(
  git: GitCli,
  gitDir: string,
  onto: string,
  { patch, base }: PatchToApply,
): Promise<string> {
  assertBounded(patch);
  const isKnown = base !== undefined && (await hasCommit(git, gitDir, base));
  if (!isKnown) return await patchedTree(git, gitDir, onto, patch);
  const head = await passingCommit(git, gitDir, base, await patchedTree(git, gitDir, base, patch));
  const { tree, conflicts } = await carryOver(git, gitDir, { base, head, onto });
  if (conflicts.length > 0) throw unfit(conflicts);
  return tree;
}

async function hasCommit(git: GitCli, gitDir: string, commit: string): Promise<boolean> {
  const args = ["cat-file", "-e", `${checkOid(commit)}^{commit}`];
  return (await git.run({ gitDir, args, accept: [1, 128] })).exitCode === 0;
}

/** Without `--3way`, which would write files where git runs. */
async function patchedTree(git: GitCli, gitDir: string, commit: string, patch: Uint8Array): Promise<string> {
  const index = path.join(gitDir, `index.apply-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git.run({ gitDir, env, args: ["read-tree", checkOid(commit)] });
    const limited = { ...env, GIT_ALLOC_LIMIT: `${maxFileMegabytes}m` };
    const args = ["apply", "--cached", "--whitespace=nowarn", "-"];
    const tried = { gitDir, env: limited, args, input: patch, accept: [1, 128], timeoutMs: applyTimeoutMs };
    const { exitCode, stderr } = await git.run(tried);
    if (exitCode === 0) return await git.text({ gitDir, env, args: ["write-tree"] });
    // `error: a.ts: patch does not apply`, `error: a.ts: already exists in index` (never translated: LC_ALL is C).
    throw unfit(Array.from(stderr.matchAll(/^error: (.+): [a-z][a-z ]+$/gm), ([, name = ""]) => name));
  } finally {
    await Promise.all([rm(index, { force: true }), rm(`${index}.lock`, { force: true })]);
  }
}

/** Lines of content begin with a sign; these are git's own. */
function assertBounded(patch: Uint8Array): void {
  const text = Buffer.from(patch).toString("latin1");
  if (/^(?:copy|rename) (?:from|to) /m.test(text)) {
    throw new AppError(
      "request.invalid",
      "The patch moves or copies files. Make it with --no-renames, then try again.",
    );
  }
  const literals = Array.from(text.matchAll(/^literal (\d+)$/gm), ([, bytes]) => Number(bytes));
  const deltas = Array.from(text.matchAll(/^delta \d+$/gm)).length;
  if (literals.reduce((sum, bytes) => sum + bytes, 0) <= maxLiteralBytes && deltas <= maxDeltas) return;
  throw new AppError(
    "content.tooLarge",
    "The patch holds more binary files than this host takes at once. Nothing was changed. Push them to a branch instead.",
  );
}

function unfit(names: readonly string[]): AppError {
  const files = Array.from(new Set(names));
  const [first = "what was sent", ...others] = files;
  const list = others.length === 0 ? first : `${first} and ${others.length} more`;
  const sentence = `Your changes do not fit the agent's files any more: ${list}. Nothing was changed. Check the agent's work out again, and bring your changes over there.`;
  return new AppError("conflict", sentence, { details: { files: files.slice(0, 50) } });
}
