import { execFile } from "node:child_process";
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../base/appError.ts";
import { SerialQueue } from "../workspaces/serialQueue.ts";

export interface UidRange {
  readonly first: number;
  readonly count: number;
}

/**
 * A user id for each workspace of a host that runs as root, so that the file system and the kernel's own limits tell
 * sessions apart even where a box has a hole. Who owns a workspace says which id is its: nothing else has to be kept.
 */
export class SessionUids {
  readonly #directory: string;
  readonly #range: UidRange;
  readonly #queue = new SerialQueue();
  /** By the directory of the session. */
  #taken: Map<string, number> | undefined;

  /** @param directory holds one directory a session */
  constructor(directory: string, range: UidRange) {
    this.#directory = directory;
    this.#range = range;
  }

  /**
   * The id of the session that these directories belong to; they are its when this resolves. Files that the host has made
   * in the workspace since are handed over too. Throws AppError `isolation.missing` when all ids are in use.
   */
  own(directories: readonly string[]): Promise<number> {
    return this.#queue.run(async () => {
      const first = directories[0] ?? "";
      const session = path.dirname(first);
      const uid = (await this.#uidOf(first)) ?? (await this.#allocate(session));
      // Programs of the session may be at work: each directory is entered before what is in it is handed over, so that a
      // link in the place of a directory leads nowhere. No file that has another name elsewhere: it may be another's.
      const foreign = ["!", "-uid", String(uid), "!", "(", "-type", "f", "-links", "+1", ")"];
      const owner = `${uid}:${uid}`;
      const args = ["-P", ...directories, "-xdev", ...foreign, "-execdir", "/bin/chown", "-h", owner, "--", "{}", "+"];
      const failure = await promisify(execFile)("/usr/bin/find", args, { env: {}, timeout: 120_000 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      // What comes and goes meanwhile is the session's own already; what counts is that its directories are.
      for (const directory of directories) {
        if ((await lstat(directory)).uid === uid) continue;
        const sentence = `The files of this session could not be handed over to its user (${uid}): ${String(failure)}`;
        throw new AppError("isolation.missing", sentence, { cause: failure });
      }
      return uid;
    });
  }

  async #allocate(session: string): Promise<number> {
    // A trial elsewhere ends at once and keeps nothing.
    if (path.dirname(session) !== this.#directory) return this.#range.first;
    const known = await this.#known();
    const present = known.get(session);
    if (present !== undefined) return present;
    const used = new Set(known.values());
    for (let uid = this.#range.first; uid < this.#range.first + this.#range.count; uid += 1) {
      if (used.has(uid)) continue;
      known.set(session, uid);
      return uid;
    }
    throw new AppError(
      "isolation.missing",
      `All ${this.#range.count} user ids for sessions are in use. Delete sessions, or raise "box.uids.count" in the host's configuration.`,
    );
  }

  /** Read from the disk whenever the ids have run out of date: a session's directory goes with the session. */
  async #known(): Promise<Map<string, number>> {
    this.#taken ??= new Map();
    const known = this.#taken;
    const present = new Set(await readdir(this.#directory).catch(() => []));
    for (const session of known.keys()) {
      if (!present.has(path.basename(session))) known.delete(session);
    }
    for (const name of present) {
      const session = path.join(this.#directory, name);
      if (known.has(session)) continue;
      const uid = await this.#uidOf(path.join(session, "workspace"));
      if (uid !== undefined) known.set(session, uid);
    }
    return known;
  }

  async #uidOf(directory: string): Promise<number | undefined> {
    const uid = (await lstat(directory).catch(() => undefined))?.uid ?? -1;
    return uid >= this.#range.first && uid < this.#range.first + this.#range.count ? uid : undefined;
  }
}
