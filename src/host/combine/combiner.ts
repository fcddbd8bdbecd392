import type { FilePart, PartHunk, PartsFile, PickProblem } from "../../protocol/fleetParts.ts";
import { compact } from "../../protocol/schema.ts";
import { hunksMeet } from "../forecast/overlap.ts";
import { totalsOf } from "../workspaces/changes.ts";
import type { GitCli } from "../workspaces/gitCli.ts";
import { localFailure } from "../workspaces/gitFailure.ts";
import { inPassingGitDir } from "../workspaces/passingGitDir.ts";
import { BranchParts, type PartsSource, type SourceChanges } from "./branchParts.ts";
import { combineTree, type SourcePick, unmergedBase } from "./combineTree.ts";
import { hunkId, type LineHunk } from "./lineHunks.ts";

/** A branch, and the git directory that has its objects. */
export interface CombineSource extends PartsSource {
  readonly gitDir: string;
}

export interface Parts {
  readonly base: string;
  readonly files: PartsFile[];
  readonly fileCount: number;
}

export interface Preview {
  readonly problems: readonly PickProblem[];
  readonly files: number;
  readonly additions: number;
  readonly deletions: number;
  readonly patch?: string | undefined;
}

/** What one answer holds at most: more is nothing that a person picks from. */
const limits = { files: 1_000, hunkLines: 200, lineLength: 1_000, textLength: 1_000_000, patchLength: 500_000 };

/** Tells what branches are made of and what picks of them come to, without writing anything where the branches are. */
export class Combiner {
  readonly #git: GitCli;
  readonly #directory: string;

  /** @param directory for what is made on the way */
  constructor(git: GitCli, directory: string) {
    this.#git = git;
    this.#directory = directory;
  }

  /** @param isShared only the files that more than one branch touches */
  parts(sources: readonly CombineSource[], isShared: boolean): Promise<Parts> {
    return this.#with(sources, "Couldn't compare the agents' branches", async (gitDir) => {
      const parts = new BranchParts(this.#git, gitDir);
      const base = await parts.commonBase(sources);
      const branches: SourceChanges[] = [];
      for (const source of sources) branches.push(await parts.changes(source, base));
      const touchedBy = (name: string) => branches.filter(({ changes }) => changes.has(name));
      const names = Array.from(new Set(branches.flatMap(({ changes }) => Array.from(changes.keys())))).toSorted();
      const chosen = isShared ? names.filter((name) => touchedBy(name).length > 1) : names;
      const shown = chosen.slice(0, limits.files);
      const shared = shown.filter((name) => touchedBy(name).length > 1);
      const hunks = new Map<SourceChanges, ReadonlyMap<string, readonly LineHunk[]>>();
      for (const branch of branches) hunks.set(branch, await parts.hunks(base, branch, shared));
      const budget = { left: limits.textLength };
      const files = shown.map((name): PartsFile => {
        const touching = touchedBy(name);
        const of = (branch: SourceChanges) => hunks.get(branch)?.get(name) ?? [];
        return {
          path: name,
          parts: touching.map((branch) => {
            const others = touching.filter((other) => other !== branch).flatMap(of);
            return toPart(branch, name, of(branch), others, budget);
          }),
        };
      });
      return { base, files, fileCount: chosen.length };
    });
  }

  preview(base: string, picks: readonly SourcePick[], sources: readonly CombineSource[]): Promise<Preview> {
    return this.#with(sources, "Couldn't put the picked parts together", async (gitDir) => {
      const { tree, problems } = await combineTree(this.#git, gitDir, base, picks);
      if (problems.length > 0) return { problems, files: 0, additions: 0, deletions: 0 };
      const parts = new BranchParts(this.#git, gitDir);
      const totals = totalsOf(Array.from((await parts.compare(base, tree)).values()));
      const patch = (await parts.patch(base, tree))?.slice(0, limits.patchLength);
      return { problems, ...totals, patch };
    });
  }

  async #with<T>(sources: readonly CombineSource[], during: string, use: (gitDir: string) => Promise<T>): Promise<T> {
    try {
      const gitDirs = Array.from(new Set(sources.map(({ gitDir }) => gitDir)));
      return await inPassingGitDir(this.#directory, gitDirs, use);
    } catch (error) {
      throw localFailure(error, during);
    }
  }
}

function toPart(
  { source, changes, unmerged, isCarried }: SourceChanges,
  name: string,
  hunks: readonly LineHunk[],
  others: readonly LineHunk[],
  budget: { left: number },
): FilePart {
  const { status = "modified", additions = 0, deletions = 0, after } = changes.get(name) ?? {};
  return compact({
    session: source.session,
    status: status === "renamed" ? "modified" : status,
    additions,
    deletions,
    blob: isCarried || after === undefined ? undefined : { oid: after.oid },
    hunks: hunks.map((hunk) => toPartHunk(hunk, others, budget)),
    problem: unmerged.has(name) ? unmergedBase : undefined,
  });
}

function toPartHunk(hunk: LineHunk, others: readonly LineHunk[], budget: { left: number }): PartHunk {
  const id = hunkId(hunk);
  const [removed, added] = [shown(hunk.removed, budget), shown(hunk.added, budget)];
  return compact({
    id,
    ...placeOf(hunk),
    removed: removed.lines,
    added: added.lines,
    isCut: removed.isCut || added.isCut || undefined,
    meets: hunksMeet([placeOf(hunk)], others.filter((other) => hunkId(other) !== id).map(placeOf)) || undefined,
  });
}

/** As git counts: an insertion stands after its line. */
function placeOf({ at, removed }: LineHunk): { start: number; lines: number } {
  return { start: removed.length === 0 ? at : at + 1, lines: removed.length };
}

function shown(lines: readonly string[], budget: { left: number }): { lines: string[]; isCut: boolean } {
  const some: string[] = [];
  for (const line of lines.slice(0, limits.hunkLines)) {
    if (budget.left <= 0) break;
    const text = Buffer.from(line, "latin1")
      .toString("utf8")
      .replace(/\r?\n$/, "")
      .slice(0, limits.lineLength);
    budget.left -= text.length;
    some.push(text);
  }
  return { lines: some, isCut: some.length < lines.length };
}
