import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { toLine } from "../../base/visibleText.ts";
import { type ChangedFile, type RevisionContent, submoduleMode } from "../fleet/changedFiles.ts";
import type { LocalGit } from "./localGit.ts";

/** An agent's commit as it is to be here. */
export interface AgentCommit {
  readonly title: string;
  readonly session: string;
  /** On the host. */
  readonly commit: string;
  readonly tree: string;
  readonly baseCommit: string;
}

/** The trailers by which an imported commit is known. */
const commitTrailer = "Muster-Commit";
const sessionTrailer = "Muster-Session";

/**
 * Makes the agent's tree in a clone that has its base commit, from what its host sends, without touching the clone's files
 * or index. Every object is checked against the name that the host gave it, and the whole against the host's tree.
 *
 * @param read the bytes of a version, from the host
 */
export async function importTree(
  git: LocalGit,
  clone: string,
  { baseCommit, tree: wanted }: Pick<AgentCommit, "baseCommit" | "tree">,
  files: readonly ChangedFile[],
  read: (content: RevisionContent) => Promise<Uint8Array>,
): Promise<void> {
  const work = await mkdtemp(path.join(tmpdir(), "muster-import-"));
  try {
    const env = { GIT_INDEX_FILE: path.join(work, "index") };
    await git(clone, ["read-tree", baseCommit], { env });
    await addObjects(git, clone, work, files, read);
    await git(clone, ["update-index", "-z", "--index-info"], { env, input: indexInfo(files) });
    const tree = (await git(clone, ["write-tree"], { env })).stdout.trim();
    if (tree !== wanted) {
      throw new AppError(
        "conflict",
        "The files are not those of the agent's commit. Review the changes again, then try anew.",
      );
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A commit of the agent's tree, which the clone has, on its base commit. */
export async function importCommit(git: LocalGit, clone: string, agent: AgentCommit): Promise<string> {
  const who = ["-c", "user.name=Muster", "-c", "user.email=muster@localhost", "-c", "commit.gpgSign=false"];
  const message = `${toLine(agent.title, 70)}\n\n${commitTrailer}: ${agent.commit}\n${sessionTrailer}: ${agent.session}\n`;
  const args = [...who, "commit-tree", agent.tree, "-p", agent.baseCommit];
  return (await git(clone, args, { input: message })).stdout.trim();
}

/** Which agent's commit a clone was last given, from the history of what it has checked out; `undefined` for none. */
export async function importedIn(
  git: LocalGit,
  folder: string,
): Promise<{ readonly here: string; readonly commit: string; readonly session: string } | undefined> {
  const trailer = (key: string) => `%(trailers:key=${key},valueonly,separator=%x20)`;
  const format = `--format=%H %x00${trailer(commitTrailer)}%x00${trailer(sessionTrailer)}`;
  const { stdout, exitCode } = await git(folder, ["log", "-200", format, "HEAD"], { accept: [128] });
  if (exitCode !== 0) return undefined;
  for (const line of stdout.split("\n")) {
    const [here, commit, session] = line.split("\0").map((part) => part.trim());
    if (here && session && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit ?? ""))
      return { here, commit: commit!, session };
  }
  return undefined;
}

async function addObjects(
  git: LocalGit,
  clone: string,
  work: string,
  files: readonly ChangedFile[],
  read: (content: RevisionContent) => Promise<Uint8Array>,
): Promise<void> {
  const wanted = new Map(
    files.flatMap(({ after, mode }) =>
      after?.blob === undefined || mode === submoduleMode ? [] : [[after.blob.oid, after] as const],
    ),
  );
  const places = Array.from(wanted.keys(), (oid) => path.join(work, oid));
  for (const [oid, content] of wanted) await writeFile(path.join(work, oid), await read(content));
  const args = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
  const { stdout } = await git(clone, args, { input: places.map((place) => `${place}\n`).join("") });
  if (stdout.trim() !== Array.from(wanted.keys()).join("\n")) {
    throw new AppError("conflict", "The host sent other content than it named. Nothing was checked out.");
  }
}

/** Git itself refuses paths that would leave the folder or reach into a git directory. */
function indexInfo(files: readonly ChangedFile[]): string {
  const gone = files.flatMap(({ oldPath, path: name, after }) => [
    ...(oldPath === undefined ? [] : [oldPath]),
    ...(after === undefined ? [name] : []),
  ]);
  const removed = gone.map((name) => `0 ${"0".repeat(40)}\t${name}\0`);
  const put = files.flatMap(({ path: name, after, mode }) =>
    after?.blob === undefined ? [] : [`${mode ?? "100644"} ${after.blob.oid}\t${name}\0`],
  );
  return [...removed, ...put].join("");
}
