import { createHash } from "node:crypto";
import { access, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import type { Askpass } from "./askpass.ts";
import type { GitCli, GitCommand } from "./gitCli.ts";
import { cloneFailure } from "./gitFailure.ts";
import { isSafeBranch } from "./refs.ts";
import type { Remote } from "./repositoryUrl.ts";
import { KeyedQueues } from "./serialQueue.ts";
import type { Credentials } from "./workspace.ts";

export interface MirrorLimits {
  readonly fetchTimeoutMs: number;
  /** What one fetch may bring over the wire. */
  readonly maxFetchBytes: number;
}

export interface FetchRequest {
  readonly remote: Remote;
  readonly baseBranch?: string | undefined;
  readonly credentials: Credentials;
  readonly onStage: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface Fetched {
  readonly gitDir: string;
  readonly baseBranch: string;
  readonly baseCommit: string;
}

interface RemoteRefs {
  readonly head: string | undefined;
  readonly branches: ReadonlyMap<string, string>;
}

/**
 * The host's own bare copy of each repository: the network is asked only for what is new, and a session's checkout is
 * made from the local disk. Every request asks the server first, with the requester's own credentials, so a mirror gives
 * nobody what the server would not.
 */
export class Mirrors {
  readonly #git: GitCli;
  readonly #directory: string;
  readonly #askpass: Askpass;
  readonly #limits: MirrorLimits;
  readonly #queues = new KeyedQueues();

  constructor(git: GitCli, directory: string, askpass: Askpass, limits: MirrorLimits) {
    this.#git = git;
    this.#directory = directory;
    this.#askpass = askpass;
    this.#limits = limits;
  }

  /**
   * Brings the mirror up to date and calls `use` while nobody else changes it.
   * Throws `repository.cloneFailed`, `auth.required` or `cancelled`.
   */
  async withFresh<T>(request: FetchRequest, use: (fetched: Fetched) => Promise<T>): Promise<T> {
    const gitDir = this.pathOf(request.remote);
    return await this.#queues.run(gitDir, async () => await use(await this.#fetch(gitDir, request)));
  }

  pathOf(remote: Remote): string {
    return path.join(this.#directory, `${createHash("sha256").update(remote.url).digest("hex")}.git`);
  }

  async #fetch(gitDir: string, request: FetchRequest): Promise<Fetched> {
    const { remote, signal, onStage } = request;
    const { env, context } = this.#askpass.for(remote, request.credentials);
    const network: Pick<GitCommand, "protocol" | "env" | "signal"> = { protocol: remote.kind, env, signal };
    try {
      onStage("Connecting");
      const listing = await this.#git.text({
        ...network,
        args: ["ls-remote", "--symref", "--end-of-options", remote.url, "HEAD", "refs/heads/*"],
        timeoutMs: Math.min(this.#limits.fetchTimeoutMs, 60_000),
      });
      const refs = parseRemoteRefs(listing);
      const baseBranch = chooseBase(refs, request.baseBranch, remote);
      await this.#initialize(gitDir);
      await this.#git.run({
        ...network,
        gitDir,
        args: [
          "fetch",
          "--progress",
          "--prune",
          "--no-write-fetch-head",
          "--no-auto-maintenance",
          "--end-of-options",
          remote.url,
          "+refs/heads/*:refs/heads/*",
          "+refs/tags/*:refs/tags/*",
        ],
        timeoutMs: this.#limits.fetchTimeoutMs,
        onProgress: this.#watch(onStage),
      });
      await this.#git.run({ gitDir, args: ["symbolic-ref", "HEAD", `refs/heads/${baseBranch}`] });
      const baseCommit = await this.#git.text({
        gitDir,
        args: ["rev-parse", "--verify", `refs/heads/${baseBranch}^{commit}`],
      });
      return { gitDir, baseBranch, baseCommit };
    } catch (error) {
      throw cloneFailure(error, context);
    }
  }

  async #initialize(gitDir: string): Promise<void> {
    const complete = path.join(gitDir, "HEAD");
    if (await exists(complete)) return;
    // `init` writes HEAD last of what git needs; a directory without it is a leftover.
    await rm(gitDir, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#git.run({ args: ["init", "--quiet", "--bare", "--template=", "--end-of-options", gitDir] });
  }

  #watch(onStage: (text: string) => void): (line: string) => boolean {
    let last = "";
    return (line) => {
      const progress = readProgress(line);
      if (progress === undefined) return true;
      if (progress.text !== last) onStage((last = progress.text));
      return (progress.bytes ?? 0) <= this.#limits.maxFetchBytes;
    };
  }
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

/** Reads `ls-remote --symref`. Branches whose names are outside our grammar are left out. */
export function parseRemoteRefs(text: string): RemoteRefs {
  const branches = new Map<string, string>();
  let head: string | undefined;
  for (const line of text.split("\n")) {
    const symref = /^ref: refs\/heads\/(\S+)\tHEAD$/.exec(line)?.[1];
    if (symref !== undefined && isSafeBranch(symref)) head = symref;
    const [, oid, name] = /^([0-9a-f]{40,64})\trefs\/heads\/(.+)$/.exec(line) ?? [];
    if (oid !== undefined && name !== undefined && isSafeBranch(name)) branches.set(name, oid);
  }
  return { head, branches };
}

function chooseBase(refs: RemoteRefs, wanted: string | undefined, remote: Remote): string {
  if (refs.branches.size === 0) {
    const sentence = `Couldn't clone ${remote.display}: the repository is empty. Push a first commit to it and try again.`;
    throw new AppError("repository.cloneFailed", sentence);
  }
  if (wanted !== undefined) {
    if (refs.branches.has(wanted)) return wanted;
    const sentence = `Couldn't start from "${wanted.slice(0, 200)}": ${remote.display} has no such branch. Choose another base branch.`;
    throw new AppError("repository.cloneFailed", sentence, { details: { baseBranch: wanted } });
  }
  if (refs.head !== undefined && refs.branches.has(refs.head)) return refs.head;
  const usual = ["main", "master"].find((name) => refs.branches.has(name));
  if (usual !== undefined) return usual;
  const [only, ...others] = refs.branches.keys();
  if (only !== undefined && others.length === 0) return only;
  throw new AppError("repository.cloneFailed", `${remote.display} names no default branch. Choose a base branch.`);
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
