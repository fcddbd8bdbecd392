import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import { ROLES } from "./rights.ts";

export const SESSION_SCOPES = ["own", "all"] as const;
/** Whose sessions a token opens: those of its user, or everybody's. An admin's are always all. */
export type SessionScope = (typeof SESSION_SCOPES)[number];

const Instant = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), "must be a time"));

/** What the host keeps of a token. The token itself is nowhere: it is shown once, when it is made. */
export const StoredToken = z.looseObject({
  id: z.string().check(z.regex(/^[a-z0-9]{1,32}$/)),
  /** Hex SHA-256 of the token. It has 256 random bits, so nobody can try them out, and salt or slow hashing gain nothing. */
  hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  user: z.string().check(z.regex(/^[A-Za-z0-9][\w.@+-]{0,63}$/, "must be 1 to 64 letters, digits or . _ @ + -")),
  role: z.enum(ROLES),
  sessions: z.enum(SESSION_SCOPES),
  label: z.optional(z.string().check(z.maxLength(200))),
  createdAt: Instant,
  expiresAt: z.optional(Instant),
});
export type StoredToken = z.infer<typeof StoredToken>;

export type TokenTerms = Pick<StoredToken, "user" | "role" | "sessions" | "label" | "expiresAt">;

/** Of the file beside `token`: one file for each token, so that no two writers ever change the same. */
export function tokenDirectory(dataDir: string): string {
  return path.join(dataDir, "tokens");
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** 256 random bits, 43 characters. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Answers with the token, which is not kept, and what is kept of it. Throws `request.invalid` for terms that cannot be. */
export function createToken(
  directory: string,
  terms: TokenTerms,
  nowMs: number,
): { readonly token: string; readonly stored: StoredToken } {
  const token = randomToken();
  const id = randomBytes(5).toString("hex");
  const createdAt = new Date(nowMs).toISOString();
  const given = Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
  const parsed = StoredToken.safeParse({ id, hash: hashOf(token), createdAt, ...given });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AppError(
      "request.invalid",
      `The ${issue?.path.join(".") ?? "token"} ${issue?.message ?? "is not valid"}.`,
    );
  }
  writeToken(directory, parsed.data);
  return { token, stored: parsed.data };
}

export function writeToken(directory: string, stored: StoredToken): void {
  makePrivate(directory);
  writePrivate(fileOf(directory, stored.id), `${JSON.stringify(stored, undefined, 2)}\n`);
}

/** Every token, expired ones included, the oldest first. Throws `request.invalid` for a file that cannot be read. */
export function readTokens(directory: string): readonly StoredToken[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  const tokens = names.map((name) => readToken(path.join(directory, name)));
  return tokens.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
}

/** Throws `request.invalid` for a file that is none of a token, or that says to be another's. */
export function readToken(file: string): StoredToken {
  const parsed = StoredToken.safeParse(parseJson(readFileSync(file, "utf8")));
  if (parsed.success && `${parsed.data.id}.json` === path.basename(file)) return parsed.data;
  throw new AppError("request.invalid", `${file} is not what the host wrote there. Remove it and make another token.`);
}

/** Throws `notFound`. */
export function findToken(directory: string, id: string): StoredToken {
  const found = readTokens(directory).find((token) => token.id === id);
  if (found) return found;
  throw new AppError("notFound", `There is no token "${id}". Run "muster-host token list".`);
}

export function removeToken(directory: string, id: string): void {
  const { id: known } = findToken(directory, id);
  rmSync(fileOf(directory, known));
  rmSync(usedFileOf(directory, known), { force: true });
}

/** When the token opened a connection last, ISO 8601. */
export function lastUsed(directory: string, id: string): string | undefined {
  try {
    return readFileSync(usedFileOf(directory, id), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Only a running host writes this. */
export function noteUse(directory: string, id: string, nowMs: number): void {
  makePrivate(directory);
  writePrivate(usedFileOf(directory, id), `${new Date(nowMs).toISOString()}\n`);
}

/** Whole or not at all, for its owner only: whose the directory is, also when root writes. */
export function writePrivate(file: string, text: string): void {
  const fresh = `${file}.${process.pid}`;
  rmSync(fresh, { force: true });
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: "wx" });
    chmodSync(fresh, 0o600);
    giveToOwner(fresh);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Made if absent, for its owner only, as `writePrivate`. */
export function makePrivate(directory: string): void {
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  giveToOwner(directory);
}

/** The host may run as another user than whoever looks after it. */
function giveToOwner(file: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(path.dirname(file));
  lchownSync(file, uid, gid);
}

function fileOf(directory: string, id: string): string {
  return path.join(directory, `${id}.json`);
}

function usedFileOf(directory: string, id: string): string {
  return path.join(directory, `${id}.used`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
