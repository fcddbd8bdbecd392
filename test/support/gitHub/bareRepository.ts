import { runGit } from "../repositories/testRepository.ts";

export interface CommitInfo {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: { readonly name: string; readonly email: string; readonly date: string };
  readonly message: string;
}

export interface ChangedFileInfo {
  readonly filename: string;
  readonly status: "added" | "removed" | "modified";
  readonly additions: number;
  readonly deletions: number;
}

/** Questions to a bare repository. What a branch is, and what two branches differ in, only git says. */
export class BareRepository {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Commit id of a branch, or `undefined` if there is no such branch. */
  async branch(name: string): Promise<string | undefined> {
    return this.#tryGit("rev-parse", "--verify", "--quiet", "--end-of-options", `refs/heads/${name}^{commit}`);
  }

  async branches(): Promise<{ name: string; sha: string }[]> {
    const text = await this.#git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/");
    return text === ""
      ? []
      : text.split("\n").map((line) => ({ name: line.split(" ")[0] ?? "", sha: line.split(" ")[1] ?? "" }));
  }

  /** Any commit-ish, or `undefined`. */
  async resolve(revision: string): Promise<string | undefined> {
    return (
      (await this.branch(revision)) ??
      (await this.#tryGit("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`))
    );
  }

  async commit(sha: string): Promise<CommitInfo> {
    const format = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%B";
    const text = await this.#git("show", "--no-patch", `--format=${format}`, sha);
    const [id = "", tree = "", parents = "", name = "", email = "", date = "", message = ""] = text.split("\0");
    return { sha: id, tree, parents: parents.split(" ").filter(Boolean), author: { name, email, date }, message };
  }

  /** Commits of `head` that `base` lacks, oldest first. */
  async commitsBetween(base: string, head: string): Promise<CommitInfo[]> {
    const text = await this.#git("rev-list", "--reverse", `${base}..${head}`);
    return Promise.all(
      text
        .split("\n")
        .filter(Boolean)
        .map((sha) => this.commit(sha)),
    );
  }

  async mergeBase(base: string, head: string): Promise<string | undefined> {
    return this.#tryGit("merge-base", base, head);
  }

  /** Files that `head` changed since it left `base`. */
  async filesBetween(base: string, head: string): Promise<ChangedFileInfo[]> {
    const range = `${base}...${head}`;
    const numbers = await this.#git("diff", "--numstat", "--no-renames", range);
    const states = await this.#git("diff", "--name-status", "--no-renames", range);
    const stateOf = new Map(states.split("\n").map((line) => [line.split("\t")[1], line[0]]));
    return numbers
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [additions = "0", deletions = "0", filename = ""] = line.split("\t");
        const state = stateOf.get(filename);
        const status = state === "A" ? "added" : state === "D" ? "removed" : "modified";
        return { filename, status, additions: Number(additions) || 0, deletions: Number(deletions) || 0 };
      });
  }

  /** The tree that a merge of the two makes; `undefined` if they conflict. */
  async mergedTree(base: string, head: string): Promise<string | undefined> {
    return (await this.#tryGit("merge-tree", "--write-tree", base, head))?.split("\n")[0];
  }

  /** Puts a commit with that tree on the branch. */
  async commitTree(branch: string, tree: string, parents: readonly string[], message: string): Promise<string> {
    const from = parents.flatMap((parent) => ["-p", parent]);
    const sha = await this.#git("commit-tree", ...from, "-m", message, tree);
    await this.#git("update-ref", `refs/heads/${branch}`, sha);
    return sha;
  }

  async deleteBranch(name: string): Promise<void> {
    await this.#git("update-ref", "-d", `refs/heads/${name}`);
  }

  /** Takes over what a branch of a fork has; its commit. */
  async takeOver(fork: BareRepository, branch: string): Promise<string | undefined> {
    const sha = await fork.branch(branch);
    if (sha !== undefined) await this.#git("fetch", "--quiet", "--no-tags", fork.directory, `refs/heads/${branch}`);
    return sha;
  }

  /** What is in a folder ("" is the root), or `undefined` if there is none. */
  async folder(revision: string, path: string): Promise<{ name: string; type: "file" | "dir"; sha: string }[] | undefined> {
    const text = await this.#tryGit("ls-tree", `${revision}:${path}`);
    return text
      ?.split("\n")
      .filter(Boolean)
      .map((line) => {
        const [, type = "", sha = "", name = ""] = /^\d+ (\w+) (\w+)\t(.*)$/.exec(line) ?? [];
        return { name, type: type === "tree" ? "dir" : "file", sha };
      });
  }

  /** Text of a file at a revision, or `undefined` if it is not there. */
  async file(revision: string, path: string): Promise<{ text: string; sha: string } | undefined> {
    const sha = await this.#tryGit("rev-parse", "--verify", "--quiet", `${revision}:${path}`);
    if (sha === undefined || (await this.#git("cat-file", "-t", sha)) !== "blob") return undefined;
    return { sha, text: await this.#git("cat-file", "blob", sha) };
  }

  async #git(...args: string[]): Promise<string> {
    return runGit(this.directory, args);
  }

  async #tryGit(...args: string[]): Promise<string | undefined> {
    return this.#git(...args).catch(() => undefined);
  }
}
