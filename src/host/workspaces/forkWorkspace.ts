import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { type CheckoutParts, identityConfig } from "./checkout.ts";
import { copyTree } from "./copyTree.ts";
import type { WorkspacePaths } from "./workspace.ts";

/**
 * Makes the agent's own repository of a copied workspace from the trusted git directory: the history of the base commit
 * and nothing of what other sessions recorded. Neither the mirror nor the network is asked.
 */
export async function copyBase(
  { git, paths, identity, timeoutMs, signal }: CheckoutParts,
  { baseBranch, baseCommit }: { readonly baseBranch: string; readonly baseCommit: string },
): Promise<void> {
  const { gitDir, root, home } = paths;
  await mkdir(home, { recursive: true, mode: 0o700 });
  const ref = `refs/heads/${baseBranch}`;
  await git.run({ gitDir, args: ["update-ref", ref, baseCommit] });
  const options = ["--quiet", "--no-local", "--single-branch", "--no-tags", "--no-checkout", "--template="];
  const args = [
    "clone",
    ...options,
    ...identityConfig(identity),
    `--branch=${baseBranch}`,
    "--end-of-options",
    gitDir,
    root,
  ];
  await git.run({ args, protocol: "file", timeoutMs, signal });
  await git.run({ gitDir, args: ["update-ref", "-d", ref] });
}

const homeLimits = { maxEntries: 20_000, maxBytes: 512 * 1024 * 1024, without: [".cache", ".npm", "tmp"] };

/**
 * What an agent remembers is in its home, and some agents keep it under the name of the checkout. A home that is too large
 * to copy stays empty.
 */
export async function copyHome(from: WorkspacePaths, to: WorkspacePaths): Promise<boolean> {
  const renamed = new Map(namesFor(from.root).map((name, index) => [name, namesFor(to.root)[index] ?? name]));
  const isWhole = await copyTree(from.home, to.home, { ...homeLimits, renamed });
  if (!isWhole) {
    await rm(to.home, { recursive: true, force: true });
    await mkdir(to.home, { recursive: true, mode: 0o700 });
  }
  return isWhole;
}

/** How agents name the place of a checkout: with hyphens for what is no letter or digit, or by its hash. */
function namesFor(root: string): readonly string[] {
  return [root.replaceAll(/[^A-Za-z0-9]/g, "-"), createHash("sha256").update(root).digest("hex")];
}
