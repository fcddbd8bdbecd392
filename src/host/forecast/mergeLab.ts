import { type NamedChange, parseChangesOfMany } from "../workspaces/changes.ts";
import type { GitCli, GitCommand } from "../workspaces/gitCli.ts";
import { GitError } from "../workspaces/gitFailure.ts";
import { inPassingGitDir } from "../workspaces/passingGitDir.ts";
import { checkOid } from "../workspaces/refs.ts";
import type { Hunk } from "./overlap.ts";

const mergeTimeoutMs = 120_000;
const maxPatchBytes = 16 * 1024 * 1024;
const maxNames = 500;
/** Git's answer about so many is held in memory at a time. */
const spansAtOnce = 16;
const plain = ["--no-renames", "--no-ext-diff", "--no-textconv"];

/** A line of work: from where it began to where it is. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** Lines that were touched, by file. */
export type HunksByPath = ReadonlyMap<string, readonly Hunk[]>;

/**
 * A passing git directory that sees the objects of several others and keeps what merging makes to itself: branches whose
 * objects lie apart are compared without anything being written where they are. Everything runs at the lowest priority.
 */
export class MergeLab {
  readonly #git: GitCli;
  readonly #gitDir: string;

  private constructor(git: GitCli, gitDir: string) {
    this.#git = git;
    this.#gitDir = gitDir;
  }

  /** @param sources git directories of the host's own; @param directory where the passing one is made */
  static with<T>(
    git: GitCli,
    directory: string,
    sources: readonly string[],
    use: (lab: MergeLab) => Promise<T>,
  ): Promise<T> {
    return inPassingGitDir(directory, sources, (gitDir) => use(new MergeLab(git, gitDir)));
  }

  /** Those of the commits that are in one of the sources. */
  async present(commits: readonly string[]): Promise<ReadonlySet<string>> {
    const input = commits.map((commit) => `${checkOid(commit)}\n`).join("");
    const { stdout } = await this.#run({ args: ["cat-file", "--batch-check=%(objectname) %(objecttype)"], input });
    const lines = stdout.toString("utf8").split("\n");
    return new Set(lines.filter((line) => line.endsWith(" commit")).map((line) => line.split(" ")[0] ?? ""));
  }

  /** What differs, for each of the spans. Not how much: for that git would read every file. */
  async changes(spans: readonly Span[]): Promise<readonly (readonly NamedChange[])[]> {
    const args = ["diff-tree", "--stdin", "--always", "-r", "-z", "--raw", "--no-abbrev", ...plain];
    const all: (readonly NamedChange[])[] = [];
    for (let at = 0; at < spans.length; at += spansAtOnce) {
      const some = spans.slice(at, at + spansAtOnce);
      const { stdout } = await this.#run({ args, input: some.map(lineOf).join("") });
      all.push(...parseChangesOfMany(stdout));
    }
    return all;
  }

  /** Which lines of the older side were touched, by file, for each of the spans; none where there is too much to look at. */
  async hunks(spans: readonly Span[], paths: readonly string[]): Promise<readonly HunksByPath[]> {
    const all: HunksByPath[] = [];
    for (let at = 0; at < spans.length; at += spansAtOnce) {
      const some = spans.slice(at, at + spansAtOnce);
      const found = await this.#hunksOf(some, paths);
      if (found) all.push(...found);
      // One of them is too much for all.
      else for (const span of some) all.push((await this.#hunksOf([span], paths))?.[0] ?? new Map());
    }
    return all;
  }

  async #hunksOf(spans: readonly Span[], paths: readonly string[]): Promise<readonly HunksByPath[] | undefined> {
    const options = ["--stdin", "--always", "-r", "-p", "-U0", "--no-color", ...plain];
    // As many names as surely fit on a command line; without them git tells of all files.
    const only = paths.length <= maxNames ? ["--", ...paths] : [];
    const input = spans.map(lineOf).join("");
    try {
      const { stdout } = await this.#run({
        args: ["diff-tree", ...options, ...only],
        input,
        maxOutputBytes: maxPatchBytes,
      });
      return parseHunks(stdout.toString("utf8"), paths);
    } catch (error) {
      if (error instanceof GitError && error.failure.ended === "tooLarge") return undefined;
      throw error;
    }
  }

  /** For each pair of commits the files that can't be merged. */
  async merge(pairs: readonly (readonly [string, string])[]): Promise<readonly (readonly string[])[]> {
    if (pairs.length === 0) return [];
    const input = pairs.map(([a, b]) => `${checkOid(a)} ${checkOid(b)}\n`).join("");
    const args = [
      "merge-tree",
      "--write-tree",
      "--stdin",
      "--name-only",
      "--no-messages",
      "--allow-unrelated-histories",
    ];
    const { stdout } = await this.#run({ args, input, timeoutMs: mergeTimeoutMs });
    return parseMerges(stdout.toString("utf8"));
  }

  /** How many commits `to` has that `from` has not. */
  async distance(from: string, to: string): Promise<number> {
    const range = `${checkOid(from)}..${checkOid(to)}`;
    const { stdout } = await this.#run({ args: ["rev-list", "--count", "--end-of-options", range] });
    return Number(stdout.toString("utf8"));
  }

  #run(command: Pick<GitCommand, "args" | "input" | "timeoutMs" | "maxOutputBytes">) {
    return this.#git.run({ ...command, gitDir: this.#gitDir, isBackground: true });
  }
}

/** Reads `merge-tree --stdin --name-only`: state, tree, the files in conflict, an empty record; for each merge. */
export function parseMerges(text: string): readonly (readonly string[])[] {
  const tokens = text.split("\0");
  const merges: string[][] = [];
  for (let at = 0; at + 2 < tokens.length;) {
    const end = tokens.indexOf("", at + 2);
    if (end === -1) break;
    merges.push(Array.from(new Set(tokens.slice(at + 2, end))));
    at = end + 1;
  }
  return merges;
}

/** Of several spans, each after a line with a commit's name. Files whose names git writes in quotes are left out. */
export function parseHunks(patch: string, paths: readonly string[]): readonly HunksByPath[] {
  const byHeader = new Map(paths.map((name) => [`diff --git a/${name} b/${name}`, name]));
  const all: Map<string, Hunk[]>[] = [];
  let current: Hunk[] | undefined;
  for (const line of patch.split("\n")) {
    const found = all.at(-1);
    if (/^[0-9a-f]{40,64}$/.test(line)) {
      all.push(new Map());
      current = undefined;
    } else if (line.startsWith("diff --git ")) {
      const name = byHeader.get(line);
      current = name === undefined ? undefined : (found?.get(name) ?? []);
      if (name !== undefined && current) found?.set(name, current);
    } else {
      const [, start, count] = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line) ?? [];
      if (start !== undefined) current?.push({ start: Number(start), lines: Number(count ?? 1) });
    }
  }
  return all;
}

function lineOf({ from, to }: Span): string {
  return `${checkOid(to)} ${checkOid(from)}\n`;
}
