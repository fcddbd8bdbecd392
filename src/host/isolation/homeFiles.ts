import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeHomeDirectory } from "../workspaces/environment.ts";

/** Texts by their paths below a home, which lead nowhere else. */
export type HomeFiles = Readonly<Record<string, string>>;

/**
 * Writes them where nothing confines anybody. The home is the agent's to change between two starts, so no link in it is
 * followed: a link in the way is removed, and a file is made anew.
 */
export async function writeHomeFiles(home: string, files: HomeFiles): Promise<void> {
  await makeHomeDirectory(home, ["tmp"]);
  for (const [name, text] of Object.entries(files)) {
    const target = path.join(await makeHomeDirectory(home, path.dirname(name).split(path.sep)), path.basename(name));
    await rm(target, { recursive: true, force: true });
    await writeFile(target, text, { mode: 0o600, flag: "wx" });
  }
}
