import { chmod, lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { Askpass } from "./askpass.ts";
import { GitCli, TRUSTED_ATTRIBUTES } from "./gitCli.ts";
import { localFailure } from "./gitFailure.ts";
import { type GitIdentity, GitWorkspace } from "./gitWorkspace.ts";
import { type Fetched, Mirrors } from "./mirrors.ts";
import { BASE_REF, checkBranch, checkSessionId } from "./refs.ts";
import { parseRepository, type Remote } from "./repositoryUrl.ts";
import { KeyedQueues } from "./serialQueue.ts";
import { initializeIndex } from "./staging.ts";
import type { ProvisionRequest, Workspace, WorkspacePaths, Workspaces } from "./workspace.ts";

export interface GitWorkspacesOptions {
  /** Absolute. Holds `mirrors/`, `sessions/` and `run/`. */
  readonly dataDir: string;
  /** Directories from which local repositories may be used. */
  readonly allowLocal: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** PATH for git. */
  readonly path: string;
  readonly identity?: GitIdentity;
  readonly limits?: {
    readonly fetchTimeoutMs?: number;
    readonly maxFetchBytes?: number;
    readonly checkoutTimeoutMs?: number;
  };
}

const defaultIdentity: GitIdentity = { name: "Muster agent", email: "agent@muster.invalid" };
const defaultLimits = { fetchTimeoutMs: 600_000, maxFetchBytes: 5 * 2 ** 30, checkoutTimeoutMs: 300_000 };

/** Written last, so a directory without it is a leftover of an attempt that did not come to its end. */
const recordName = "workspace.json";
const WorkspaceRecord = z.looseObject({
  version: z.literal(1),
  sessionId: z.string(),
  repository: z.string(),
  branch: z.string(),
  baseBranch: z.string(),
  baseCommit: z.string(),
});
type WorkspaceRecord = z.infer<typeof WorkspaceRecord>;

/**
 * Workspaces on this machine's disk:
 * `mirrors/<hash>.git` a bare copy of each repository; `sessions/<id>/workspace` the checkout with the agent's own `.git`,
 * `sessions/<id>/home` the agent's home, `sessions/<id>/git` the trusted git directory.
 */
export class GitWorkspaces implements Workspaces {
  readonly #options: GitWorkspacesOptions;
  readonly #git: GitCli;
  readonly #askpass: Askpass;
  readonly #mirrors: Mirrors;
  readonly #limits: typeof defaultLimits;
  readonly #queues = new KeyedQueues();
  readonly #open = new Map<string, GitWorkspace>();

  private constructor(options: GitWorkspacesOptions, git: GitCli, askpass: Askpass) {
    this.#options = options;
    this.#git = git;
    this.#askpass = askpass;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#mirrors = new Mirrors(git, path.join(options.dataDir, "mirrors"), askpass, this.#limits);
  }

  /** Makes the directories that the host itself needs. Throws `internal` when git is missing. */
  static async create(options: GitWorkspacesOptions): Promise<GitWorkspaces> {
    const run = path.join(options.dataDir, "run");
    const home = path.join(run, "home");
    await mkdir(home, { recursive: true, mode: 0o700 });
    const git = new GitCli({ path: options.path, home });
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
      const paths = this.#pathsOf(id);
      try {
        await this.#removeFiles(id);
        const fetched = await this.#mirrors.withFresh({ ...request, remote, baseBranch }, async (mirror) => {
          request.onStage("Copying");
          await this.#clone(paths, mirror, request.signal);
          return mirror;
        });
        request.onStage("Checking out");
        await this.#checkOut(paths, fetched, remote, branch, request.signal);
        await this.#makeTrusted(paths, fetched);
        const record: WorkspaceRecord = {
          version: 1,
          sessionId: id,
          repository: request.repository,
          branch,
          baseBranch: fetched.baseBranch,
          baseCommit: fetched.baseCommit,
        };
        await this.#writeRecord(id, record);
        return await this.#openWith(id, record, remote);
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

  async open(sessionId: string): Promise<Workspace> {
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

  async #clone(paths: WorkspacePaths, mirror: Fetched, signal: AbortSignal): Promise<void> {
    await mkdir(paths.home, { recursive: true, mode: 0o700 });
    // No hard links: the agent could write through them into the mirror and so into every other session.
    await this.#git.run({
      args: [
        "clone",
        "--quiet",
        "--no-hardlinks",
        "--no-checkout",
        "--template=",
        "--end-of-options",
        mirror.gitDir,
        paths.root,
      ],
      protocol: "file",
      timeoutMs: this.#limits.checkoutTimeoutMs,
      signal,
    });
  }

  async #checkOut(
    paths: WorkspacePaths,
    mirror: Fetched,
    remote: Remote,
    branch: string,
    signal: AbortSignal,
  ): Promise<void> {
    const gitDir = path.join(paths.root, ".git");
    const { name, email } = this.#options.identity ?? defaultIdentity;
    const inCheckout = { gitDir, workTree: paths.root, signal, timeoutMs: this.#limits.checkoutTimeoutMs } as const;
    const args = [
      "checkout",
      "--quiet",
      "--no-track",
      "--no-recurse-submodules",
      "-B",
      branch,
      mirror.baseCommit,
      "--",
    ];
    await this.#git.run({ ...inCheckout, args });
    await this.#git.run({ gitDir, args: ["config", "remote.origin.url", remote.url] });
    await this.#git.run({ gitDir, args: ["config", "user.name", name] });
    await this.#git.run({ gitDir, args: ["config", "user.email", email] });
  }

  async #makeTrusted(paths: WorkspacePaths, mirror: Fetched): Promise<void> {
    const { gitDir } = paths;
    await this.#git.run({ args: ["init", "--quiet", "--bare", "--template=", "--end-of-options", gitDir] });
    await mkdir(path.join(gitDir, "info"), { recursive: true });
    await writeFile(path.join(gitDir, "info", "attributes"), TRUSTED_ATTRIBUTES);
    await mkdir(path.join(gitDir, "objects", "info"), { recursive: true });
    await writeFile(path.join(gitDir, "objects", "info", "alternates"), `${path.join(mirror.gitDir, "objects")}\n`);
    await this.#git.run({ gitDir, args: ["update-ref", BASE_REF, mirror.baseCommit] });
    await initializeIndex(this.#git, paths, mirror.baseCommit);
  }

  async #writeRecord(id: string, record: WorkspaceRecord): Promise<void> {
    const file = path.join(this.#directoryOf(id), recordName);
    await writeFile(`${file}.next`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${file}.next`, file);
  }

  async #tryOpen(id: string): Promise<GitWorkspace | undefined> {
    const present = this.#open.get(id);
    if (present !== undefined) return present;
    const text = await readFile(path.join(this.#directoryOf(id), recordName), "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const record = parseRecord(text);
    if (record?.sessionId !== id) return undefined;
    return await this.#openWith(id, record, parseRepository(record.repository, this.#options.allowLocal));
  }

  async #openWith(id: string, record: WorkspaceRecord, remote: Remote): Promise<GitWorkspace> {
    const { branch, baseBranch, baseCommit } = record;
    const workspace = await GitWorkspace.open({
      git: this.#git,
      askpass: this.#askpass,
      clock: this.#options.clock,
      identity: this.#options.identity ?? defaultIdentity,
      paths: this.#pathsOf(id),
      remote,
      branch,
      baseBranch,
      baseCommit,
    });
    this.#open.set(id, workspace);
    return workspace;
  }

  /** Only the names that are ours, under a directory derived from a checked id. */
  async #removeFiles(id: string): Promise<void> {
    const directory = this.#directoryOf(id);
    await rm(path.join(directory, recordName), { force: true });
    for (const name of ["git", "home", "workspace"]) await removeTree(path.join(directory, name));
    // Stays when somebody else keeps a file in it.
    await rmdir(directory).catch(() => {});
  }
}

function parseRecord(text: string): WorkspaceRecord | undefined {
  try {
    const parsed = z.safeParse(WorkspaceRecord, JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Deletes a directory without following links, also where the agent took its own write permission away. */
async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await openDirectories(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openDirectories(directory: string): Promise<void> {
  const stat = await lstat(directory).catch(() => undefined);
  if (!stat?.isDirectory()) return;
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await openDirectories(path.join(directory, entry.name));
  }
}
