import { describe, expect, it } from "vitest";
import {
  cleanText,
  cloneFailure,
  GitError,
  pushFailure,
  reasonOf,
} from "../../../../src/host/workspaces/gitFailure.ts";
import { readProgress } from "../../../../src/host/workspaces/mirrors.ts";
import { parseRemoteRefs } from "../../../../src/host/workspaces/remoteRefs.ts";
import { parseRepository } from "../../../../src/host/workspaces/repositoryUrl.ts";

const remote = parseRepository("https://github.com/octo/app.git", []);
const context = { remote, secrets: ["ghp_secret"], hadToken: false };
const failed = (stderr: string, stdout = "") => new GitError("fetch", { exitCode: 128, stderr, stdout });
const where = "github.com/octo/app.git";

describe("what git says about a clone, as a sentence", () => {
  it.each([
    [
      "fatal: unable to access 'x': Could not resolve host: github.com",
      "repository.cloneFailed",
      "the server github.com was not found. Check the address.",
    ],
    [
      "fatal: unable to access 'x': Failed to connect to github.com port 443",
      "repository.cloneFailed",
      "the server can't be reached. Check the address and try again.",
    ],
    [
      "remote: Repository not found.\nfatal: repository 'x' not found",
      "repository.cloneFailed",
      "there is no repository at this address, or it is private and needs a sign-in. Check the address.",
    ],
    [
      "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
      "auth.required",
      "the server wants a sign-in: the repository is private, or there is none at this address. Check the address, or sign in and try again.",
    ],
    [
      "git@github.com: Permission denied (publickey).",
      "repository.cloneFailed",
      "the server did not accept this host's SSH key. Use the https address, or add the host's key on the server.",
    ],
    [
      "fatal: write error: No space left on device",
      "repository.cloneFailed",
      "the host's disk is full. Remove old agents or free some space.",
    ],
    ["fatal: something odd", "repository.cloneFailed", "something odd"],
    ["", "repository.cloneFailed", "git gave no reason. See the host's log."],
  ])("%s", (stderr, code, advice) => {
    expect(cloneFailure(failed(stderr), context)).toMatchObject({
      code,
      message: `Couldn't clone ${where}: ${advice}`,
    });
  });

  it("tells our own limits apart", () => {
    const ended = (why: "timeout" | "tooLarge" | "cancelled") =>
      cloneFailure(new GitError("fetch", { exitCode: undefined, stderr: "", stdout: "", ended: why }), context);
    expect(ended("timeout").message).toContain("longer than this host allows");
    expect(ended("tooLarge").message).toContain("larger than this host allows");
    expect(ended("cancelled").code).toBe("cancelled");
  });
});

describe("what a server says about a push", () => {
  it.each([
    ["", "!\tabc:refs/heads/agent/x\t[rejected] (stale info)", "changed on the server by someone else"],
    [
      "",
      "!\tabc:refs/heads/agent/x\t[remote rejected] (protected branch hook declined)",
      "refused it: protected branch hook declined",
    ],
    [
      "remote: error: GH006: Protected branch update failed",
      "!\tx\t[remote rejected] (protected)",
      "refused it: error: GH006: Protected branch update failed",
    ],
    [
      "remote: Permission to octo/app.git denied to me.\nfatal: The requested URL returned error: 403",
      "",
      "refused it: Permission to octo/app.git denied to me.",
    ],
  ])("%s %s", (stderr, stdout, sentence) => {
    const failure = pushFailure(failed(stderr, stdout), "agent/x", context);
    expect(failure.code).toBe("push.refused");
    expect(failure.message).toContain(sentence);
  });
});

describe("text of others", () => {
  it("loses controls, colours, invisible characters and credentials", () => {
    const text = "\u001b[31mred\u001b[0m \u0007 a\u202eb\u200bc https://me:pw@host/x ghp_secret ghp_AbC123 line\nnext";
    expect(cleanText(text, ["ghp_secret"])).toBe("red a b c https://host/x *** *** line next");
  });

  it("is bounded, and the server's words come first", () => {
    expect(cleanText("x".repeat(10_000))).toHaveLength(400);
    expect(reasonOf("remote: \nremote: no\nfatal: git's own words")).toBe("no");
  });
});

describe("what a fetch tells on its way", () => {
  it.each([
    ["Receiving objects:  43% (1290/3000), 12.00 MiB | 3.00 MiB/s", { text: "Fetching 43 %", bytes: 12 * 2 ** 20 }],
    ["Receiving objects:   1% (1/100)", { text: "Fetching 1 %" }],
    ["Resolving deltas: 100% (3/3), done.", { text: "Unpacking 100 %" }],
    ["remote: Counting objects: 5, done.", undefined],
  ])("%s", (line, expected) => {
    expect(readProgress(line)).toEqual(expected);
  });

  it("reads the default branch and leaves out names that are not safe", () => {
    const oid = "c".repeat(40);
    const text = `ref: refs/heads/trunk\tHEAD\n${oid}\tHEAD\n${oid}\trefs/heads/trunk\n${oid}\trefs/heads/a;id\n${oid}\trefs/heads/x/y\n${oid}\trefs/tags/v1\n${oid}\trefs/tags/v1^{}`;
    expect(parseRemoteRefs(text)).toEqual({
      all: new Map(["refs/heads/trunk", "refs/heads/a;id", "refs/heads/x/y", "refs/tags/v1"].map((ref) => [ref, oid])),
      head: "trunk",
      branches: new Map([
        ["trunk", oid],
        ["x/y", oid],
      ]),
    });
  });
});

describe("addresses", () => {
  it.each([
    [
      "https://github.com/octo/app.git",
      { kind: "https", origin: "https://github.com", display: "github.com/octo/app.git" },
    ],
    ["HTTPS://GitHub.com:443/octo/app", { url: "https://github.com/octo/app", origin: "https://github.com" }],
    ["https://git.example.invalid:8443/a/b", { origin: "https://git.example.invalid:8443" }],
    ["http://127.0.0.1:4000/a/b.git", { kind: "http", origin: "http://127.0.0.1:4000" }],
    [
      "git@github.com:octo/app.git",
      { kind: "ssh", url: "git@github.com:octo/app.git", display: "github.com/octo/app.git" },
    ],
    ["ssh://git@host:2222/octo/app.git", { kind: "ssh", url: "ssh://git@host:2222/octo/app.git" }],
  ])("accepts %s", (text, expected) => {
    expect(parseRepository(text, [])).toMatchObject(expected);
  });
});
