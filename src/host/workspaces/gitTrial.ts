import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { GitCli, GitCommand } from "./gitCli.ts";
import { GitError } from "./gitFailure.ts";
import { initializeTrusted } from "./trustedGitDir.ts";

/**
 * Traps of hostile repositories into which the git of this machine falls, as the host uses it; none on a good one. What git
 * does counts and not its version, because distributions mend old versions.
 */
export async function tryGit(git: GitCli): Promise<readonly string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "muster-git-"));
  try {
    const trial = new Trial(git, directory);
    await trial.prepare();
    const failed: string[] = [];
    for (const [name, holds] of trial.checks) if (!(await holds())) failed.push(name);
    return failed;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Why the host does not work with this git, as a sentence; undefined for a good one. */
export async function gitRefusal(git: GitCli): Promise<string | undefined> {
  const failed = await tryGit(git);
  if (failed.length === 0) return undefined;
  return `The host's git is not safe to use with repositories of others: ${failed.join(", ")}. Update git on the host.`;
}

const identity = {
  GIT_AUTHOR_NAME: "Trial",
  GIT_AUTHOR_EMAIL: "trial@muster.invalid",
  GIT_COMMITTER_NAME: "Trial",
  GIT_COMMITTER_EMAIL: "trial@muster.invalid",
};

class Trial {
  readonly #git: GitCli;
  readonly #root: string;
  readonly #hostile: string;
  readonly #trusted: string;
  readonly #marks: string;
  #evil = "";
  #commit = "";

  /** What is told of a git at which one fails. */
  readonly checks: readonly (readonly [string, () => Promise<boolean>])[] = [
    ["it runs what a checkout's configuration and hooks name", () => this.#obeysNoCheckout()],
    ["it uses a transport that was not allowed", () => this.#usesNoOtherTransport()],
    ["it takes files that are named like its own directory", () => this.#refusesOwnNames()],
    ["it obeys the hooks of a repository that it copies", () => this.#copiesNoHooks()],
    ["it can't merge without a checkout", () => this.#merges()],
  ];

  constructor(git: GitCli, directory: string) {
    this.#git = git;
    this.#root = path.join(directory, "checkout");
    this.#hostile = path.join(this.#root, ".git");
    this.#trusted = path.join(directory, "trusted.git");
    this.#marks = path.join(directory, "marks");
  }

  async prepare(): Promise<void> {
    await mkdir(this.#marks);
    await this.#git.run({ args: ["init", "--quiet", "--template=", this.#root] });
    await initializeTrusted(this.#git, this.#trusted);
    await writeFile(path.join(this.#root, "a.txt"), "one\n");
    await writeFile(path.join(this.#root, ".gitattributes"), "* filter=evil diff=evil merge=evil\n");
    const inCheckout = { gitDir: this.#trusted, workTree: this.#root };
    await this.#git.run({ ...inCheckout, args: ["add", "--all"] });
    const tree = await this.#git.text({ gitDir: this.#trusted, args: ["write-tree"] });
    this.#commit = await this.#git.text({
      gitDir: this.#trusted,
      args: ["commit-tree", "-m", "Trial", tree],
      env: identity,
    });
    this.#evil = path.join(this.#root, "evil.sh");
    await writeFile(this.#evil, `#!/bin/sh\n: > "${this.#marks}/$$"\ncat\n`);
    await chmod(this.#evil, 0o755);
    const hooks = path.join(this.#hostile, "hooks");
    await mkdir(hooks);
    for (const name of [
      "post-checkout",
      "post-index-change",
      "reference-transaction",
      "pre-push",
      "fsmonitor-watchman",
    ]) {
      await writeFile(path.join(hooks, name), `#!/bin/sh\n: > "${this.#marks}/$$"\n`);
      await chmod(path.join(hooks, name), 0o755);
    }
    const commands = ["core.fsmonitor", "core.pager", "diff.external", "diff.evil.textconv", "filter.evil.clean"];
    const more = ["filter.evil.smudge", "filter.evil.process", "merge.evil.driver", "uploadpack.packObjectsHook"];
    for (const key of [...commands, ...more]) {
      await this.#git.run({ gitDir: this.#hostile, args: ["config", key, this.#evil] });
    }
    await this.#git.run({ gitDir: this.#hostile, args: ["config", "core.hooksPath", hooks] });
  }

  async #obeysNoCheckout(): Promise<boolean> {
    const inCheckout = { gitDir: this.#trusted, workTree: this.#root };
    await writeFile(path.join(this.#root, "a.txt"), "two\n");
    await this.#git.run({ ...inCheckout, args: ["add", "--all"] });
    await this.#git.run({ ...inCheckout, args: ["diff", "--no-ext-diff", "--no-textconv", this.#commit] });
    await this.#git.run({ ...inCheckout, args: ["checkout-index", "--force", "--all"] });
    return await this.#isUnmarked();
  }

  async #usesNoOtherTransport(): Promise<boolean> {
    const address = `ext::sh -c :>${this.#marks}/ext`;
    const refused = await this.#fails({ args: ["ls-remote", "--end-of-options", address], protocol: "https" });
    const local = await this.#fails({ args: ["ls-remote", "--end-of-options", this.#trusted], protocol: "https" });
    return refused && local && (await this.#isUnmarked());
  }

  /** Such a tree can't be made by `mktree`, so it is written as bytes. */
  async #refusesOwnNames(): Promise<boolean> {
    const blob = await this.#git.text({
      gitDir: this.#trusted,
      args: ["hash-object", "-w", "--stdin"],
      input: "[core]\n",
    });
    for (const name of [".GIT", "git~1"]) {
      const entry = Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, "hex")]);
      const file = path.join(this.#trusted, "entry");
      await writeFile(file, entry);
      const args = ["hash-object", "-t", "tree", "-w", "--literally", file];
      const tree = await this.#git.text({ gitDir: this.#trusted, args });
      const commit = await this.#git.text({
        gitDir: this.#trusted,
        args: ["commit-tree", "-m", "x", tree],
        env: identity,
      });
      await this.#git.run({ gitDir: this.#trusted, args: ["update-ref", "refs/heads/named", commit] });
      const fetch = ["fetch", "--quiet", "--end-of-options", this.#trusted, "+refs/heads/named:refs/heads/named"];
      if (!(await this.#fails({ gitDir: await this.#empty(name), args: fetch, protocol: "file" }))) return false;
    }
    return true;
  }

  async #copiesNoHooks(): Promise<boolean> {
    await this.#git.run({
      gitDir: this.#hostile,
      args: ["fetch", "--quiet", this.#trusted, this.#commit],
      protocol: "file",
    });
    await this.#git.run({ gitDir: this.#hostile, args: ["update-ref", "refs/heads/main", this.#commit] });
    const copy = `${this.#trusted}-copy`;
    const options = ["--quiet", "--bare", "--no-hardlinks", "--template="];
    await this.#git.run({ args: ["clone", ...options, "--end-of-options", this.#hostile, copy], protocol: "file" });
    return await this.#isUnmarked();
  }

  async #merges(): Promise<boolean> {
    const args = ["merge-tree", "--write-tree", "--stdin", "--name-only", "--no-messages"];
    const input = `${this.#commit} ${this.#commit}\n`;
    return !(await this.#fails({ gitDir: this.#trusted, args, input }));
  }

  async #empty(name: string): Promise<string> {
    const gitDir = `${this.#trusted}-${name}`;
    await initializeTrusted(this.#git, gitDir);
    return gitDir;
  }

  async #fails(command: GitCommand): Promise<boolean> {
    try {
      await this.#git.run(command);
      return false;
    } catch (error) {
      if (error instanceof GitError) return true;
      throw error;
    }
  }

  async #isUnmarked(): Promise<boolean> {
    return (await readdir(this.#marks)).length === 0;
  }
}
