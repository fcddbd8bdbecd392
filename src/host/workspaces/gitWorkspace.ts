import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Askpass } from "./askpass.ts";
import { parseChanges, parseSizes, totalsOf } from "./changes.ts";
import type { GitCli } from "./gitCli.ts";
import { GitError, localFailure } from "./gitFailure.ts";
import { pushCheckpoint } from "./push.ts";
import { BASE_REF, CHECKPOINT_REFS, checkOid, checkpointRef } from "./refs.ts";
import type { Remote } from "./repositoryUrl.ts";
import { SerialQueue } from "./serialQueue.ts";
import { stageFiles } from "./staging.ts";
import type {
  ChangedFile,
  Checkpoint,
  FileVersion,
  PushRequest,
  PushResult,
  Workspace,
  WorkspacePaths,
} from "./workspace.ts";

/** Who the host's own commits are by. */
export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

export interface GitWorkspaceParts {
  readonly git: GitCli;
  readonly askpass: Askpass;
  readonly clock: Clock;
  readonly identity: GitIdentity;
  readonly paths: WorkspacePaths;
  readonly remote: Remote;
  readonly branch: string;
  readonly baseBranch: string;
  readonly baseCommit: string;
}

interface Head {
  readonly number: number;
  readonly commit: string;
  readonly tree: string;
}

/** One session's workspace on the git command line. Everything is read from the trusted git directory. */
export class GitWorkspace implements Workspace {
  readonly #parts: GitWorkspaceParts;
  readonly #queue = new SerialQueue();
  #head: Head;

  private constructor(parts: GitWorkspaceParts, head: Head) {
    this.#parts = parts;
    this.#head = head;
  }

  /** Finds the last checkpoint. Throws `internal` when the trusted git directory is damaged. */
  static async open(parts: GitWorkspaceParts): Promise<GitWorkspace> {
    const { git, paths } = parts;
    try {
      const format = "--format=%(refname) %(objectname) %(tree)";
      const listing = await git.text({
        gitDir: paths.gitDir,
        args: ["for-each-ref", format, BASE_REF, CHECKPOINT_REFS],
      });
      const heads = listing
        .split("\n")
        .map((line) => line.split(" "))
        .map(([ref = "", commit = "", tree = ""]) => ({ number: numberOf(ref), commit, tree }));
      const head = heads.toSorted((a, b) => a.number - b.number).at(-1);
      if (head === undefined || head.commit === "")
        throw new AppError("internal", "The agent's git directory has no base commit.");
      return new GitWorkspace(parts, head);
    } catch (error) {
      throw localFailure(error, "Couldn't open the agent's git directory");
    }
  }

  get paths(): WorkspacePaths {
    return this.#parts.paths;
  }

  get repository(): string {
    return this.#parts.remote.url;
  }

  get branch(): string {
    return this.#parts.branch;
  }

  get baseBranch(): string {
    return this.#parts.baseBranch;
  }

  get baseCommit(): string {
    return this.#parts.baseCommit;
  }

  checkpoint(message: string): Promise<Checkpoint | undefined> {
    return this.#queue.run(async () => {
      try {
        return await this.#checkpoint(message);
      } catch (error) {
        throw localFailure(error, "Couldn't save a checkpoint of the agent's files");
      }
    });
  }

  async #checkpoint(message: string): Promise<Checkpoint | undefined> {
    const { git, clock, paths, baseCommit } = this.#parts;
    const { gitDir } = paths;
    const { tree, nestedRepositories } = await stageFiles(git, paths, baseCommit);
    const parent = this.#head;
    if (tree === parent.tree) return undefined;
    const nowMs = clock.now();
    const commit = await git.text({
      gitDir,
      args: ["commit-tree", "-p", parent.commit, "-F", "-", tree],
      env: this.#identityEnv(nowMs),
      input: `${message.replaceAll("\0", "")}\n`,
    });
    const number = parent.number + 1;
    // The empty old value: the ref must not exist yet.
    await git.run({ gitDir, args: ["update-ref", checkpointRef(number), commit, ""] });
    this.#head = { number, commit, tree };
    const totals = totalsOf(await this.#rawChanges(baseCommit, commit));
    const createdAt = new Date(nowMs).toISOString();
    return { id: String(number), commit, tree, parent: parent.commit, createdAt, ...totals, nestedRepositories };
  }

  snapshot(): Promise<string> {
    return this.#queue.run(async () => {
      try {
        return (await stageFiles(this.#parts.git, this.#parts.paths, this.#parts.baseCommit)).tree;
      } catch (error) {
        throw localFailure(error, "Couldn't read the agent's files");
      }
    });
  }

  async changes(from: string, to: string): Promise<readonly ChangedFile[]> {
    try {
      const raw = await this.#rawChanges(checkOid(from), checkOid(to));
      const oids = new Set(
        raw.flatMap(({ before, after }) => [before?.oid, after?.oid]).filter((oid) => oid !== undefined),
      );
      const sizes = await this.#sizes(Array.from(oids));
      const version = (side: { oid: string; mode: string } | undefined): FileVersion | undefined =>
        side && { ...side, size: sizes.get(side.oid) ?? 0 };
      return raw.map(({ before, after, ...change }) => ({
        ...change,
        ...(before && { before: version(before) }),
        ...(after && { after: version(after) }),
      }));
    } catch (error) {
      throw localFailure(error, "Couldn't compare the agent's files");
    }
  }

  async readBlob(oid: string, limitBytes: number): Promise<Uint8Array> {
    const { git, paths } = this.#parts;
    checkOid(oid);
    try {
      const size = (await this.#sizes([oid])).get(oid);
      if (size === undefined)
        throw new AppError("notFound", "This version of the file is no longer on the host. Refresh the changes.");
      if (size > limitBytes) {
        const sentence = `The file is too large to show (${megabytes(size)}; the limit is ${megabytes(limitBytes)}).`;
        throw new AppError("content.tooLarge", sentence, { details: { size, limitBytes } });
      }
      const args = ["cat-file", "blob", oid];
      return (await git.run({ gitDir: paths.gitDir, args, maxOutputBytes: limitBytes + 1 })).stdout;
    } catch (error) {
      throw localFailure(error, "Couldn't read the file");
    }
  }

  push(request: PushRequest): Promise<PushResult> {
    return this.#queue.run(async () => {
      const { git, askpass, clock, paths, remote, baseCommit } = this.#parts;
      const identityEnv = this.#identityEnv(clock.now());
      return await pushCheckpoint({ git, askpass, gitDir: paths.gitDir, remote, baseCommit, identityEnv }, request);
    });
  }

  /** Without a work tree, so that no attribute of the agent's files changes what counts as text. */
  async #rawChanges(from: string, to: string) {
    const args = ["diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev", "--find-renames"];
    const safe = ["--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];
    const { stdout } = await this.#parts.git.run({
      gitDir: this.#parts.paths.gitDir,
      args: [...args, ...safe, from, to],
    });
    return parseChanges(stdout);
  }

  async #sizes(oids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (oids.length === 0) return new Map();
    const args = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"];
    const { git, paths } = this.#parts;
    try {
      return parseSizes(await git.text({ gitDir: paths.gitDir, args, input: `${oids.join("\n")}\n` }));
    } catch (error) {
      if (error instanceof GitError && error.failure.ended === undefined) return new Map();
      throw error;
    }
  }

  #identityEnv(nowMs: number): Record<string, string> {
    const { name, email } = this.#parts.identity;
    const date = `@${Math.floor(nowMs / 1000)} +0000`;
    return {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
      GIT_COMMITTER_DATE: date,
    };
  }
}

function numberOf(ref: string): number {
  return ref.startsWith(CHECKPOINT_REFS) ? Number(ref.slice(CHECKPOINT_REFS.length)) : 0;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
