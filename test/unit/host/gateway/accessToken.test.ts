import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readOrCreateToken, rotateToken } from "../../../../src/host/gateway/accessToken.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-token-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("is made once, random, for its owner's eyes only", () => {
  const file = path.join(directory, "sub", "token");
  const token = readOrCreateToken(file);
  expect(Buffer.from(token, "base64url")).toHaveLength(32);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readOrCreateToken(file)).toBe(token);
  expect(rotateToken(file)).not.toBe(token);
  expect(readFileSync(file, "utf8").trim()).not.toBe(token);
});

it("is not taken from a file that others can read", () => {
  const file = path.join(directory, "token");
  readOrCreateToken(file);
  chmodSync(file, 0o644);
  expect(() => readOrCreateToken(file)).toThrow(/chmod 600/);
});
