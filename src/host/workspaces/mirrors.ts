import { createHash } from "node:crypto";
import { access, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "../../base/logger.ts";
import type { GitCli } from "./gitCli.ts";
import { cloneFailure, GitError } from "./gitFailure.ts";
import type { OpenRemote, RemoteAccess } from "./remoteAccess.ts";
import { chooseBase, defaultBranch, parseRemoteRefs, type RemoteRefs } from "./remoteRefs.ts";
import type { Remote } from "./repositoryUrl.ts";
import { KeyedQueues } from "./serialQueue.ts";
import { directoryBytes } from "./treeSize.ts";
import type { Credentials } from "./workspace.ts";

export interface MirrorLimits {
  readonly fetchTimeoutMs: number;
  /** What one fetch may bring over the wire. */
  readonly maxFetchBytes: number;
  /** Mirrors that nobody used for so long are removed. */
  readonly mirrorIdleMs: number;
  /** Together; the longest unused go first. */
  readonly maxMirrorBytes: number;
}

export interface MirrorsParts {
  readonly git: GitCli;
  readonly remoteAccess: RemoteAccess;
  readonly directory: string;
  readonly limits: MirrorLimits;
  readonly logger: Logger;
}

export interface RefreshRequest {
  readonly remote: Remote;
  readonly credentials: Credentials;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchRequest extends RefreshRequest {
  readonly baseBranch?: string | undefined;
  readonly onStage: (text: string) => void;
}

export interface Fetched {
  readonly gitDir: string;
  readonly baseBranch: string;
  readonly baseCommit: string;
  /** The branch that the server calls its default one, and its commit. */
  readonly defaultBranch: string | undefined;
  readonly defaultCommit: string | undefined;
}

/** Beyond so many packs a mirror is repacked: each is looked into for every object. */
const maxPacks = 40;

/** Where the copy of a repository is among all copies. */
export function mirrorPath(directory: string, { url }: Remote): string {
  return path.join(directory, `${createHash("sha256").update(url).digest("hex")}.git`);
}

/**
 * The host's own bare copy of each repository: the network is asked only for what is new, and a session's checkout is
 * made from the local disk. Every request asks the server first, with the requester's own credentials, so a mirror gives
 * nobody what the server would not. Sessions link the packs that they need: a mirror may be repacked, made anew or
 * removed whenever nobody is copying from it.
 */
export class Mirrors {
  readonly #parts: MirrorsParts;
  readonly #queues = new KeyedQueues();
  /** How many copy from a mirror at this moment. */
  readonly #users = new Map<string, number>();

  constructor(parts: MirrorsParts) {
    this.#parts = parts;
  }

  /**
   * Brings the mirror up to date and calls `use` while nobody removes what it holds; several may use it at a time.
   * Throws `repository.invalid`, `repository.cloneFailed`, `auth.required` or `cancelled`.
   */
  async withFresh<T>(request: FetchRequest, use: (fetched: Fetched) => Promise<T>): Promise<T> {
    const { remote, baseBranch } = request;
    const gitDir = this.pathOf(remote);
    const fetched = await this.#guarded(request, async (opened) => {
      request.onStage("Connecting");
      const refs = await this.#listRefs(request, opened);
      const base = chooseBase(refs, baseBranch, remote);
      const other = defaultBranch(refs);
      return await this.#queues.run(gitDir, async () => {
        await this.#bringUpToDate(gitDir, refs, request, opened);
        const baseCommit = await this.#commitOf(gitDir, base);
        const defaultCommit = other === undefined ? undefined : await this.#commitOf(gitDir, other);
        this.#users.set(gitDir, (this.#users.get(gitDir) ?? 0) + 1);
        return { gitDir, baseBranch: base, baseCommit, defaultBranch: other, defaultCommit };
      });
    });
    try {
      return await use(fetched);
    } finally {
      this.#users.set(gitDir, (this.#users.get(gitDir) ?? 1) - 1);
    }
  }

  /** The server's branches, with what they point to in the mirror. Throws as `withFresh`. */
  async refresh(request: RefreshRequest): Promise<ReadonlyMap<string, string>> {
    const gitDir = this.pathOf(request.remote);
    return await this.#guarded(request, async (opened) => {
      const refs = await this.#listRefs(request, opened);
      await this.#queues.run(gitDir, () => this.#bringUpToDate(gitDir, refs, request, opened));
      return refs.branches;
    });
  }

  pathOf(remote: Remote): string {
    return mirrorPath(this.#parts.directory, remote);
  }

  /** What is in the mirror can't be read: the next request makes it anew. */
  async discard(remote: Remote): Promise<void> {
    const gitDir = this.pathOf(remote);
    this.#parts.logger.warn("a mirror is damaged and will be made anew", { repository: remote.display });
    await this.#queues.run(gitDir, () => this.#remove(gitDir));
  }

  /**
   * Removes the mirrors that nobody used for long, then the longest unused until the rest fits. Tells how many went.
   * @param kept git directories that something depends on
   */
  async collect(nowMs: number, kept: ReadonlySet<string>): Promise<number> {
    const { directory, limits } = this.#parts;
    const found = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".git"));
    const names = found.filter((name) => !kept.has(path.join(directory, name)));
    const mirrors = await Promise.all(
      names.map(async (name) => {
        const gitDir = path.join(directory, name);
        const used = await stat(path.join(gitDir, "HEAD")).catch(() => undefined);
        return { gitDir, usedMs: used?.mtimeMs ?? 0, bytes: await directoryBytes(gitDir) };
      }),
    );
    let removed = 0;
    let bytes = mirrors.reduce((sum, mirror) => sum + mirror.bytes, 0);
    for (const mirror of mirrors.toSorted((a, b) => a.usedMs - b.usedMs)) {
      const isOld = nowMs - mirror.usedMs > limits.mirrorIdleMs;
      if (!isOld && bytes <= limits.maxMirrorBytes) continue;
      if (!(await this.#alone(mirror.gitDir, () => this.#remove(mirror.gitDir)))) continue;
      removed += 1;
      bytes -= mirror.bytes;
    }
    return removed;
  }

  async #guarded<T>({ remote, credentials }: RefreshRequest, act: (opened: OpenRemote) => Promise<T>): Promise<T> {
    const opened = await this.#parts.remoteAccess.open(remote, credentials);
    try {
      return await act(opened);
    } catch (error) {
      throw cloneFailure(error, opened.context);
    }
  }

  async #listRefs({ remote, signal }: RefreshRequest, { network }: OpenRemote): Promise<RemoteRefs> {
    const args = ["ls-remote", "--symref", "--end-of-options", remote.url, "HEAD", "refs/heads/*", "refs/tags/*"];
    const timeoutMs = Math.min(this.#parts.limits.fetchTimeoutMs, 60_000);
    return parseRemoteRefs(await this.#parts.git.text({ ...network, args, signal, timeoutMs }));
  }

  /** Nothing is asked of the server when the mirror has all its branches and tags as they are. */
  async #bringUpToDate(gitDir: string, refs: RemoteRefs, request: RefreshRequest, opened: OpenRemote): Promise<void> {
    const state = await this.#stateOf(gitDir, refs);
    if (state === "damaged") {
      this.#parts.logger.warn("a mirror is damaged and made anew", { repository: request.remote.display });
      // Whoever copies from it has opened its files and finishes, or fails and is told.
      await this.#remove(gitDir);
    }
    if (state !== "current") await this.#fetch(gitDir, request, opened);
    const main = defaultBranch(refs);
    // What a clone of the mirror takes for the default branch.
    if (main !== undefined) {
      await this.#parts.git.run({ gitDir, args: ["symbolic-ref", "HEAD", `refs/heads/${main}`] });
    }
    // What `collect` goes by.
    const now = new Date();
    await utimes(path.join(gitDir, "HEAD"), now, now);
  }

  async #stateOf(gitDir: string, refs: RemoteRefs): Promise<"absent" | "damaged" | "behind" | "current"> {
    // `init` writes HEAD last of what git needs; a directory without it is a leftover.
    if (!(await exists(path.join(gitDir, "HEAD")))) return "absent";
    const { git } = this.#parts;
    try {
      const format = "--format=%(objectname) %(refname)";
      const listing = await git.text({ gitDir, args: ["for-each-ref", format, "refs/heads/", "refs/tags/"] });
      const lines = listing === "" ? [] : listing.split("\n");
      const held = new Map(lines.map((line) => [line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" "))]));
      if (!(await this.#hasObjects(gitDir, Array.from(held.values())))) return "damaged";
      const isCurrent =
        held.size === refs.all.size && Array.from(refs.all).every(([ref, oid]) => held.get(ref) === oid);
      return isCurrent ? "current" : "behind";
    } catch (error) {
      if (error instanceof GitError && error.failure.ended !== "cancelled") return "damaged";
      throw error;
    }
  }

  /** Looks each up in the packs, which notices packs that are gone, cut short or not packs. */
  async #hasObjects(gitDir: string, oids: readonly string[]): Promise<boolean> {
    if (oids.length === 0) return true;
    const args = ["cat-file", "--batch-check=%(objecttype)"];
    const types = await this.#parts.git.text({ gitDir, args, input: `${oids.join("\n")}\n` });
    return !types.includes("missing");
  }

  /** The server may have moved its branch since it was asked: the mirror's word counts. */
  #commitOf(gitDir: string, branch: string): Promise<string> {
    return this.#parts.git.text({ gitDir, args: ["rev-parse", "--verify", `refs/heads/${branch}^{commit}`] });
  }

  async #fetch(gitDir: string, request: RefreshRequest | FetchRequest, { network }: OpenRemote): Promise<void> {
    const { git, directory, limits } = this.#parts;
    const { remote, signal } = request;
    if (!(await exists(path.join(gitDir, "HEAD")))) {
      await rm(gitDir, { recursive: true, force: true });
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await git.run({ args: ["init", "--quiet", "--bare", "--template=", "--end-of-options", gitDir] });
    }
    const onStage = "onStage" in request ? request.onStage : () => {};
    const refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
    const options = ["--progress", "--prune", "--no-write-fetch-head", "--no-auto-maintenance", "--no-tags"];
    await git.run({
      ...network,
      signal,
      gitDir,
      args: ["fetch", ...options, "--end-of-options", remote.url, ...refspecs],
      timeoutMs: limits.fetchTimeoutMs,
      onProgress: watchProgress(limits.maxFetchBytes, onStage),
    });
    await this.#tidy(gitDir);
  }

  /** Many small fetches leave many packs and many loose refs. */
  async #tidy(gitDir: string): Promise<void> {
    const { git, limits } = this.#parts;
    await git.run({ gitDir, args: ["pack-refs", "--all"] });
    const files = await readdir(path.join(gitDir, "objects", "pack"));
    if (files.filter((name) => name.endsWith(".pack")).length <= maxPacks || this.#isUsed(gitDir)) return;
    await git.run({
      gitDir,
      args: ["repack", "-a", "-d", "-k", "-q"],
      timeoutMs: limits.fetchTimeoutMs,
      isBackground: true,
    });
  }

  /** Out of the way in one step, so that a half removed mirror is never taken for one. */
  async #remove(gitDir: string): Promise<void> {
    const going = `${gitDir}.going`;
    await rm(going, { recursive: true, force: true });
    await rename(gitDir, going).catch(ignoreMissing);
    await rm(going, { recursive: true, force: true });
  }

  /** False when somebody copies from the mirror. */
  #alone(gitDir: string, act: () => Promise<void>): Promise<boolean> {
    return this.#queues.run(gitDir, async () => {
      if (this.#isUsed(gitDir)) return false;
      await act();
      return true;
    });
  }

  #isUsed(gitDir: string): boolean {
    return (this.#users.get(gitDir) ?? 0) > 0;
  }
}

function watchProgress(maxBytes: number, onStage: (text: string) => void): (line: string) => boolean {
  let last = "";
  return (line) => {
    const progress = readProgress(line);
    if (progress === undefined) return true;
    if (progress.text !== last) onStage((last = progress.text));
    return (progress.bytes ?? 0) <= maxBytes;
  };
}

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** "Receiving objects:  43% (…), 12.00 MiB | …" as "Fetching 43 %" and bytes; undefined for any other line. */
export function readProgress(line: string): { readonly text: string; readonly bytes?: number } | undefined {
  const [, what, percent, amount, unit] =
    /^(Receiving objects|Resolving deltas):\s+(\d+)%(?:.*?, ([\d.]+) (bytes|KiB|MiB|GiB))?/.exec(line) ?? [];
  if (what === undefined) return undefined;
  const text = what === "Receiving objects" ? `Fetching ${percent} %` : `Unpacking ${percent} %`;
  return amount === undefined ? { text } : { text, bytes: Number(amount) * (units[unit ?? ""] ?? 1) };
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
