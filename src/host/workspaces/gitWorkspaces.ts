import { mkdir, readdir, readFile, rmdir } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Failpoint } from "../../base/failpoint.ts";
import type { Logger } from "../../base/logger.ts";
import { Combiner } from "../combine/combiner.ts";
import { combineTree, provenanceOf } from "../combine/combineTree.ts";
import { Forecaster } from "../forecast/forecaster.ts";
import { noSetupRules, readSetup, type Setup, type SetupRules } from "../setup/setup.ts";
import { AddressRules } from "./addressRules.ts";
import { Askpass } from "./askpass.ts";
import { assertTreeFits, checkOutFiles, copyRepository, inMegabytes } from "./checkout.ts";
import { isDirectory } from "./environment.ts";
import { copyBase, copyHome } from "./forkWorkspace.ts";
import type { Confine } from "./confinement.ts";
import { GitCli } from "./gitCli.ts";
import { GitError, localFailure } from "./gitFailure.ts";
import { type GitIdentity, GitWorkspace } from "./gitWorkspace.ts";
import { type Fetched, type MirrorLimits, Mirrors } from "./mirrors.ts";
import { BASE_REF, checkBranch, checkOid, checkSessionId, isAgentBranch, SETUP_REF } from "./refs.ts";
import { RemoteAccess, type Resolve, systemResolve } from "./remoteAccess.ts";
import { removeTree } from "./removeTree.ts";
import { parseRepository, recordedRepository, type Remote } from "./repositoryUrl.ts";
import { KeyedQueues } from "./serialQueue.ts";
import { adoptIndex } from "./staging.ts";
import { type TreeLimits, treeSize } from "./treeSize.ts";
import { linkObjects, makeTrustedGitDir } from "./trustedGitDir.ts";
import { readRecord, removeRecord, type WorkspaceRecord, writeRecord } from "./workspaceRecord.ts";
import type {
  CombineRequest,
  Credentials,
  ForkRequest,
  ProvisionRequest,
  Workspace,
  WorkspacePaths,
  Workspaces,
} from "./workspace.ts";

export interface GitWorkspacesOptions {
  /** Absolute. Holds `mirrors/`, `sessions/` and `run/`. */
  readonly dataDir: string;
  /** Directories from which local repositories may be used. */
  readonly allowLocal: readonly string[];
  /** Blocks of private addresses that hold git servers. Default: none. */
  readonly privateNetworks?: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** PATH for git. */
  readonly path: string;
  readonly identity?: GitIdentity;
  readonly failpoint?: Failpoint | undefined;
  readonly limits?: Partial<WorkspaceLimits>;
  /** Why this git is not used, if so. Default: it is not tried. */
  readonly gitRefusal?: (git: GitCli) => Promise<string | undefined>;
  /** How git is kept to an agent's checkout while it reads or writes there. Default: not at all. */
  readonly confine?: Confine | undefined;
  /** How workspaces are set up. Default: not at all. */
  readonly setup?: SetupRules;
  /** The name service. Default: the system's. */
  readonly resolve?: Resolve;
}

export interface WorkspaceLimits extends MirrorLimits {
  readonly checkoutTimeoutMs: number;
  /** What the agent may keep on disk, in its checkout and its home together. */
  readonly files: TreeLimits;
}

const defaultIdentity: GitIdentity = { name: "Muster agent", email: "agent@muster.invalid" };
const gibibyte = 2 ** 30;
const defaultLimits: WorkspaceLimits = {
  fetchTimeoutMs: 600_000,
  maxFetchBytes: 5 * gibibyte,
  checkoutTimeoutMs: 300_000,
  mirrorIdleMs: 30 * 24 * 60 * 60 * 1_000,
  maxMirrorBytes: 50 * gibibyte,
  files: { maxEntries: 300_000, maxBytes: 10 * gibibyte },
};

/**
 * Workspaces on this machine's disk:
 * `mirrors/<hash>.git` a bare copy of each repository; `sessions/<id>/workspace` the checkout with the agent's own `.git`,
 * `sessions/<id>/home` the agent's home, `sessions/<id>/git` the trusted git directory.
 */
export class GitWorkspaces implements Workspaces {
  readonly #options: GitWorkspacesOptions;
  readonly #git: GitCli;
  readonly #remoteAccess: RemoteAccess;
  readonly #mirrors: Mirrors;
  readonly #limits: WorkspaceLimits;
  readonly #queues = new KeyedQueues();
  /** Those that somebody works with; two of one session would not know of each other's git commands. */
  readonly #open = new Map<string, WeakRef<GitWorkspace>>();
  #refusal: Promise<string | undefined> | undefined;

  private constructor(options: GitWorkspacesOptions, git: GitCli, askpass: Askpass) {
    this.#options = options;
    this.#git = git;
    const rules = new AddressRules(options.privateNetworks ?? []);
    this.#remoteAccess = new RemoteAccess(askpass, rules, options.resolve ?? systemResolve, options.allowLocal);
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#mirrors = new Mirrors({
      git,
      remoteAccess: this.#remoteAccess,
      directory: path.join(options.dataDir, "mirrors"),
      limits: this.#limits,
      logger: options.logger,
    });
  }

  /** Makes the directories that the host itself needs. Throws `internal` when git is missing. */
  static async create(options: GitWorkspacesOptions): Promise<GitWorkspaces> {
    const run = path.join(options.dataDir, "run");
    const home = path.join(run, "home");
    await mkdir(home, { recursive: true, mode: 0o700 });
    const git = new GitCli({ path: options.path, home, confine: options.confine });
    try {
      const version = await git.text({ args: ["version"] });
      options.logger.info("git found", { version });
    } catch (error) {
      throw new AppError("internal", "git was not found on this host. Install git 2.39 or later.", { cause: error });
    }
    return new GitWorkspaces(options, git, await Askpass.install(run));
  }

  async provision(request: ProvisionRequest): Promise<Workspace> {
    const id = checkSessionId(request.sessionId);
    const remote = parseRepository(request.repository, this.#options.allowLocal);
    const branch = checkBranch(request.branch);
    const baseBranch = request.baseBranch === undefined ? undefined : checkBranch(request.baseBranch);
    return await this.#queues.run(id, async () => {
      const present = await this.#tryOpen(id);
      if (present !== undefined) return present;
      await this.#assertGit();
      try {
        await this.#removeFiles(id);
        const fetched = await this.#copyFresh({ ...request, branch, baseBranch }, remote).catch(async (error) => {
          if (!isDamage(error)) throw error;
          await this.#mirrors.discard(remote);
          await this.#removeFiles(id);
          return await this.#copyFresh({ ...request, branch, baseBranch }, remote);
        });
        const { baseCommit } = fetched;
        const record = { version: 1 as const, sessionId: id, repository: request.repository, branch };
        const whole = { ...record, baseBranch: fetched.baseBranch, baseCommit };
        return await this.#finish(whole, await this.#workspaceOf(whole, remote));
      } catch (error) {
        await this.#removeFiles(id).catch((cause: unknown) => {
          this.#options.logger.warn("a failed workspace could not be removed", {
            sessionId: id,
            reason: String(cause),
          });
        });
        throw localFailure(error, `Couldn't prepare a workspace for ${remote.display}`);
      }
    });
  }

  /** Throws `repository.cloneFailed`. */
  async #assertGit(): Promise<void> {
    const refused = await (this.#refusal ??= this.#options.gitRefusal?.(this.#git));
    if (refused !== undefined) throw new AppError("repository.cloneFailed", refused);
  }

  async fork(request: ForkRequest): Promise<Workspace> {
    const id = checkSessionId(request.sessionId);
    const branch = checkBranch(request.branch);
    const source = await this.open(request.source);
    const checkpoint = source.find(request.checkpoint);
    const from = { ...request, branch, source, base: checkpoint.base };
    return await this.#copyOf(id, from, async (workspace) => {
      const title = `Copy of checkpoint ${checkpoint.number}`;
      const { tree } = checkpoint;
      await workspace.begin({ title, tree, place: { ...request.place, kind: "fork" }, signal: request.signal });
      if (request.withHome) await copyHome(source.paths, workspace.paths);
    });
  }

  async combine(request: CombineRequest): Promise<Workspace> {
    const id = checkSessionId(request.sessionId);
    const branch = checkBranch(request.branch);
    const base = checkOid(request.base);
    const sources = new Map<string, GitWorkspace>();
    for (const { sessionId } of request.picks) sources.set(sessionId, await this.open(sessionId));
    const picks = request.picks.map(({ sessionId, head, files }) => {
      const found = sources.get(sessionId)?.checkpoints.find(({ commit }) => commit === head);
      if (found === undefined) throw pickGone();
      return { source: { session: sessionId, head, base: found.base }, files };
    });
    const at = picks.findIndex(({ source }) => source.base === base);
    const first = sources.get(picks[at]?.source.session ?? "");
    if (first === undefined) throw pickGone();
    return await this.#copyOf(id, { ...request, branch, source: first, base }, async (workspace) => {
      const { gitDir } = workspace.paths;
      for (const source of sources.values()) {
        if (source !== first) await source.lend(() => linkObjects(source.paths.gitDir, gitDir));
      }
      const { tree, problems } = await combineTree(this.#git, gitDir, base, picks);
      const [problem] = problems;
      if (problem) throw new AppError("conflict", `${problem.path} does not fit: ${problem.message}`);
      const parts = picks.flatMap(({ source, files }) => files.map((file) => provenanceOf(source, file)));
      const place = { ...request.place, kind: "combined" as const };
      await workspace.begin({ title: "Combined from other agents", tree, place, parts, signal: request.signal });
    });
  }

  combiner(): Combiner {
    return new Combiner(this.#git, path.join(this.#options.dataDir, "run"));
  }

  /** A workspace that begins at another one's base commit; `fill` brings its files. */
  #copyOf(id: string, from: CopySource, fill: (workspace: GitWorkspace) => Promise<void>): Promise<GitWorkspace> {
    const { repository, baseBranch } = from.source;
    const remote = recordedRepository(repository);
    return this.#queues.run(id, async () => {
      const present = await this.#tryOpen(id);
      if (present !== undefined) return present;
      try {
        await this.#removeFiles(id);
        await this.#copySource(from, remote);
        this.#options.failpoint?.("fork.copied");
        const { branch, base: baseCommit } = from;
        const record = { version: 1 as const, sessionId: id, repository, branch, baseBranch, baseCommit };
        const workspace = await this.#workspaceOf(record, remote);
        from.onStage("Checking out");
        await fill(workspace);
        this.#options.failpoint?.("fork.filesWritten");
        return await this.#finish(record, workspace);
      } catch (error) {
        await this.#removeFiles(id).catch(() => {});
        throw localFailure(error, "Couldn't copy the agent's workspace");
      }
    });
  }

  async open(sessionId: string): Promise<GitWorkspace> {
    const id = checkSessionId(sessionId);
    const workspace = await this.#queues.run(id, () => this.#tryOpen(id));
    if (workspace !== undefined) return workspace;
    throw new AppError("notFound", "This agent has no workspace on the host.");
  }

  async remove(sessionId: string): Promise<void> {
    const id = checkSessionId(sessionId);
    await this.#queues.run(id, async () => {
      this.#open.delete(id);
      await this.#removeFiles(id);
    });
  }

  forecaster(): Forecaster {
    return new Forecaster(this.#git, path.join(this.#options.dataDir, "run"));
  }

  /** How the session's workspace is set up. Throws `notFound`, `setup.failed`. */
  async setupOf(sessionId: string): Promise<Setup> {
    const { paths, repository } = await this.open(sessionId);
    return await readSetup(this.#git, { paths, repository }, this.#options.setup ?? noSetupRules);
  }

  gitDirOf(sessionId: string): string {
    return this.#pathsOf(checkSessionId(sessionId)).gitDir;
  }

  async sourcesOf(repository: string): Promise<readonly string[]> {
    const gitDir = this.#mirrors.pathOf(recordedRepository(repository));
    return (await isDirectory(gitDir)) ? [gitDir] : [];
  }

  branchesOf(repository: string, credentials: Credentials): Promise<ReadonlyMap<string, string>> {
    return this.#mirrors.refresh({ remote: recordedRepository(repository), credentials });
  }

  /** Removes copies of repositories that are not used any more, as the limits say. Tells how many went. */
  async collectMirrors(): Promise<number> {
    return await this.#mirrors.collect(this.#options.clock.now(), await this.#borrowedMirrors());
  }

  #directoryOf(id: string): string {
    return path.join(this.#options.dataDir, "sessions", id);
  }

  #pathsOf(id: string): WorkspacePaths {
    const directory = this.#directoryOf(id);
    return {
      root: path.join(directory, "workspace"),
      home: path.join(directory, "home"),
      gitDir: path.join(directory, "git"),
    };
  }

  /** Everything that is taken from the mirror; the workspace depends on nothing of it afterwards. */
  #copyFresh(request: ProvisionRequest, remote: Remote): Promise<Fetched> {
    const { sessionId, signal, onStage, baseBranch, credentials, branch } = request;
    const paths = this.#pathsOf(sessionId);
    const { checkoutTimeoutMs: timeoutMs, files } = this.#limits;
    const identity = this.#options.identity ?? defaultIdentity;
    const parts = { git: this.#git, paths, identity, timeoutMs, signal };
    return this.#mirrors.withFresh({ remote, baseBranch, credentials, onStage, signal }, async (mirror) => {
      const { baseCommit: commit } = mirror;
      await assertTreeFits(this.#git, mirror.gitDir, commit, files);
      onStage("Copying");
      await copyRepository(parts, mirror.gitDir, mirror.baseBranch);
      await this.#makeTrusted(paths, mirror);
      onStage("Checking out");
      await checkOutFiles(parts, { branch, commit, url: remote.url });
      await adoptIndex(this.#git, paths);
      return mirror;
    });
  }

  /** Everything that a copy takes from the session that it is a copy of. */
  async #copySource({ sessionId, branch, onStage, signal, source, base: baseCommit }: CopySource, { url }: Remote) {
    const paths = this.#pathsOf(sessionId);
    const { baseBranch } = source;
    const identity = this.#options.identity ?? defaultIdentity;
    const parts = { git: this.#git, paths, identity, timeoutMs: this.#limits.checkoutTimeoutMs, signal };
    onStage("Copying");
    const { gitDir } = source.paths;
    await source.lend(async () => {
      const args = ["for-each-ref", "--format=%(objectname)", SETUP_REF];
      const defaultCommit = (await this.#git.text({ gitDir, args })) || undefined;
      await this.#makeTrusted(paths, { gitDir, baseBranch, baseCommit, defaultBranch: undefined, defaultCommit });
    });
    await copyBase(parts, { branch, baseBranch, commit: baseCommit, url });
  }

  async #makeTrusted(paths: WorkspacePaths, { gitDir: mirror, ...fetched }: Fetched): Promise<void> {
    const { gitDir } = paths;
    await makeTrustedGitDir(this.#git, gitDir, mirror);
    // What an agent pushed decides nothing about how other agents are set up.
    const setup = isAgentBranch(fetched.baseBranch) ? fetched.defaultCommit : fetched.baseCommit;
    const ofSetup = setup === undefined ? "" : `create ${SETUP_REF} ${setup}\n`;
    const input = `create ${BASE_REF} ${fetched.baseCommit}\n${ofSetup}`;
    await this.#git.run({ gitDir, args: ["update-ref", "--stdin"], input });
  }

  /** From here on it is there. */
  async #finish(record: WorkspaceRecord, workspace: GitWorkspace): Promise<GitWorkspace> {
    await writeRecord(this.#directoryOf(record.sessionId), record);
    this.#open.set(record.sessionId, new WeakRef(workspace));
    return workspace;
  }

  /** Throws `limit.exceeded`. */
  async #assertSize(id: string): Promise<void> {
    const { root, home } = this.#pathsOf(id);
    const { maxEntries, maxBytes } = this.#limits.files;
    const checkout = await treeSize(root, { maxEntries, maxBytes });
    const own = await treeSize(home, {
      maxEntries: maxEntries - checkout.entries,
      maxBytes: maxBytes - checkout.bytes,
    });
    const isMany = checkout.entries + own.entries > maxEntries;
    if (!isMany && checkout.bytes + own.bytes <= maxBytes) return;
    const what = isMany ? `more than ${maxEntries} files` : `more than ${inMegabytes(maxBytes)} of files`;
    const advice =
      "They are kept, but not recorded. Remove what is not needed, in a terminal of this agent, and resume.";
    throw new AppError("limit.exceeded", `The agent has made ${what}, which is all that this host allows. ${advice}`);
  }

  async #tryOpen(id: string): Promise<GitWorkspace | undefined> {
    const present = this.#open.get(id)?.deref();
    if (present !== undefined) return present;
    const record = await readRecord(this.#directoryOf(id));
    if (record?.sessionId !== id) return undefined;
    const workspace = await this.#workspaceOf(record, recordedRepository(record.repository));
    this.#open.set(id, new WeakRef(workspace));
    return workspace;
  }

  async #workspaceOf(record: WorkspaceRecord, remote: Remote): Promise<GitWorkspace> {
    const { sessionId: id, branch, baseBranch } = record;
    const paths = this.#pathsOf(id);
    const rules = this.#options.setup ?? noSetupRules;
    // What is wrong with it is told where the workspace is set up; the files can be looked at all the same.
    const setup = await readSetup(this.#git, { paths, repository: record.repository }, rules).catch(() => undefined);
    return await GitWorkspace.open({
      git: this.#git,
      remoteAccess: this.#remoteAccess,
      assertSize: () => this.#assertSize(id),
      clock: this.#options.clock,
      identity: this.#options.identity ?? defaultIdentity,
      sessionId: id,
      paths: { ...paths, ...(setup && { env: setup.env }) },
      remote,
      branch,
      baseBranch,
      withFresh: (request, use) => this.#mirrors.withFresh({ ...request, remote, baseBranch }, use),
      failpoint: this.#options.failpoint,
    });
  }

  /** Workspaces of earlier versions take the objects of their base from the mirror and need it as long as they are there. */
  async #borrowedMirrors(): Promise<ReadonlySet<string>> {
    const sessions = path.join(this.#options.dataDir, "sessions");
    const lists = (await readdir(sessions).catch(() => [])).map((id) =>
      readFile(path.join(sessions, id, "git", "objects", "info", "alternates"), "utf8").catch(() => ""),
    );
    const objects = (await Promise.all(lists)).flatMap((list) => list.split("\n"));
    return new Set(objects.filter((line) => line !== "").map((line) => path.dirname(line)));
  }

  /** Only the names that are ours, under a directory derived from a checked id. */
  async #removeFiles(id: string): Promise<void> {
    const directory = this.#directoryOf(id);
    await removeRecord(directory);
    for (const name of ["git", "home", "workspace"]) await removeTree(path.join(directory, name));
    // Stays when somebody else keeps a file in it.
    await rmdir(directory).catch(() => {});
  }
}

/** What a workspace is copied from. */
interface CopySource extends Pick<ForkRequest, "sessionId" | "branch" | "onStage" | "signal"> {
  readonly source: GitWorkspace;
  /** The base commit of the copy, which the source has. */
  readonly base: string;
}

function pickGone(): AppError {
  return new AppError(
    "notFound",
    "An agent whose work was picked is gone, or its checkpoint is. Combine what is left.",
  );
}

/** What git says of objects that it can't read. */
function isDamage(thrown: unknown): boolean {
  const error = AppError.is(thrown) ? thrown.cause : thrown;
  if (!(error instanceof GitError) || error.failure.ended !== undefined) return false;
  return /corrupt|inflate: data stream error|unable to (?:read|unpack)|bad object|packfile|pack has bad|missing blob|is not a tree/i.test(
    error.failure.stderr,
  );
}
