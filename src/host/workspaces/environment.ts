import { lstat, mkdir, unlink } from "node:fs/promises";
import path from "node:path";

/**
 * What every program of a workspace starts from, agents and shells alike: from scratch, nothing of the host's own
 * environment but where programs are.
 */
export function cleanEnvironment(home: string, searchPath: string | undefined): Record<string, string> {
  return {
    PATH: searchPath ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    TMPDIR: path.join(home, "tmp"),
    LANG: "C.UTF-8",
  };
}

/** Makes directories below a workspace's home, which its programs may change: a link in the way is removed, not followed. */
export async function makeHomeDirectory(home: string, segments: readonly string[]): Promise<string> {
  let directory = home;
  for (const segment of segments) {
    directory = path.join(directory, segment);
    if (await isDirectory(directory)) continue;
    // Never takes a directory away: an agent and a shell may start at the same moment, and one of them comes first.
    await unlink(directory).catch(() => undefined);
    await mkdir(directory, { mode: 0o700 }).catch(async (error: unknown) => {
      if (!(await isDirectory(directory))) throw error;
    });
  }
  return directory;
}

/** False for a link to one. */
export async function isDirectory(directory: string): Promise<boolean> {
  const stat = await lstat(directory).catch(() => undefined);
  return stat?.isDirectory() ?? false;
}
