import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createToken, hashOf, tokenDirectory } from "../../../../src/host/access/tokenFile.ts";
import {
  hideOwnersToken,
  makeOwnersToken,
  ownersFile,
  readOrCreateToken,
  readOwnersHash,
  rotateToken,
} from "../../../../src/host/gateway/accessToken.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "muster-token-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a token in a file that was named", () => {
  it("is made once, random, for its owner's eyes only", () => {
    const file = path.join(directory, "sub", "token");
    const token = readOrCreateToken(file);
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readOrCreateToken(file)).toBe(token);
    expect(readOwnersHash(file)).toBe(hashOf(token));
    expect(rotateToken(file)).not.toBe(token);
    expect(readFileSync(file, "utf8").trim()).not.toBe(token);
  });

  it("is not taken from a file that others can read", () => {
    const file = path.join(directory, "token");
    readOrCreateToken(file);
    chmodSync(file, 0o644);
    expect(() => readOrCreateToken(file)).toThrow(/chmod 600/);
  });
});

describe("the owner's token", () => {
  it("SEC-3: is in the data directory as its hash only, for its owner's eyes", () => {
    const token = makeOwnersToken(directory);
    const file = ownersFile(directory);
    expect(readFileSync(file, "utf8")).toBe(`sha256:${hashOf(token)}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readOwnersHash(file)).toBe(hashOf(token));
    expect(hideOwnersToken(directory)).toBe(false);
    // The hash is no token that somebody could connect with.
    expect(() => readOrCreateToken(file)).toThrow(/--token-file/);
  });

  it("SEC-3: goes on to open the host when the data of an earlier version hold it as it is", () => {
    const token = rotateToken(ownersFile(directory));
    expect(hideOwnersToken(directory)).toBe(true);
    expect(readFileSync(ownersFile(directory), "utf8")).not.toContain(token);
    expect(readOwnersHash(ownersFile(directory))).toBe(hashOf(token));
  });

  it.skipIf(process.getuid?.() !== 0)("is the host's to read when root makes it for another user", () => {
    chownSync(directory, 12_345, 12_345);
    makeOwnersToken(directory);
    const { stored } = createToken(tokenDirectory(directory), { user: "a", role: "viewer", sessions: "own" }, 0);
    const made = ["token", "tokens", path.join("tokens", `${stored.id}.json`)];
    expect(made.map((name) => statSync(path.join(directory, name)).uid)).toEqual([12_345, 12_345, 12_345]);
  });

  it.each(["", "short", "sha256:12"])("is not %j", (text) => {
    writeFileSync(ownersFile(directory), text);
    expect(() => readOwnersHash(ownersFile(directory))).toThrow(/shorter than 32/);
  });
});
