import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { packExtension, root } from "./packExtension.ts";

/**
 * Packs the extension from a fresh copy of the project's files, in another place and with nothing built there before.
 * Returns the digest of the VSIX.
 */
export async function digestOfCleanBuild(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "muster-clean-"));
  try {
    const listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ":!test"];
    const { stdout } = await promisify(execFile)("git", listing, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
    for (const file of stdout.split("\0").filter((name) => name !== "")) {
      await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
      await copyFile(path.join(root, file), path.join(folder, file));
    }
    await symlink(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    return await digestOf(await packExtension(path.join(folder, "packed"), folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function digestOf(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}
