import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/logger.ts";
import {
  createToken,
  lastUsed,
  readTokens,
  removeToken,
  tokenDirectory,
  type TokenTerms,
  writeToken,
} from "../../../../src/host/access/tokenFile.ts";
import { TokenStore } from "../../../../src/host/access/tokenStore.ts";
import { makeOwnersToken, ownersFile } from "../../../../src/host/gateway/accessToken.ts";
import { FakeClock } from "../../../support/fakeClock.ts";

let data: string;
let directory: string;
let owners: string;
let clock: FakeClock;
let store: TokenStore;

const ada: TokenTerms = { user: "ada", role: "operator", sessions: "own" };
const make = (terms: Partial<TokenTerms> = {}) => createToken(directory, { ...ada, ...terms }, clock.now());
const inMs = (ms: number) => new Date(clock.now() + ms).toISOString();

beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), "muster-tokens-"));
  directory = tokenDirectory(data);
  owners = makeOwnersToken(data);
  clock = new FakeClock();
  store = new TokenStore({ ownersFile: ownersFile(data), directory, clock, logger: silentLogger });
});
afterEach(() => {
  store.dispose();
  rmSync(data, { recursive: true, force: true });
});

describe("a token", () => {
  it("is kept as its hash only, for its owner's eyes", () => {
    const { token, stored } = make({ label: "laptop" });
    const files = readdirSync(directory);
    expect(files).toEqual([`${stored.id}.json`]);
    const file = path.join(directory, files[0] ?? "");
    expect(readFileSync(file, "utf8")).not.toContain(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    expect(readTokens(directory)).toEqual([stored]);
  });

  it.each([
    [{ user: "" }, /user/],
    [{ user: "a\nb" }, /user/],
    [{ label: "x".repeat(201) }, /label/],
    [{ expiresAt: "tomorrow" }, /expiresAt/],
  ])("is not made with %j", (terms, sentence) => {
    expect(() => make(terms)).toThrow(sentence);
    expect(readTokens(directory)).toEqual([]);
  });
});

describe("a running host", () => {
  it("knows the owner's token, as an admin's", () => {
    expect(store.grantOf(owners)).toEqual({
      tokenId: "owner",
      user: "owner",
      role: "admin",
      sessions: "all",
    });
    expect(store.grantOf("")).toBeUndefined();
    expect(store.grantOf("x".repeat(43))).toBeUndefined();
  });

  it("AUTH-5: takes a new token and drops a revoked one within 5 seconds", async () => {
    const { token, stored } = make();
    const grant = store.grantOf(token);
    expect(grant).toEqual({ tokenId: stored.id, user: "ada", role: "operator", sessions: "own" });
    if (grant === undefined || grant === "expired") return;
    await clock.advance(10_000);
    // Nothing changed: what it opened stays.
    expect(store.isCurrent(grant)).toBe(true);
    removeToken(directory, stored.id);
    await clock.advance(1_000);
    expect(store.grantOf(token)).toBeUndefined();
    expect(store.isCurrent(grant)).toBe(false);
  });

  it("AUTH-5: takes the owner's rotated token, and the former no more", async () => {
    const grant = store.grantOf(owners);
    const token = makeOwnersToken(data);
    await clock.advance(1_000);
    expect(store.grantOf(owners)).toBeUndefined();
    expect(store.grantOf(token)).toMatchObject({ role: "admin" });
    expect(typeof grant === "object" && store.isCurrent(grant)).toBe(false);
  });

  it("AUTH-3: ends a token at the very millisecond, whatever else its file says", async () => {
    const { token, stored } = make();
    await clock.advance(1_000);
    // A rotation lets the former token end later: what it opened stays until then.
    writeToken(directory, { ...stored, expiresAt: inMs(59_000) });
    const grant = store.grantOf(token);
    if (typeof grant !== "object") throw new Error("the token is not known");
    await clock.advance(58_999);
    expect([typeof store.grantOf(token), store.isCurrent(grant)]).toEqual(["object", true]);
    await clock.advance(1);
    expect([store.grantOf(token), store.isCurrent(grant)]).toEqual(["expired", false]);
  });

  it("closes what a token opened when it may do less than before", async () => {
    const { token, stored } = make({ role: "approver" });
    await clock.advance(1_000);
    const grant = store.grantOf(token);
    writeToken(directory, { ...stored, role: "viewer" });
    await clock.advance(1_000);
    expect(typeof grant === "object" && store.isCurrent(grant)).toBe(false);
    expect(store.grantOf(token)).toMatchObject({ role: "viewer" });
  });

  it("takes no token from a file that the host did not write, and keeps the others", async () => {
    const { token, stored } = make();
    writeFileSync(path.join(directory, "garbage.json"), "{");
    writeFileSync(path.join(directory, "other.json"), JSON.stringify({ ...stored, id: stored.id }));
    await clock.advance(1_000);
    expect(store.grantOf(token)).toMatchObject({ user: "ada" });
    // A file that becomes unreadable while the host runs changes nothing: only removing it revokes.
    writeFileSync(path.join(directory, `${stored.id}.json`), "{");
    await clock.advance(1_000);
    expect(store.grantOf(token)).toMatchObject({ user: "ada" });
  });

  it("complains of a file that it cannot read once, not at every look", async () => {
    make();
    writeFileSync(path.join(directory, "garbage.json"), "{");
    const complaints: unknown[] = [];
    const logger = { ...silentLogger, warn: (...said: unknown[]) => void complaints.push(said) };
    const another = new TokenStore({ ownersFile: ownersFile(data), directory, clock, logger });
    await clock.advance(10_000);
    another.dispose();
    expect(complaints).toEqual([
      ["an access key could not be read", expect.objectContaining({ file: expect.stringMatching(/garbage/) })],
    ]);
  });

  it("notes when a token was used, once a minute", async () => {
    const { token, stored } = make();
    await clock.advance(1_000);
    const grant = store.grantOf(token);
    if (typeof grant !== "object") throw new Error("the token is not known");
    expect(lastUsed(directory, stored.id)).toBeUndefined();
    store.used(grant);
    const first = inMs(0);
    await clock.advance(59_999);
    store.used(grant);
    expect(lastUsed(directory, stored.id)).toBe(first);
    await clock.advance(1);
    store.used(grant);
    expect(lastUsed(directory, stored.id)).toBe(inMs(0));
  });
});
