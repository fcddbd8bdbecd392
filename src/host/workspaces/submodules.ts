import { lstat } from "node:fs/promises";
import path from "node:path";
import type { RawChange } from "./changes.ts";
import type { GitCli } from "./gitCli.ts";

export const gitlinkMode = "160000";

interface Places {
  readonly root: string;
  readonly gitDir: string;
}

/** Paths that a `.gitmodules` calls submodules. */
export interface Submodules {
  /** In the files as they are. */
  readonly declared: ReadonlySet<string>;
  /** Those, and what the base commit had in their place. */
  readonly known: ReadonlySet<string>;
}

/**
 * Marks the submodules of an index as not present: git asks a submodule for its state by running git *inside* it, and what
 * is inside is the agent's. `env` may name another index than the workspace's.
 */
export async function markSubmodules(
  git: GitCli,
  places: Places,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await update(git, places, env, ["--skip-worktree"], await gitlinksOf(git, places, env));
}

/**
 * What the repository says that it has for submodules. One whose `.gitmodules` neither is in the files nor was in the base
 * commit has none.
 * @param changes of the tree, from the base commit
 */
export async function readSubmodules(
  git: GitCli,
  places: Places,
  tree: string,
  changes: readonly RawChange[],
): Promise<Submodules> {
  const { gitDir } = places;
  const file = await look(places, ".gitmodules");
  const before = changes.find(({ path: name, oldPath = name }) => oldPath === ".gitmodules")?.before?.oid;
  const [declared, earlier] = await Promise.all([
    file === undefined ? [] : pathsIn(git, gitDir, `${tree}:.gitmodules`),
    before === undefined ? [] : pathsIn(git, gitDir, before),
  ]);
  return { declared: new Set(declared), known: new Set([...declared, ...earlier]) };
}

/**
 * Records for each submodule the commit that is checked out in its folder, which git reads there as a file: nothing runs
 * inside, and nothing is fetched. One with an empty folder stays as it is; one whose folder is gone and that no
 * `.gitmodules` names any more is gone. False when all stay as they are.
 */
export async function followSubmodules(
  git: GitCli,
  places: Places,
  env: Readonly<Record<string, string>>,
  { declared, known }: Submodules,
): Promise<boolean> {
  const present: string[] = [];
  const gone: string[] = [];
  for (const name of await gitlinksOf(git, places, env)) {
    if (!known.has(name)) continue;
    const stat = await look(places, name);
    if (stat === undefined && !declared.has(name)) gone.push(name);
    const isEmpty = stat?.isDirectory() === true && (await look(places, name, ".git")) === undefined;
    if (stat !== undefined && !isEmpty) present.push(name);
  }
  if (present.length === 0 && gone.length === 0) return false;
  await update(git, places, env, ["--force-remove"], gone);
  await update(git, places, env, ["--no-skip-worktree"], present);
  // Git refuses all of them when one is behind a link: then they stay as they were.
  await update(git, places, env, [], present);
  await markSubmodules(git, places, env);
  return true;
}

function look({ root }: Places, ...names: readonly string[]) {
  return lstat(path.join(root, ...names)).catch(() => undefined);
}

async function gitlinksOf(git: GitCli, { gitDir }: Places, env: Readonly<Record<string, string>>): Promise<string[]> {
  const listing = await git.run({ gitDir, env, args: ["ls-files", "--stage", "-z"] });
  return listing.stdout
    .toString("utf8")
    .split("\0")
    .filter((entry) => entry.startsWith(`${gitlinkMode} `))
    .map((entry) => entry.slice(entry.indexOf("\t") + 1));
}

async function update(
  git: GitCli,
  { gitDir, root }: Places,
  env: Readonly<Record<string, string>>,
  options: readonly string[],
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const args = ["update-index", "-z", ...options, "--stdin"];
  const accept = options.length === 0 ? [128] : [];
  await git.run({ gitDir, workTree: root, env, args, input: names.join("\0"), accept });
}

/** Only reads the text: what else it asks for is not done. */
async function pathsIn(git: GitCli, gitDir: string, blob: string): Promise<string[]> {
  const args = ["config", "-z", "--blob", blob, "--get-regexp", "^submodule\\..*\\.path$"];
  const { stdout } = await git.run({ gitDir, args, accept: [1, 128] });
  const entries = stdout.toString("utf8").split("\0");
  return entries.flatMap((entry) => (entry === "" ? [] : [entry.slice(entry.indexOf("\n") + 1)]));
}
