import { carryOver } from "../workspaces/carryOver.ts";
import { parseChanges, type RawChange } from "../workspaces/changes.ts";
import type { GitCli, GitCommand } from "../workspaces/gitCli.ts";
import { GitError } from "../workspaces/gitFailure.ts";
import { checkOid } from "../workspaces/refs.ts";
import { type LineHunk, parseFileHunks, splitPatch } from "./lineHunks.ts";

/** An agent's branch at one of its checkpoints. */
export interface PartsSource {
  readonly session: string;
  /** The checkpoint's commit, whose only parent is `base`. */
  readonly head: string;
  readonly base: string;
}

/** What a branch changes, counted from one base commit. */
export interface SourceChanges {
  readonly source: PartsSource;
  /** The files as they are with that base. */
  readonly tree: string;
  /** The branch itself stands on another base. */
  readonly isCarried: boolean;
  /** Paths that git can't merge with what the base has got since the branch began. */
  readonly unmerged: ReadonlySet<string>;
  /** By path; a rename is a deletion and an addition. */
  readonly changes: ReadonlyMap<string, RawChange>;
}

const maxPatchBytes = 16 * 1024 * 1024;
const pathsAtOnce = 200;
const safe = ["--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];

/** Reads branches in a git directory that has the objects of all of them. */
export class BranchParts {
  readonly #git: GitCli;
  readonly #gitDir: string;

  constructor(git: GitCli, gitDir: string) {
    this.#git = git;
    this.#gitDir = gitDir;
  }

  /** The latest of the commits that the branches began from; the first's where none follows all the others. */
  async commonBase(sources: readonly PartsSource[]): Promise<string> {
    const bases = Array.from(new Set(sources.map(({ base }) => checkOid(base))));
    for (const candidate of bases.length > 1 ? bases : []) {
      const others = bases.filter((base) => base !== candidate);
      const follows = await Promise.all(others.map((other) => this.#isAncestor(other, candidate)));
      if (follows.every(Boolean)) return candidate;
    }
    return bases[0] ?? "";
  }

  async changes(source: PartsSource, base: string): Promise<SourceChanges> {
    const { tree, conflicts } = await carryOver(this.#git, this.#gitDir, { ...source, onto: base });
    const changes = await this.compare(base, tree);
    const isUnmerged = (path: string) => conflicts.some((name) => name === path || name.startsWith(`${path}~`));
    const isCarried = source.base !== base;
    return { source, tree, isCarried, changes, unmerged: new Set(Array.from(changes.keys()).filter(isUnmerged)) };
  }

  /** What differs, by path. */
  async compare(from: string, to: string): Promise<ReadonlyMap<string, RawChange>> {
    const args = ["diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev", ...safe, checkOid(from), checkOid(to)];
    const { stdout } = await this.#run({ args });
    return new Map(parseChanges(stdout).map((change) => [change.path, change]));
  }

  /** The hunks of text files that both sides have; of others there are none. */
  async hunks(base: string, { tree, changes }: SourceChanges, paths: readonly string[]) {
    const wanted = paths.filter((path) => isTextChange(changes.get(path))).toSorted(byBytes);
    const found = new Map<string, readonly LineHunk[]>();
    for (let at = 0; at < wanted.length; at += pathsAtOnce) {
      const some = wanted.slice(at, at + pathsAtOnce);
      const sections = await this.#patch(["-U0", checkOid(base), checkOid(tree), "--", ...some]);
      // One section for each, in the order of their bytes.
      if (sections?.length !== some.length) continue;
      some.forEach((path, index) => {
        const hunks = parseFileHunks(sections[index] ?? "");
        if (hunks !== undefined) found.set(path, hunks);
      });
    }
    return found;
  }

  /** Of one tree against another, for people. */
  async patch(from: string, to: string): Promise<string | undefined> {
    const sections = await this.#patch(["-U3", checkOid(from), checkOid(to)]);
    return sections && Buffer.from(sections.join(""), "latin1").toString("utf8");
  }

  /** The bytes of a blob, as `lineHunks` wants them. */
  async text(oid: string): Promise<string> {
    const { stdout } = await this.#run({ args: ["cat-file", "blob", checkOid(oid)] });
    return stdout.toString("latin1");
  }

  /** Undefined when there is too much to look at. */
  async #patch(args: readonly string[]): Promise<readonly string[] | undefined> {
    try {
      const all = ["diff-tree", "-r", "-p", "--no-color", ...safe, ...args];
      const { stdout } = await this.#run({ args: all, maxOutputBytes: maxPatchBytes });
      return splitPatch(stdout.toString("latin1"));
    } catch (error) {
      if (error instanceof GitError && error.failure.ended === "tooLarge") return undefined;
      throw error;
    }
  }

  async #isAncestor(older: string, newer: string): Promise<boolean> {
    const args = ["merge-base", "--is-ancestor", older, newer];
    return (await this.#run({ args, accept: [1] })).exitCode === 0;
  }

  #run(command: GitCommand) {
    return this.#git.run({ ...command, gitDir: this.#gitDir });
  }
}

/** Regular files on both sides, with lines. */
export function isTextChange(change: RawChange | undefined): boolean {
  const isRegular = (mode: string | undefined) => mode === "100644" || mode === "100755";
  return change !== undefined && !change.binary && isRegular(change.before?.mode) && isRegular(change.after?.mode);
}

/** Git's own order of paths. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
