import { constants } from "node:fs";
import { copyFile, link, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type GitCli, TRUSTED_ATTRIBUTES } from "./gitCli.ts";

/**
 * Makes the git directory that the host alone writes: a session's, or one for a passing purpose.
 * @param source a git directory whose objects it has from the start; it depends on nothing of it afterwards
 */
export async function makeTrustedGitDir(git: GitCli, gitDir: string, source: string): Promise<void> {
  await initializeTrusted(git, gitDir);
  await linkObjects(source, gitDir);
}

/** Without objects. */
export async function initializeTrusted(git: GitCli, gitDir: string): Promise<void> {
  await git.run({ args: ["init", "--quiet", "--bare", "--template=", "--end-of-options", gitDir] });
  await mkdir(path.join(gitDir, "info"), { recursive: true });
  await writeFile(path.join(gitDir, "info", "attributes"), TRUSTED_ATTRIBUTES);
}

/**
 * Gives one git directory the objects of another without copying them: git never writes into a file of objects, so two
 * directories may hold the same one. Only between directories that no agent can write.
 */
export async function linkObjects(source: string, target: string): Promise<void> {
  const from = path.join(source, "objects");
  const to = path.join(target, "objects");
  for (const folder of await readdir(from)) {
    if (folder !== "pack" && !/^[0-9a-f]{2}$/.test(folder)) continue;
    await mkdir(path.join(to, folder), { recursive: true });
    const names = await readdir(path.join(from, folder));
    // An index without its pack is an error to git, a pack without its index is nothing.
    for (const name of names.toSorted((a, b) => rank(a) - rank(b))) {
      if (name.startsWith("tmp_")) continue;
      await linkOrCopy(path.join(from, folder, name), path.join(to, folder, name));
      // A collection would write a copy of everything in it.
      if (name.endsWith(".pack")) await writeFile(path.join(to, folder, name.replace(/pack$/, "keep")), "");
    }
  }
}

function rank(name: string): number {
  return name.endsWith(".idx") ? 1 : 0;
}

/** Where the file system has no links, or no more of them for this file, a copy does. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}
