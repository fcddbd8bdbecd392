import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../base/appError.ts";
import { randomToken, writePrivate } from "../access/tokenFile.ts";

/** The user of the token that the first start makes: an admin. */
export const OWNER = "owner";

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

/** Replaces the token; a running host takes the other within seconds, and closes what the former opened. */
export function rotateToken(file: string): string {
  const token = randomToken();
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writePrivate(file, `${token}\n`);
  return token;
}
