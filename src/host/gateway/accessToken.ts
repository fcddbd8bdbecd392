import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";

/** Whom a token speaks for. One host serves one person, so there is one. */
export const OWNER = "owner";

/** Keeps the token's hash only; compares in constant time. */
export class AccessToken {
  readonly #hash: Buffer;

  constructor(token: string) {
    this.#hash = hashOf(token);
  }

  /** The principal that the token speaks for, or undefined. */
  principalOf(token: string): string | undefined {
    return timingSafeEqual(this.#hash, hashOf(token)) ? OWNER : undefined;
  }
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** The token in the file; a random one of 256 bits is written (mode 0600) if there is no file. */
export function readOrCreateToken(file: string): string {
  if (!existsSync(file)) return rotateToken(file);
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
    throw new AppError("permission.denied", `Other users can read ${file}. Run "chmod 600 ${file}", or remove it.`);
  }
  const token = readFileSync(file, "utf8").trim();
  if (token.length < 32) {
    throw new AppError("request.invalid", `The token in ${file} is shorter than 32 characters. Remove the file.`);
  }
  return token;
}

/** Replaces the token; a running host keeps the former until it starts again. */
export function rotateToken(file: string): string {
  const token = randomBytes(32).toString("base64url");
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${token}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
  return token;
}
