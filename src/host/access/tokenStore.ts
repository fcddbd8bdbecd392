import { timingSafeEqual } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposables.ts";
import type { Logger } from "../../base/logger.ts";
import { OWNER, readOwnersHash } from "../gateway/accessToken.ts";
import type { Grant, Tokens } from "./grant.ts";
import { hashOf, noteUse, readToken, type StoredToken } from "./tokenFile.ts";

export interface TokenStoreOptions {
  /** Holds the owner's token, or its hash (see `readOwnersHash`); it is an admin's and never expires. */
  readonly ownersFile: string;
  /** See `tokenDirectory`. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Entry {
  readonly hash: Buffer;
  readonly grant: Grant;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** The file as it was when it was read. */
  readonly version: string;
}

/** A revoked token has to be dead within 5 seconds, with everything that it opened. */
const lookMs = 1_000;
const useNotedMs = 60_000;

/** The tokens in the files of the data directory, which `muster-host token` changes while the host runs. */
export class TokenStore implements Tokens, Disposable {
  readonly #options: TokenStoreOptions;
  readonly #usedAt = new Map<string, number>();
  /** By file. */
  #entries: ReadonlyMap<string, Entry> = new Map();
  /** What was said last of files that cannot be read: they are looked at again and again, and it is said once. */
  readonly #complaints = new Map<string, string>();
  #current: ReadonlyMap<Grant, Entry> = new Map();
  #place = "";
  #timer: Disposable | undefined;

  constructor(options: TokenStoreOptions) {
    this.#options = options;
    this.#look();
  }

  grantOf(token: string): Grant | "expired" | undefined {
    const given = Buffer.from(hashOf(token), "hex");
    const known = this.#find(given);
    // Made this very moment, perhaps. Whoever guesses makes the host look at two dates, not into its files.
    if (known !== undefined || this.#placeNow() === this.#place) return known;
    this.#look();
    return this.#find(given);
  }

  isCurrent(grant: Grant): boolean {
    const entry = this.#current.get(grant);
    return entry !== undefined && !this.#isExpired(entry);
  }

  used({ tokenId }: Grant): void {
    const { clock, directory, logger } = this.#options;
    const now = clock.now();
    if (now - (this.#usedAt.get(tokenId) ?? 0) < useNotedMs) return;
    this.#usedAt.set(tokenId, now);
    try {
      noteUse(directory, tokenId, now);
    } catch (error) {
      logger.warn("the use of an access key was not noted", { id: tokenId, error: String(error) });
    }
  }

  dispose(): void {
    this.#timer?.dispose();
  }

  /** Every token is held against the hash of the given one, each in constant time: which of them fits takes no guesses. */
  #find(hash: Buffer): Grant | "expired" | undefined {
    let found: Entry | undefined;
    for (const entry of this.#entries.values()) if (timingSafeEqual(entry.hash, hash)) found = entry;
    return found && this.#isExpired(found) ? "expired" : found?.grant;
  }

  #isExpired({ expiresAtMs }: Entry): boolean {
    return expiresAtMs <= this.#options.clock.now();
  }

  #look(): void {
    const { clock } = this.#options;
    this.#timer?.dispose();
    this.#timer = clock.setTimeout(() => this.#look(), lookMs);
    this.#place = this.#placeNow();
    const entries = new Map<string, Entry>();
    for (const file of this.#files()) {
      const entry = this.#entryOf(file);
      if (entry) entries.set(file, entry);
    }
    this.#entries = entries;
    this.#current = new Map(Array.from(entries.values(), (entry) => [entry.grant, entry]));
  }

  /** Another one when a file came, went or was replaced. */
  #placeNow(): string {
    const { ownersFile, directory } = this.#options;
    return [ownersFile, directory].map((place) => statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? 0).join();
  }

  #files(): readonly string[] {
    const { ownersFile, directory } = this.#options;
    const names = existsSync(directory) ? readdirSync(directory) : [];
    return [ownersFile, ...names.filter((name) => name.endsWith(".json")).map((name) => path.join(directory, name))];
  }

  /** A file that is gone revokes its token. One that cannot be read for another reason leaves things as they are. */
  #entryOf(file: string): Entry | undefined {
    const known = this.#entries.get(file);
    const { logger } = this.#options;
    try {
      const { mtimeMs, size, ino, mode } = statSync(file);
      const version = `${mtimeMs} ${size} ${ino} ${mode}`;
      if (known?.version === version) return known;
      if (known && process.platform !== "win32" && (mode & 0o077) !== 0) {
        logger.warn("others can read an access key", { file });
        return { ...known, version };
      }
      const read = file === this.#options.ownersFile ? ownersToken(file) : tokenOf(readToken(file));
      const isSame = known?.hash.equals(read.hash) === true && isSameGrant(known.grant, read.grant);
      this.#complaints.delete(file);
      return { ...read, version, grant: isSame ? known.grant : read.grant };
    } catch (error) {
      if (isMissing(error)) return undefined;
      const complaint = String(error);
      if (this.#complaints.get(file) !== complaint)
        logger.warn("an access key could not be read", { file, error: complaint });
      this.#complaints.set(file, complaint);
      return known;
    }
  }
}

function ownersToken(file: string): Omit<Entry, "version"> {
  const grant: Grant = { tokenId: OWNER, user: OWNER, role: "admin", sessions: "all" };
  return { hash: Buffer.from(readOwnersHash(file), "hex"), grant, expiresAtMs: Number.POSITIVE_INFINITY };
}

function tokenOf({ id, hash, user, role, sessions, expiresAt }: StoredToken): Omit<Entry, "version"> {
  const grant: Grant = {
    tokenId: id,
    user,
    role,
    sessions: role === "admin" ? "all" : sessions,
  };
  const expiresAtMs = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
  return { hash: Buffer.from(hash, "hex"), grant, expiresAtMs };
}

function isSameGrant(a: Grant, b: Grant): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
