import { mkdir } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import type { GitCli } from "./gitCli.ts";
import { GitError } from "./gitFailure.ts";
import type { GitIdentity } from "./gitWorkspace.ts";
import type { TreeLimits } from "./treeSize.ts";
import type { WorkspacePaths } from "./workspace.ts";

export interface CheckoutParts {
  readonly git: GitCli;
  readonly paths: WorkspacePaths;
  /** Of the agent's own commits. */
  readonly identity: GitIdentity;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Copies a repository of the host's own into the place of the agent's checkout, without files yet. */
export async function copyRepository(
  { git, paths, identity, timeoutMs, signal }: CheckoutParts,
  source: string,
  baseBranch: string,
): Promise<void> {
  await mkdir(paths.home, { recursive: true, mode: 0o700 });
  // No hard links: the agent could write through them into the mirror and so into every other session.
  const who = [`--config=user.name=${identity.name}`, `--config=user.email=${identity.email}`];
  const options = ["--quiet", "--no-hardlinks", "--no-checkout", "--template=", ...who];
  const args = ["clone", ...options, `--branch=${baseBranch}`, "--end-of-options", source, paths.root];
  await git.run({ args, protocol: "file", timeoutMs, signal });
}

export interface CheckoutTarget {
  readonly branch: string;
  readonly commit: string;
  /** What the agent finds as the address of `origin`. */
  readonly url: string;
}

/** Puts the files there. The checkout is the agent's from then on: the host runs no git in it again. */
export async function checkOutFiles(
  { git, paths, timeoutMs, signal }: CheckoutParts,
  { branch, commit, url }: CheckoutTarget,
): Promise<void> {
  const gitDir = path.join(paths.root, ".git");
  const options = ["--quiet", "--no-track", "--no-recurse-submodules"];
  const args = ["checkout", ...options, "-B", branch, commit, "--"];
  await git.run({ gitDir, workTree: paths.root, signal, timeoutMs, args });
  await git.run({ gitDir, args: ["config", "remote.origin.url", url] });
}

const listTimeoutMs = 60_000;

/**
 * Counts the files of a commit before any of them is written: a small pack may unfold into more than the disk holds.
 * Throws `repository.cloneFailed`.
 */
export async function assertTreeFits(git: GitCli, gitDir: string, commit: string, limits: TreeLimits): Promise<void> {
  let entries = 0;
  let bytes = 0;
  let rest = "";
  const onOutput = (chunk: Buffer): boolean => {
    const records = (rest + chunk.toString("latin1")).split("\0");
    rest = (records.pop() ?? "").slice(0, maxRecord);
    for (const record of records) {
      entries += 1;
      bytes += Number(/^\d{6} \w+ \w+ +(\d+)/.exec(record)?.[1] ?? 0);
    }
    return entries <= limits.maxEntries && bytes <= limits.maxBytes;
  };
  try {
    await git.run({ gitDir, args: ["ls-tree", "-r", "-l", "-z", commit], timeoutMs: listTimeoutMs, onOutput });
  } catch (error) {
    if (!(error instanceof GitError) || error.failure.ended === undefined || error.failure.ended === "cancelled")
      throw error;
  }
  if (entries <= limits.maxEntries && bytes <= limits.maxBytes) return;
  const what =
    entries > limits.maxEntries
      ? `more than ${limits.maxEntries} files`
      : `files of more than ${inMegabytes(limits.maxBytes)}`;
  const advice =
    'Raise "repositories.maxWorkspaceFiles" or "maxWorkspaceMegabytes" in the host\'s configuration to allow it.';
  throw new AppError(
    "repository.cloneFailed",
    `The repository has ${what}, which this host does not check out. ${advice}`,
  );
}

/** Only the head of a record is read; its path may be long. */
const maxRecord = 64 * 1024;

export function inMegabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
