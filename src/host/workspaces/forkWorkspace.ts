import { createHash } from "node:crypto";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CheckoutParts, CheckoutTarget } from "./checkout.ts";
import { copyTree } from "./copyTree.ts";
import type { GitIdentity } from "./gitWorkspace.ts";
import type { WorkspacePaths } from "./workspace.ts";

/**
 * Makes the agent's own repository of a copied workspace from the trusted git directory: the history of the base commit
 * and nothing of what other sessions recorded, without files yet. Neither the mirror nor the network is asked.
 */
export async function copyBase(
  { git, paths, identity, timeoutMs, signal }: CheckoutParts,
  { branch, baseBranch, commit, url }: CheckoutTarget & { readonly baseBranch: string },
): Promise<void> {
  const { gitDir, root, home } = paths;
  const own = path.join(root, ".git");
  await mkdir(home, { recursive: true, mode: 0o700 });
  await git.run({
    args: ["init", "--quiet", "--template=", `--initial-branch=${branch}`, "--end-of-options", root],
  });
  await appendFile(path.join(own, "config"), configOf({ identity, baseBranch, url }));
  // Objects go from pack to pack as they are: a clone would unpack each to name it again.
  const pack = path.join(own, "objects", "pack", "pack");
  const args = ["pack-objects", "--quiet", "--revs", "--delta-base-offset", "--window=0", pack];
  await git.run({ gitDir, args, input: `${commit}\n`, timeoutMs, signal });
  const remote = "refs/remotes/origin";
  const refs = new Set([branch, baseBranch].map((name) => `refs/heads/${name}`)).add(`${remote}/${baseBranch}`);
  const input = Array.from(refs, (ref) => `create ${ref} ${commit}\n`).join("");
  await git.run({ gitDir: own, args: ["update-ref", "--stdin"], input });
  await writeFile(path.join(own, remote, "HEAD"), `ref: ${remote}/${baseBranch}\n`);
}

/** What `git clone --single-branch --no-tags` would write of the remote. */
function configOf({ identity, baseBranch, url }: { identity: GitIdentity; baseBranch: string; url: string }): string {
  const tracking = `+refs/heads/${baseBranch}:refs/remotes/origin/${baseBranch}`;
  const sections = {
    user: { name: identity.name, email: identity.email },
    'remote "origin"': { url, tagOpt: "--no-tags", fetch: tracking },
    [`branch "${baseBranch}"`]: { remote: "origin", merge: `refs/heads/${baseBranch}` },
  };
  const lines = Object.entries(sections).map(([name, values]) => [`[${name}]`, ...Object.entries(values).map(setting)]);
  return `${lines.flat().join("\n")}\n`;
}

function setting([key, value]: readonly [string, string]): string {
  return `\t${key} = "${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
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
