import { AppError } from "../../base/appError.ts";
import type { Failpoint } from "../../base/failpoint.ts";
import type { GitCli } from "./gitCli.ts";
import { pushFailure } from "./gitFailure.ts";
import { checkAgentBranch, checkOid, CHECKPOINT_REFS, pushedRef, pushingRef } from "./refs.ts";
import type { OpenRemote, RemoteAccess } from "./remoteAccess.ts";
import type { Remote } from "./repositoryUrl.ts";
import type { PushRequest, PushResult } from "./workspace.ts";

export interface PushParts {
  readonly git: GitCli;
  readonly remoteAccess: RemoteAccess;
  readonly gitDir: string;
  readonly remote: Remote;
  /** The session's own, the only one that it pushes to. */
  readonly branch: string;
  /** Author, committer and date of the commit. */
  readonly identityEnv: Readonly<Record<string, string>>;
  readonly failpoint: Failpoint;
}

const pushTimeoutMs = 180_000;

/**
 * Puts what was reviewed on the remote's branch: one ordinary commit whose tree is the checkpoint's tree, on top of what
 * was pushed before (or of the base commit, and of both after an update from the base), so that it is always a fast-forward.
 * The lease makes the server refuse when
 * the branch is not where we left it.
 *
 * The intent is written before the push (`refs/muster/pushing/...`) and the outcome after it (`refs/muster/pushed/...`):
 * a push whose answer was lost is recognised the next time instead of being refused as somebody else's.
 */
export async function pushCheckpoint(parts: PushParts, request: PushRequest): Promise<PushResult> {
  const branch = checkAgentBranch(request.branch);
  if (branch !== parts.branch) {
    throw new AppError("push.refused", `The branch ${branch} was not pushed: it is another agent's.`);
  }
  const opened = await parts.remoteAccess.open(parts.remote, request.credentials);
  const { context } = opened;
  const network = { ...opened.network, signal: request.signal };
  try {
    const checkpoint = await readCheckpoint(parts, checkOid(request.commit));
    const last = await lastPushed(parts, branch, network);
    const isAnew = request.recreates === true && (await headOf(parts, branch, network)) === undefined;
    const previous = isAnew ? undefined : last;
    const commit = await commitOf(parts, request, checkpoint, previous);
    if (commit !== previous)
      await parts.git.run({ gitDir: parts.gitDir, args: ["update-ref", pushingRef(branch), commit] });
    parts.failpoint("push.intended");
    await parts.git.run({
      ...network,
      gitDir: parts.gitDir,
      args: [
        "push",
        "--porcelain",
        "--no-verify",
        "--no-follow-tags",
        "--no-recurse-submodules",
        `--force-with-lease=refs/heads/${branch}:${previous ?? ""}`,
        "--end-of-options",
        parts.remote.url,
        `${commit}:refs/heads/${branch}`,
      ],
      timeoutMs: pushTimeoutMs,
    });
    parts.failpoint("push.sent");
    await settle(parts, branch, commit);
    parts.failpoint("push.recorded");
    return { branch, commit, remote: parts.remote.url };
  } catch (error) {
    const failure = pushFailure(error, branch, context);
    if (failure.details["isMoved"] !== true) throw failure;
    // Only where the server says so: whoever deletes a merged branch means no harm to what comes after.
    const head = await headOf(parts, branch, network).catch(() => "unknown");
    throw head === undefined ? deleted(branch, failure) : failure;
  }
}

function deleted(branch: string, cause: AppError): AppError {
  const sentence = `The branch ${branch} was deleted on the server, so nothing was pushed to it. The agent's work is kept and can be pushed to a branch of that name again.`;
  return new AppError("push.refused", sentence, { cause, details: { isBranchDeleted: true } });
}

/**
 * What became of the last push of a host that ended on the way: asks the remote if nothing else tells. Undefined when the
 * remote has nothing of ours.
 */
export async function confirmPush(
  parts: PushParts,
  { branch: name, credentials }: Pick<PushRequest, "branch" | "credentials">,
): Promise<PushResult | undefined> {
  const branch = checkAgentBranch(name);
  const { network, context } = await parts.remoteAccess.open(parts.remote, credentials);
  try {
    const commit = await lastPushed(parts, branch, network);
    return commit === undefined ? undefined : { branch, commit, remote: parts.remote.url };
  } catch (error) {
    throw pushFailure(error, branch, context);
  }
}

interface PushedCheckpoint {
  readonly tree: string;
  readonly base: string;
}

async function readCheckpoint({ git, gitDir }: PushParts, commit: string): Promise<PushedCheckpoint> {
  const format = "--format=%(tree) %(parent)";
  const found = await git.text({ gitDir, args: ["for-each-ref", format, `--points-at=${commit}`, CHECKPOINT_REFS] });
  const [tree = "", base = ""] = (found.split("\n")[0] ?? "").split(" ");
  if (tree !== "" && base !== "") return { tree, base };
  throw new AppError(
    "notFound",
    "That version is no checkpoint of this agent. Refresh the changes and review them again.",
  );
}

/** The commit that the remote's branch has from us. Asks the remote only when an earlier push did not come to its end. */
async function lastPushed(
  parts: PushParts,
  branch: string,
  network: OpenRemote["network"],
): Promise<string | undefined> {
  const pushed = await readRef(parts, pushedRef(branch));
  const pushing = await readRef(parts, pushingRef(branch));
  if (pushing === undefined) return pushed;
  if ((await headOf(parts, branch, network)) !== pushing) return pushed;
  await settle(parts, branch, pushing);
  return pushing;
}

/** What the branch is at on the server; undefined when it is not there. */
async function headOf(
  { git, remote }: Pick<PushParts, "git" | "remote">,
  branch: string,
  network: OpenRemote["network"],
): Promise<string | undefined> {
  const args = ["ls-remote", "--end-of-options", remote.url, `refs/heads/${branch}`];
  const [oid = ""] = (await git.text({ ...network, args })).split("\t");
  return oid === "" ? undefined : oid;
}

async function commitOf(
  { git, gitDir, identityEnv }: PushParts,
  request: PushRequest,
  { tree, base }: PushedCheckpoint,
  previous: string | undefined,
): Promise<string> {
  const parent = previous ?? base;
  const parentTree = await git.text({ gitDir, args: ["rev-parse", "--verify", `${parent}^{tree}`] });
  if (tree === parentTree) {
    // The same content again: pushing the same commit is a retry that costs nothing.
    if (previous !== undefined) return previous;
    throw new AppError("branch.empty", "There is nothing to push: the agent changed no files.");
  }
  const body = request.body === undefined || request.body === "" ? "" : `\n${request.body}\n`;
  const message = `${oneLine(request.title)}\n${body}`.replaceAll("\0", "");
  if (previous !== undefined) await assertNotBehind({ git, gitDir }, base, previous);
  const holdsBase = previous === undefined || (await isAncestor(git, gitDir, base, previous));
  const parents = holdsBase ? ["-p", parent] : ["-p", parent, "-p", base];
  return await git.text({
    gitDir,
    args: ["commit-tree", ...parents, "-F", "-", tree],
    env: identityEnv,
    input: message,
  });
}

/**
 * A checkpoint from before an update would take back on the server what the base branch got since.
 * Throws `push.refused`.
 */
async function assertNotBehind({ git, gitDir }: Pick<PushParts, "git" | "gitDir">, base: string, previous: string) {
  const listing = await git.text({ gitDir, args: ["for-each-ref", "--format=%(parent)", CHECKPOINT_REFS] });
  for (const other of new Set(listing.split("\n"))) {
    if (other === "" || other === base || !(await isAncestor(git, gitDir, other, previous))) continue;
    if (await isAncestor(git, gitDir, other, base)) continue;
    const sentence =
      "The branch was not pushed: on the server it has later commits of its base already. Update the agent from its base, review it again, and push that.";
    throw new AppError("push.refused", sentence);
  }
}

async function isAncestor(git: GitCli, gitDir: string, older: string, newer: string): Promise<boolean> {
  const args = ["merge-base", "--is-ancestor", older, newer];
  return (await git.run({ gitDir, args, accept: [1] })).exitCode === 0;
}

async function settle({ git, gitDir }: PushParts, branch: string, commit: string): Promise<void> {
  const input = `update ${pushedRef(branch)} ${commit}\ndelete ${pushingRef(branch)}\n`;
  await git.run({ gitDir, args: ["update-ref", "--stdin"], input });
}

async function readRef({ git, gitDir }: PushParts, ref: string): Promise<string | undefined> {
  const oid = await git.text({ gitDir, args: ["for-each-ref", "--format=%(objectname)", ref] });
  return oid === "" ? undefined : oid;
}

function oneLine(title: string): string {
  return title.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim() || "Changes by an agent";
}
