import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { hashOf, makePrivate, randomToken, writePrivate } from "../access/tokenFile.ts";

/** The user of the host's first token: an admin. */
export const OWNER = "owner";

const hashed = /^sha256:([0-9a-f]{64})$/;

/** Where the data directory has the hash of the owner's token. */
export function ownersFile(dataDir: string): string {
  return path.join(dataDir, "token");
}

/** Hex SHA-256 of the owner's token, of which the file holds either this hash or the token. Throws for anything else. */
export function readOwnersHash(file: string): string {
  const text = readFileSync(file, "utf8").trim();
  return hashed.exec(text)?.[1] ?? hashOf(longEnough(text, file));
}

/** Another token for the owner, of which the data keep the hash; a running host takes it within seconds. */
export function makeOwnersToken(dataDir: string): string {
  const token = randomToken();
  write(ownersFile(dataDir), `sha256:${hashOf(token)}`);
  return token;
}

/** Puts the hash into the place of a token that stands there as it is. True when one stood there. */
export function hideOwnersToken(dataDir: string): boolean {
  const file = ownersFile(dataDir);
  if (!existsSync(file) || hashed.test(readFileSync(file, "utf8").trim())) return false;
  write(file, `sha256:${readOwnersHash(file)}`);
  return true;
}

/**
 * The token in a file that somebody has named, for programs of the same account to read; a random one of 256 bits is
 * written (mode 0600) if there is no file.
 */
export function readOrCreateToken(file: string): string {
  if (!existsSync(file)) return rotateToken(file);
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
    throw new AppError("permission.denied", `Other users can read ${file}. Run "chmod 600 ${file}", or remove it.`);
  }
  const text = readFileSync(file, "utf8").trim();
  if (hashed.test(text)) {
    throw new AppError("request.invalid", `${file} holds the hash of a token. Name another file with --token-file.`);
  }
  return longEnough(text, file);
}

/** Replaces the token; a running host takes the other within seconds, and closes what the former opened. */
export function rotateToken(file: string): string {
  const token = randomToken();
  write(file, token);
  return token;
}

function write(file: string, text: string): void {
  makePrivate(path.dirname(file));
  writePrivate(file, `${text}\n`);
}

function longEnough(token: string, file: string): string {
  if (token.length >= 32) return token;
  throw new AppError("request.invalid", `The token in ${file} is shorter than 32 characters. Remove the file.`);
}
