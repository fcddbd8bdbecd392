import { readFile } from "node:fs/promises";
import path from "node:path";
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
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Commit id of a branch, or `undefined` if there is no such branch. */
  async branch(name: string): Promise<string | undefined> {
    // A loose reference is a file; the one that git wrote last is.
    const file = path.join(this.directory, "refs/heads", name);
    const loose = /^[\w./-]+$/.test(name) ? await readFile(file, "utf8").catch(() => undefined) : undefined;
    if (loose !== undefined) return loose.trim();
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
    if (/^[0-9a-f]{40}$/.test(revision)) return this.#once(() => this.#resolve(revision), "#resolve", revision);
    return this.#resolve(revision);
  }

  async #resolve(revision: string): Promise<string | undefined> {
    return (
      (await this.branch(revision)) ??
      (await this.#tryGit("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`))
    );
  }

  commit(sha: string): Promise<CommitInfo> {
    return this.#once(() => this.#commit(sha), "#commit", sha);
  }

  async #commit(sha: string): Promise<CommitInfo> {
    const format = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%B";
    const text = await this.#git("show", "--no-patch", `--format=${format}`, sha);
    const [id = "", tree = "", parents = "", name = "", email = "", date = "", message = ""] = text.split("\0");
    return { sha: id, tree, parents: parents.split(" ").filter(Boolean), author: { name, email, date }, message };
  }

  /** Commits of `head` that `base` lacks, oldest first. */
  async commitsBetween(base: string, head: string): Promise<CommitInfo[]> {
    const from = (await this.branch(base)) ?? base;
    return this.#once(() => this.#commitsBetween(from, head), "#commits", from, head);
  }

  async #commitsBetween(base: string, head: string): Promise<CommitInfo[]> {
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
    const from = (await this.branch(base)) ?? base;
    return this.#once(() => this.#filesBetween(from, head), "#files", from, head);
  }

  async #filesBetween(base: string, head: string): Promise<ChangedFileInfo[]> {
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
    const from = (await this.branch(base)) ?? base;
    const merge = async () => (await this.#tryGit("merge-tree", "--write-tree", from, head))?.split("\n")[0];
    return this.#once(merge, "#merge", from, head);
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

  /** What a tree, or a branch's root, holds; `undefined` if there is no such thing. */
  async tree(revision: string): Promise<{ sha: string; tree: Record<string, string>[] } | undefined> {
    const sha = await this.#tryGit("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{tree}`);
    if (sha === undefined) return undefined;
    const lines = (await this.#git("ls-tree", sha)).split("\n").filter(Boolean);
    const tree = lines.map((line) => {
      const [, mode = "", type = "", id = "", name = ""] = /^(\d+) (\w+) (\w+)\t(.*)$/.exec(line) ?? [];
      return { path: name, mode, type, sha: id };
    });
    return { sha, tree };
  }

  async blob(sha: string): Promise<string | undefined> {
    return this.#tryGit("cat-file", "blob", sha);
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

  /** What is asked about commits by their ids is the same every time. */
  #once<T>(make: () => Promise<T>, ...key: readonly string[]): Promise<T> {
    const name = key.join(" ");
    const isFixed = key.every((part) => part.startsWith("#") || /^[0-9a-f]{40}$/.test(part));
    if (!isFixed) return make();
    const known = this.#known.get(name) ?? make();
    this.#known.set(name, known);
    return known as Promise<T>;
  }

  async #tryGit(...args: string[]): Promise<string | undefined> {
    return this.#git(...args).catch(() => undefined);
  }
}
