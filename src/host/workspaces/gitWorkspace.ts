import { AppError } from "../../base/appError.ts";
import { type Failpoint, noFailpoint } from "../../base/failpoint.ts";
import type { Clock } from "../../base/clock.ts";
import { parseChanges, parseSizes, type RawChange, totalsOf } from "./changes.ts";
import type { CheckpointPlace } from "./checkpointCommit.ts";
import { CheckpointStore, type StoredCheckpoint, toCheckpoint } from "./checkpointStore.ts";
import type { GitCli } from "./gitCli.ts";
import { GitError, localFailure } from "./gitFailure.ts";
import { confirmPush, pushCheckpoint, type PushParts } from "./push.ts";
import { checkOid } from "./refs.ts";
import type { RemoteAccess } from "./remoteAccess.ts";
import type { Remote } from "./repositoryUrl.ts";
import { restoreFiles } from "./restoreFiles.ts";
import { SerialQueue } from "./serialQueue.ts";
import { stageFiles } from "./staging.ts";
import type {
  ChangedFile,
  Checkpoint,
  FileVersion,
  PushRequest,
  PushResult,
  Restored,
  RestoreRequest,
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
  readonly remoteAccess: RemoteAccess;
  /** Throws `limit.exceeded` when the agent's files are more than this host allows. */
  readonly assertSize: () => Promise<void>;
  readonly clock: Clock;
  readonly identity: GitIdentity;
  readonly sessionId: string;
  readonly paths: WorkspacePaths;
  readonly remote: Remote;
  readonly branch: string;
  readonly baseBranch: string;
  readonly baseCommit: string;
  readonly failpoint?: Failpoint | undefined;
}

/** What live views were shown of files that no checkpoint has stays readable for so long. */
const keepUnrecorded = "1.hour.ago";
const collectTimeoutMs = 600_000;

/** One session's workspace on the git command line. Everything is read from the trusted git directory. */
export class GitWorkspace implements Workspace {
  readonly #parts: GitWorkspaceParts;
  readonly #queue = new SerialQueue();
  readonly #store: CheckpointStore;
  /** What was compared last, by every name of its ends: a checkpoint is counted, and then shown. */
  #latest: { readonly from: string; readonly to: string[]; readonly raw: Promise<readonly RawChange[]> } | undefined;

  private constructor(parts: GitWorkspaceParts, store: CheckpointStore) {
    this.#parts = parts;
    this.#store = store;
  }

  /** Finds the checkpoints, and finishes what a process that ended was restoring. Throws `internal` when the trusted git directory is damaged. */
  static async open(parts: GitWorkspaceParts): Promise<GitWorkspace> {
    const { git, paths, sessionId, baseCommit } = parts;
    try {
      const { store, restoring } = await CheckpointStore.open({ git, gitDir: paths.gitDir, sessionId, baseCommit });
      const workspace = new GitWorkspace(parts, store);
      if (restoring) await workspace.#finishRestoring(restoring);
      return workspace;
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

  get checkpoints(): readonly Checkpoint[] {
    return this.#store.all;
  }

  checkpoint(message: string, place?: CheckpointPlace): Promise<Checkpoint | undefined> {
    return this.#inTurn("Couldn't save a checkpoint of the agent's files", async () => {
      const { tree, nestedRepositories } = await this.#stageWithinLimits();
      const { head } = this.#store;
      const isSamePlace = place === undefined || place.turnId === head.facts?.place?.turnId;
      if (tree === head.tree && isSamePlace) return undefined;
      return await this.#record(message, tree, nestedRepositories, place);
    });
  }

  restore({ checkpoint, place, onSafe, onStage }: RestoreRequest): Promise<Restored> {
    return this.#inTurn("Couldn't restore the agent's files", async () => {
      const target = this.#store.find(checkpoint);
      const { tree, nestedRepositories } = await this.#stageWithinLimits();
      const { head } = this.#store;
      const title = `Before restoring checkpoint ${checkpoint}`;
      const safety =
        tree === head.tree
          ? toCheckpoint(head)
          : await this.#record(title, tree, nestedRepositories, { ...place, kind: "safety" });
      onSafe(safety);
      const reached = target.facts?.place ?? { turnId: "", turns: 0 };
      const next = await this.#write(`Checkpoint ${checkpoint} restored`, target.tree, nestedRepositories, {
        ...reached,
        kind: "restored",
        restoredFrom: checkpoint,
      });
      await this.#store.beginRestoring(next);
      this.#fail("restore.begun");
      try {
        await this.#putBack(target.tree, onStage);
      } catch (error) {
        await this.#stage();
        await this.#putBack(safety.tree, () => {});
        await this.#store.endRestoring();
        throw error;
      }
      this.#fail("restore.filesWritten");
      const restored = await this.#store.add(next);
      this.#fail("restore.recorded");
      return { safety, restored };
    });
  }

  /** Begins with the files of another session's checkpoint, whose objects its git directory has. */
  begin(source: StoredCheckpoint, place: CheckpointPlace): Promise<Checkpoint> {
    return this.#inTurn("Couldn't copy the agent's files", async () => {
      // Also what makes the rest quick: the index learns that no file has changed since the checkout.
      const { nestedRepositories } = await this.#stage();
      await this.#putBack(source.tree, () => {});
      return await this.#record(`Copy of checkpoint ${source.number}`, source.tree, nestedRepositories, place);
    });
  }

  /** While this runs nothing is recorded and nothing collected. */
  lend<T>(use: () => Promise<T>): Promise<T> {
    return this.#queue.run(use);
  }

  drop(ids: readonly string[]): Promise<void> {
    return this.#inTurn("Couldn't give up checkpoints", async () => {
      const { git, paths } = this.#parts;
      if (!(await this.#store.drop(ids))) return;
      const args = ["gc", "--quiet", `--prune=${keepUnrecorded}`];
      await git.run({ gitDir: paths.gitDir, args, timeoutMs: collectTimeoutMs });
    });
  }

  /** A checkpoint by its id. Throws `notFound`. */
  find(id: string): StoredCheckpoint {
    return this.#store.find(id);
  }

  #inTurn<T>(during: string, work: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      try {
        return await work();
      } catch (error) {
        throw localFailure(error, during);
      }
    });
  }

  async #stageWithinLimits() {
    await this.#parts.assertSize();
    return await this.#stage();
  }

  #stage() {
    const { git, paths, baseCommit } = this.#parts;
    return stageFiles(git, paths, (tree) => this.#rawChanges(baseCommit, tree));
  }

  #putBack(tree: string, onStage: (text: string) => void): Promise<void> {
    return restoreFiles(this.#parts.git, this.#parts.paths, tree, onStage);
  }

  async #finishRestoring(next: StoredCheckpoint): Promise<void> {
    // The index is that of before: files that were written since must be known to it.
    await this.#stage();
    await this.#putBack(next.tree, () => {});
    await this.#store.add(next);
  }

  async #record(
    message: string,
    tree: string,
    nestedRepositories: readonly string[],
    place: CheckpointPlace | undefined,
  ): Promise<Checkpoint> {
    const written = await this.#write(message, tree, nestedRepositories, place);
    this.#fail("checkpoint.written");
    const added = await this.#store.add(written);
    this.#fail("checkpoint.added");
    return added;
  }

  async #write(
    message: string,
    tree: string,
    nestedRepositories: readonly string[],
    place: CheckpointPlace | undefined,
  ): Promise<StoredCheckpoint> {
    const nowMs = this.#parts.clock.now();
    const { baseCommit } = this.#parts;
    const totals = totalsOf(await this.#rawChanges(baseCommit, tree));
    const createdAt = new Date(nowMs).toISOString();
    const facts = { createdAt, ...totals, nestedRepositories, ...(place && { place }) };
    this.#fail("checkpoint.staged");
    const written = await this.#store.write(message, tree, facts, this.#identityEnv(nowMs));
    if (this.#latest?.from === baseCommit && this.#latest.to.includes(tree)) this.#latest.to.push(written.commit);
    return written;
  }

  #fail(name: Parameters<Failpoint>[0]): void {
    (this.#parts.failpoint ?? noFailpoint)(name);
  }

  snapshot(): Promise<string> {
    return this.#inTurn("Couldn't read the agent's files", async () => (await this.#stageWithinLimits()).tree);
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
    return this.#queue.run(() => pushCheckpoint(this.#pushParts(), request));
  }

  confirmPush(request: Pick<PushRequest, "branch" | "credentials">): Promise<PushResult | undefined> {
    return this.#queue.run(() => confirmPush(this.#pushParts(), request));
  }

  #pushParts(): PushParts {
    const { git, remoteAccess, clock, paths, remote, branch, baseCommit, failpoint = noFailpoint } = this.#parts;
    const identityEnv = this.#identityEnv(clock.now());
    return { git, remoteAccess, gitDir: paths.gitDir, remote, branch, baseCommit, identityEnv, failpoint };
  }

  /** Without a work tree, so that no attribute of the agent's files changes what counts as text. */
  #rawChanges(from: string, to: string): Promise<readonly RawChange[]> {
    const known = this.#latest;
    if (known?.from === from && known.to.includes(to)) return known.raw;
    const raw = this.#readChanges(from, to);
    const latest = { from, to: [to], raw };
    this.#latest = latest;
    raw.catch(() => {
      if (this.#latest === latest) this.#latest = undefined;
    });
    return raw;
  }

  async #readChanges(from: string, to: string): Promise<readonly RawChange[]> {
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

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
