import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { packFolder } from "../../package/packExtension.ts";
import type { Lifetime } from "../../support/vscode/lifetime.ts";

export const checkout = path.resolve(import.meta.dirname, "../../..");

/** A folder for one part of the suite, removed with `lifetime`. */
export async function temporaryFolder(lifetime: Lifetime): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "muster-bench-"));
  lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return folder;
}

/** The extension as it is shipped, from the bundles in `dist/`. Returns the VSIX. */
export async function packBuilt(folder: string): Promise<string> {
  if (!existsSync(path.join(checkout, "dist", "extension.cjs")))
    throw new Error('dist/extension.cjs is not there. Run "npm run build" first.');
  const file = path.join(folder, "muster.vsix");
  await packFolder(checkout, file);
  return file;
}
