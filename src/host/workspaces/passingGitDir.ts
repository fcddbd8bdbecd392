import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { TRUSTED_ATTRIBUTES } from "./gitCli.ts";

/**
 * A git directory for a passing purpose that sees the objects of several others and keeps what is made on the way to
 * itself: nothing is written where the others are.
 * @param sources git directories of the host's own; @param directory where the passing one is made
 */
export async function inPassingGitDir<T>(
  directory: string,
  sources: readonly string[],
  use: (gitDir: string) => Promise<T>,
): Promise<T> {
  const gitDir = path.join(directory, `passing-${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lines = sources.map((source) => `${path.join(source, "objects")}\n`);
    await makeBare(gitDir, { "objects/info/alternates": lines.join(""), "info/attributes": TRUSTED_ATTRIBUTES });
    return await use(gitDir);
  } finally {
    await rm(gitDir, { recursive: true, force: true });
  }
}

/** What `git init` would make and git asks for: one process less. */
async function makeBare(gitDir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const folder of ["objects/info", "refs", "info"]) await mkdir(path.join(gitDir, folder), { recursive: true });
  const own = {
    config: "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
    HEAD: "ref: refs/heads/main\n",
  };
  await Promise.all(
    Object.entries({ ...files, ...own }).map(([name, text]) => writeFile(path.join(gitDir, name), text)),
  );
}
