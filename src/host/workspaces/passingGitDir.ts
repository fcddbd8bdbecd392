import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { GitCli } from "./gitCli.ts";
import { initializeTrusted } from "./trustedGitDir.ts";

/**
 * A git directory for a passing purpose that sees the objects of several others and keeps what is made on the way to
 * itself: nothing is written where the others are.
 * @param sources git directories of the host's own; @param directory where the passing one is made
 */
export async function inPassingGitDir<T>(
  git: GitCli,
  directory: string,
  sources: readonly string[],
  use: (gitDir: string) => Promise<T>,
): Promise<T> {
  const gitDir = path.join(directory, `passing-${randomUUID()}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await initializeTrusted(git, gitDir);
    await mkdir(path.join(gitDir, "objects", "info"), { recursive: true });
    const lines = sources.map((source) => `${path.join(source, "objects")}\n`);
    await writeFile(path.join(gitDir, "objects", "info", "alternates"), lines.join(""));
    return await use(gitDir);
  } finally {
    await rm(gitDir, { recursive: true, force: true });
  }
}
