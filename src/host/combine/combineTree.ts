import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { PickProblem } from "../../protocol/fleetParts.ts";
import type { RawChange } from "../workspaces/changes.ts";
import type { GitCli } from "../workspaces/gitCli.ts";
import { BranchParts, isTextChange, type PartsSource, type SourceChanges } from "./branchParts.ts";
import { applyHunks, hunkId, type HunkProblem, linesOf, type LineHunk, type PickedHunk } from "./lineHunks.ts";

/** What is taken of one branch. */
export interface SourcePick {
  readonly source: PartsSource;
  /** Without `hunks` the whole file. */
  readonly files: readonly { readonly path: string; readonly hunks?: readonly string[] | undefined }[];
}

/** A file as the tree is to have it; absent when it is to be gone. */
type Version = { readonly oid: string; readonly mode: string } | undefined;

interface FilePick {
  readonly of: SourceChanges;
  readonly change: RawChange;
  readonly hunks: readonly string[] | undefined;
}

type Outcome = { readonly version: Version } | { readonly problems: readonly PickProblem[] };

/**
 * The tree of `base` with the picked parts and nothing else, or why some of them do not apply. Git is only used to read
 * and to store: how parts fit is decided line by line against the base, so nothing is ever guessed.
 * @param gitDir has the objects of all sources, and gets those of the tree
 */
export async function combineTree(
  git: GitCli,
  gitDir: string,
  base: string,
  picks: readonly SourcePick[],
): Promise<{ readonly tree: string; readonly problems: readonly PickProblem[] }> {
  const parts = new BranchParts(git, gitDir);
  const problems: PickProblem[] = [];
  const byPath = new Map<string, FilePick[]>();
  for (const { source, files } of picks) {
    const of = await parts.changes(source, base);
    for (const { path: name, hunks } of files) {
      const change = of.changes.get(name);
      const sentence = change === undefined ? untouched : of.unmerged.has(name) ? unmergedBase : undefined;
      if (change !== undefined && sentence === undefined)
        byPath.set(name, [...(byPath.get(name) ?? []), { of, change, hunks }]);
      else problems.push({ path: name, session: source.session, message: sentence ?? untouched });
    }
  }
  const versions = new Map<string, Version>();
  const hunks = await hunksOf(parts, base, byPath);
  for (const [name, picked] of byPath) {
    const outcome = await combineFile({ git, gitDir, parts, hunks }, name, picked);
    if ("version" in outcome) versions.set(name, outcome.version);
    else problems.push(...outcome.problems);
  }
  if (problems.length > 0) return { tree: base, problems };
  const tree = await writeTree(git, gitDir, base, versions);
  const strange = await differences(parts, { base, tree, versions, byPath });
  return { tree, problems: strange.map((name) => displaced(name, byPath)) };
}

/** Why a branch's part of a file can't be picked, if so. */
export const unmergedBase =
  "The base branch changed the same lines since this agent began. Update the agent from its base first.";
const untouched = "This agent's branch doesn't change the file as it was shown. Look at the parts again.";

interface Tools {
  readonly git: GitCli;
  readonly gitDir: string;
  readonly parts: BranchParts;
  /** By branch and path; of files that are taken as a whole from one branch they need not be there. */
  readonly hunks: ReadonlyMap<SourceChanges, ReadonlyMap<string, readonly LineHunk[]>>;
}

/** All that are needed of a branch in one go. */
async function hunksOf(
  parts: BranchParts,
  base: string,
  byPath: ReadonlyMap<string, readonly FilePick[]>,
): Promise<Tools["hunks"]> {
  const wanted = new Map<SourceChanges, string[]>();
  for (const [name, picked] of byPath) {
    if (isWhole(picked)) continue;
    for (const { of } of picked) wanted.set(of, [...(wanted.get(of) ?? []), name]);
  }
  const found = new Map<SourceChanges, ReadonlyMap<string, readonly LineHunk[]>>();
  for (const [of, names] of wanted) found.set(of, await parts.hunks(base, of, names));
  return found;
}

/** From one branch, or the same from all. */
function isWhole(picked: readonly FilePick[]): boolean {
  const [first] = picked;
  return picked.every(({ change, hunks }) => hunks === undefined && isSameVersion(change.after, first?.change.after));
}

async function combineFile(tools: Tools, name: string, picked: readonly FilePick[]): Promise<Outcome> {
  const [first] = picked;
  if (first === undefined) return { problems: [] };
  if (isWhole(picked)) return { version: first.change.after };
  const { before } = first.change;
  const isText = picked.every(({ change }) => isTextChange(change));
  const hunks = isText ? picked.map((pick) => pickedHunks(tools, name, pick)) : [];
  const unreadable = picked.filter((_, index) => hunks[index] === undefined);
  if (before === undefined || unreadable.length > 0) {
    const message =
      "More than one agent makes this file anew, removes it, or changes what is not text. Pick it of one of them.";
    return { problems: unreadable.map(({ of }) => ({ path: name, session: of.source.session, message })) };
  }
  const missing = picked.flatMap((pick, index) => {
    const known = new Set(hunks[index]?.map(({ hunk }) => hunkId(hunk)));
    const session = pick.of.source.session;
    return (pick.hunks ?? []).flatMap((id) =>
      known.has(id) ? [] : [{ path: name, session, hunk: id, message: untouched }],
    );
  });
  if (missing.length > 0) return { problems: missing };
  const base = linesOf(await tools.parts.text(before.oid));
  const { text, problems } = applyHunks(
    base,
    hunks.flatMap((each) => each ?? []),
  );
  const told = problems.map((problem) => ({
    path: name,
    session: problem.from,
    hunk: hunkId(problem.hunk),
    message: sentenceOf(problem),
  }));
  const modes = new Set(
    picked.flatMap(({ change, hunks: some }) => (some === undefined ? [change.after?.mode ?? ""] : [])),
  );
  modes.delete(before.mode);
  if (told.length > 0) return { problems: told };
  const oid = await storeText(tools, text);
  return { version: { oid, mode: Array.from(modes)[0] ?? before.mode } };
}

/** Undefined when the file's lines can't be read. */
function pickedHunks(tools: Tools, name: string, { of, hunks }: FilePick) {
  const wanted = hunks && new Set(hunks);
  const isWanted = (hunk: LineHunk) => wanted === undefined || wanted.has(hunkId(hunk));
  const all = tools.hunks.get(of)?.get(name);
  return all?.filter(isWanted).map((hunk): PickedHunk<string> => ({ from: of.source.session, hunk }));
}

function sentenceOf({ kind, hunk }: HunkProblem<string>): string {
  const where =
    hunk.removed.length === 0
      ? `after line ${hunk.at}`
      : hunk.removed.length === 1
        ? `in line ${hunk.at + 1}`
        : `in lines ${hunk.at + 1} to ${hunk.at + hunk.removed.length}`;
  switch (kind) {
    case "overlaps":
      return `Another picked part changes the same place, ${where}. Pick one of the two.`;
    case "lineEnd":
      return "It takes the line end at the end of the file away, and another picked part goes on there. Pick one of the two.";
    case "otherText":
    default:
      return `The base has other lines there, ${where}. Look at the parts again.`;
  }
}

async function storeText({ git, gitDir }: Tools, text: string): Promise<string> {
  const input = Buffer.from(text, "latin1");
  return await git.text({ gitDir, args: ["hash-object", "-w", "--no-filters", "--stdin"], input });
}

/** Where a part comes from, as its commit's trailer says it. */
export function provenanceOf(
  { session, head }: PartsSource,
  { path: name, hunks }: SourcePick["files"][number],
): string {
  return [session, head, name, ...(hunks ?? [])].join(" ");
}

/** With an index of its own, which nothing else sees. */
async function writeTree(
  git: GitCli,
  gitDir: string,
  base: string,
  versions: ReadonlyMap<string, Version>,
): Promise<string> {
  const index = path.join(gitDir, `index.combine-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git.run({ gitDir, env, args: ["read-tree", base] });
    const nothing = "0".repeat(base.length);
    // What goes makes room for what comes: a directory in the place of a file.
    const lines = Array.from(versions).toSorted(([, a], [, b]) => Number(a !== undefined) - Number(b !== undefined));
    const input = lines
      .map(([name, version]) => `${version?.mode ?? "0"} ${version?.oid ?? nothing}\t${name}\0`)
      .join("");
    await git.run({ gitDir, env, args: ["update-index", "-z", "--index-info"], input });
    return await git.text({ gitDir, env, args: ["write-tree"] });
  } finally {
    await rm(index, { force: true });
  }
}

/** Paths in which the tree is other than meant: git replaces a file by a directory of the same name, and the reverse. */
async function differences(
  parts: BranchParts,
  wanted: {
    readonly base: string;
    readonly tree: string;
    readonly versions: ReadonlyMap<string, Version>;
    readonly byPath: ReadonlyMap<string, readonly FilePick[]>;
  },
): Promise<readonly string[]> {
  const { base, tree, versions, byPath } = wanted;
  const made = await parts.compare(base, tree);
  const strange = Array.from(made.keys()).filter((name) => !versions.has(name));
  const wrong = Array.from(versions).filter(([name, version]) => {
    const change = made.get(name);
    return !isSameVersion(change ? change.after : byPath.get(name)?.[0]?.change.before, version);
  });
  return [...strange, ...wrong.map(([name]) => name)];
}

function displaced(name: string, byPath: ReadonlyMap<string, readonly FilePick[]>): PickProblem {
  const isRelated = (other: string) => other === name || other.startsWith(`${name}/`) || name.startsWith(`${other}/`);
  const picks = Array.from(byPath).find(([other]) => isRelated(other))?.[1] ?? [];
  const message = "Another picked part has a directory where this has a file of the same name. Pick one of the two.";
  return { path: name, session: picks[0]?.of.source.session ?? "", message };
}

function isSameVersion(a: Version, b: Version): boolean {
  return a?.oid === b?.oid && a?.mode === b?.mode;
}
