import { chmod, lstat, readdir, rm } from "node:fs/promises";
import path from "node:path";

/** Deletes a directory without following links, also where the agent took its own write permission away. */
export async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await openDirectories(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openDirectories(directory: string): Promise<void> {
  const stat = await lstat(directory).catch(() => undefined);
  if (!stat?.isDirectory()) return;
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await openDirectories(path.join(directory, entry.name));
  }
}
