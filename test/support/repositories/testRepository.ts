import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A commit of a synthesised history: files to write (text) or to remove (`undefined`), by relative path. */
export interface HistoryStep {
  readonly message: string;
  readonly files: Readonly<Record<string, string | undefined>>;
}

/** A real git repository in a temporary folder, on branch `main`. */
export class TestRepository {
  /** The work tree. */
  readonly path: string;
  readonly #temporary: string | undefined;
  #commits = 0;

  /** @param temporary folder to remove on `dispose`; leave it out if somebody else owns it */
  constructor(directory: string, temporary?: string) {
    this.path = directory;
    this.#temporary = temporary;
  }

  /** An empty repository, in `parent/name` or in a temporary folder of its own. */
  static async create(name: string, parent?: string): Promise<TestRepository> {
    const temporary = parent === undefined ? await mkdtemp(path.join(tmpdir(), "muster-repository-")) : undefined;
    const directory = path.join(parent ?? temporary ?? "", name);
    await mkdir(directory, { recursive: true });
    const repository = new TestRepository(directory, temporary);
    await repository.git("init", "--quiet", "--initial-branch=main");
    return repository;
  }

  /** Runs git in the work tree, untouched by the settings of the machine. Resolves with its trimmed output. */
  async git(...args: string[]): Promise<string> {
    return runGit(this.path, args);
  }

  async head(revision = "HEAD"): Promise<string> {
    return this.git("rev-parse", "--verify", `${revision}^{commit}`);
  }

  async write(file: string, text: string): Promise<void> {
    const target = path.join(this.path, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  /** Commits all that is in the work tree. Dates are an hour apart from a fixed start, so that ids are the same every time. */
  async commit(message: string): Promise<string> {
    await this.git("add", "--all");
    const date = new Date(Date.UTC(2026, 0, 5, 9) + this.#commits++ * 3_600_000).toISOString();
    await runGit(this.path, ["commit", "--quiet", "--allow-empty", "-m", message], {
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    });
    return this.head();
  }

  async commitSteps(steps: readonly HistoryStep[]): Promise<void> {
    for (const { message, files } of steps) {
      for (const [file, text] of Object.entries(files)) {
        if (text === undefined) await rm(path.join(this.path, file), { force: true });
        else await this.write(file, text);
      }
      await this.commit(message);
    }
  }

  async copyIn(source: string, file: string): Promise<void> {
    const target = path.join(this.path, file);
    await mkdir(path.dirname(target), { recursive: true });
    await cp(source, target, { recursive: true });
  }

  async dispose(): Promise<void> {
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
  }
}

/** Runs git with the test author and none of the machine's configuration. Rejects with git's own message. */
export async function runGit(
  cwd: string,
  args: readonly string[],
  extraEnv: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Muster Test",
    GIT_AUTHOR_EMAIL: "muster@example.invalid",
    GIT_COMMITTER_NAME: "Muster Test",
    GIT_COMMITTER_EMAIL: "muster@example.invalid",
    // A checkout that belongs to another user (a container's volume) is still ours to read.
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    ...extraEnv,
  };
  const { stdout } = await run("git", [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}
