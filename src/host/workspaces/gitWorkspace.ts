import { AppError } from "../../base/appError.ts";
import { type Failpoint, noFailpoint } from "../../base/failpoint.ts";
import type { Clock } from "../../base/clock.ts";
import { applyPatch } from "./applyPatch.ts";
import { BlobReader } from "./blobReader.ts";
import { parseChanges, type RawChange, totalsOf } from "./changes.ts";
import { carryOver } from "./carryOver.ts";
import type { CheckpointFacts, CheckpointPlace } from "./checkpointCommit.ts";
import { CheckpointStore, type StoredCheckpoint, toCheckpoint } from "./checkpointStore.ts";
import type { GitCli } from "./gitCli.ts";
import { localFailure } from "./gitFailure.ts";
import type { Fetched } from "./mirrors.ts";
import { confirmPush, pushCheckpoint, type PushParts } from "./push.ts";
import { checkOid } from "./refs.ts";
import type { RemoteAccess } from "./remoteAccess.ts";
import type { Remote } from "./repositoryUrl.ts";
import { checkOutTree, restoreFiles } from "./restoreFiles.ts";
import { SerialQueue } from "./serialQueue.ts";
import { stageFiles } from "./staging.ts";
import { linkObjects } from "./trustedGitDir.ts";
import type {
  Applied,
  ApplyRequest,
  ChangedFile,
  Checkpoint,
  FileVersion,
  PushRequest,
  PushResult,
  Restored,
  RestoreRequest,
  Updated,
  UpdateRequest,
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
  /** Calls `use` while the copy of the repository holds what the server has. Throws what `Mirrors.withFresh` throws. */
  readonly withFresh: <T>(request: UpdateRequest, use: (fetched: Fetched) => Promise<T>) => Promise<T>;
  readonly failpoint?: Failpoint | undefined;
}

/** A tree, and the commit of the base branch that it stands on. */
type Files = Pick<StoredCheckpoint, "tree" | "base">;
type Totals = Pick<CheckpointFacts, "files" | "additions" | "deletions">;
type OwnFacts = Pick<CheckpointFacts, "nestedRepositories" | "parts"> & {
  readonly place?: CheckpointPlace | undefined;
  /** What a checkpoint of the same files says of them. */
  readonly totals?: Totals | undefined;
};

interface BeginRequest {
  readonly title: string;
  readonly tree: string;
  readonly place: CheckpointPlace;
  /** Where each part of the files comes from, when they are picked from several sessions. */
  readonly parts?: readonly string[];
  readonly signal: AbortSignal;
}

/** What live views were shown of files that no checkpoint has stays readable for so long. */
const keepUnrecorded = "1.hour.ago";
const collectTimeoutMs = 600_000;

/** One session's workspace on the git command line. Everything is read from the trusted git directory. */
export class GitWorkspace implements Workspace {
  readonly #parts: GitWorkspaceParts;
  readonly #queue = new SerialQueue();
  readonly #store: CheckpointStore;
  readonly #blobs: BlobReader;
  /** What was compared last, by every name of its ends: a checkpoint is counted, and then shown. */
  #latest: { readonly from: string; readonly to: string[]; readonly raw: Promise<readonly RawChange[]> } | undefined;

  private constructor(parts: GitWorkspaceParts, store: CheckpointStore) {
    this.#parts = parts;
    this.#store = store;
    this.#blobs = new BlobReader(parts.git, parts.paths.gitDir);
  }

  /** Finds the checkpoints, and finishes what a process that ended was restoring. Throws `internal` when the trusted git directory is damaged. */
  static async open(parts: GitWorkspaceParts): Promise<GitWorkspace> {
    const { git, paths, sessionId } = parts;
    try {
      const { store, restoring } = await CheckpointStore.open({ git, gitDir: paths.gitDir, sessionId });
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
    return this.#store.head.base;
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
      return await this.#record(message, { tree, base: head.base }, { nestedRepositories, place });
    });
  }

  restore({ checkpoint, place, onSafe, onStage }: RestoreRequest): Promise<Restored> {
    return this.#inTurn("Couldn't restore the agent's files", async () => {
      const target = this.#store.find(checkpoint);
      const safety = await this.#recordSafety(`Before restoring checkpoint ${checkpoint}`, place);
      onSafe(toCheckpoint(safety.stored));
      const reached = target.facts?.place ?? { turnId: "", turns: 0 };
      const own = { place: { ...reached, kind: "restored" as const, restoredFrom: checkpoint }, totals: target.facts };
      const facts = { nestedRepositories: safety.nestedRepositories, ...own };
      const next = await this.#write(`Checkpoint ${checkpoint} restored`, target, facts);
      const restored = await this.#replaceFiles(next, safety.stored, onStage);
      return { safety: toCheckpoint(safety.stored), restored };
    });
  }

  update(request: UpdateRequest): Promise<Updated | undefined> {
    const { place, onSafe, onStage, leaveConflicts } = request;
    return this.#inTurn("Couldn't update the agent's files from the base branch", async () => {
      const { git, paths, baseBranch } = this.#parts;
      const { gitDir } = paths;
      const before = this.baseCommit;
      const onto = await this.#parts.withFresh(request, async (mirror) => {
        if (mirror.baseCommit !== before) await linkObjects(mirror.gitDir, gitDir);
        return mirror.baseCommit;
      });
      if (onto === before) return undefined;
      const safety = await this.#recordSafety(`Before updating from ${baseBranch}`, place);
      const { tree, conflicts } = await carryOver(git, gitDir, { base: before, head: safety.stored.commit, onto });
      if (conflicts.length > 0 && !leaveConflicts) throw unmergeable(baseBranch, conflicts);
      const count = await git.text({ gitDir, args: ["rev-list", "--count", "--end-of-options", `${before}..${onto}`] });
      onSafe(toCheckpoint(safety.stored));
      const facts = { ...safety, place: { ...place, kind: "updated" as const } };
      const next = await this.#write(`Updated from ${baseBranch}`, { tree, base: onto }, facts);
      const updated = await this.#replaceFiles(next, safety.stored, onStage);
      return { safety: toCheckpoint(safety.stored), updated, commits: Number(count), conflicts };
    });
  }

  apply({ patch, base: from, place, onSafe, onStage }: ApplyRequest): Promise<Applied> {
    return this.#inTurn("Couldn't apply your changes to the agent's files", async () => {
      const { git, paths } = this.#parts;
      const safety = await this.#recordSafety("Before a person's changes", place);
      const { commit, tree: before, base } = safety.stored;
      const tree = await applyPatch(git, paths.gitDir, commit, { patch, base: from });
      if (tree === before) throw new AppError("branch.empty", "The agent's files have these changes already.");
      onSafe(toCheckpoint(safety.stored));
      const facts = { ...safety, place: { ...place, kind: "applied" as const } };
      const next = await this.#write("A person's changes", { tree, base }, facts);
      const applied = await this.#replaceFiles(next, safety.stored, onStage);
      return { safety: toCheckpoint(safety.stored), applied };
    });
  }

  /** The files as they are: the last checkpoint, if they are its. */
  async #recordSafety(title: string, place: Omit<CheckpointPlace, "kind">) {
    const { tree, nestedRepositories } = await this.#stageWithinLimits();
    const { head } = this.#store;
    if (tree === head.tree) return { stored: head, nestedRepositories };
    const facts = { nestedRepositories, place: { ...place, kind: "safety" as const } };
    await this.#record(title, { tree, base: head.base }, facts);
    return { stored: this.#store.head, nestedRepositories };
  }

  /** Either the files are those of `next` and it is the latest checkpoint, or they are those of `safety` again. */
  async #replaceFiles(next: StoredCheckpoint, safety: StoredCheckpoint, onStage: (text: string) => void) {
    await this.#store.beginRestoring(next);
    this.#fail("restore.begun");
    try {
      await this.#putBack(next.tree, onStage);
    } catch (error) {
      await this.#stage();
      await this.#putBack(safety.tree, () => {});
      await this.#store.endRestoring();
      throw error;
    }
    this.#fail("restore.filesWritten");
    const added = await this.#store.add(next);
    this.#fail("restore.recorded");
    return added;
  }

  /** Begins with files whose objects its git directory has: another session's checkpoint, or parts of several. */
  begin({ title, tree, place, parts, signal }: BeginRequest): Promise<Checkpoint> {
    return this.#inTurn("Couldn't copy the agent's files", async () => {
      await checkOutTree(this.#parts.git, this.#parts.paths, { tree, base: this.baseCommit, signal });
      return await this.#record(title, { tree, base: this.baseCommit }, { nestedRepositories: [], place, parts });
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
    const { git, paths } = this.#parts;
    return stageFiles(git, paths, (tree) => this.#rawChanges(this.baseCommit, tree));
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

  async #record(message: string, files: Files, facts: OwnFacts): Promise<Checkpoint> {
    const written = await this.#write(message, files, facts);
    this.#fail("checkpoint.written");
    const added = await this.#store.add(written);
    this.#fail("checkpoint.added");
    return added;
  }

  async #write(message: string, { tree, base }: Files, facts: OwnFacts): Promise<StoredCheckpoint> {
    const { nestedRepositories, place, parts = [] } = facts;
    const nowMs = this.#parts.clock.now();
    const { files, additions, deletions } = facts.totals ?? totalsOf(await this.#rawChanges(base, tree));
    const createdAt = new Date(nowMs).toISOString();
    const optional = { ...(place && { place }), ...(parts.length > 0 && { parts }) };
    this.#fail("checkpoint.staged");
    const whole = { createdAt, files, additions, deletions, nestedRepositories, ...optional };
    const written = await this.#store.write(message, { tree, base }, whole, this.#identityEnv(nowMs));
    if (this.#latest?.from === base && this.#latest.to.includes(tree)) this.#latest.to.push(written.commit);
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
      const sizes = await this.#blobs.sizes(Array.from(oids));
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
    try {
      return await this.#blobs.read(checkOid(oid), limitBytes);
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
    const { git, remoteAccess, clock, paths, remote, branch, failpoint = noFailpoint } = this.#parts;
    const identityEnv = this.#identityEnv(clock.now());
    return { git, remoteAccess, gitDir: paths.gitDir, remote, branch, identityEnv, failpoint };
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

function unmergeable(baseBranch: string, files: readonly string[]): AppError {
  const [first = "", ...others] = files;
  const names = others.length === 0 ? first : `${first} and ${others.length} more`;
  const sentence = `${baseBranch} and this agent changed the same lines of ${names}. Nothing was changed; the agent can put the two together.`;
  return new AppError("conflict", sentence, { details: { files: files.slice(0, 50) } });
}
