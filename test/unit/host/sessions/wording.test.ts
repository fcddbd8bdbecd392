import { describe, expect, it } from "vitest";
import { isSafeBranch } from "../../../../src/host/workspaces/refs.ts";
import { ordinal } from "../../../../src/base/ordinal.ts";
import { branchName, ownerAndRepo, repositoryName, headline } from "../../../../src/host/sessions/wording.ts";

describe("headline", () => {
  it.each([
    ["Fix the login\n\nIt fails.", "Fix the login"],
    ["\n\n  # Make it\tfaster  ", "Make it faster"],
    ["a\u202Eb", "a b"],
    ["", undefined],
  ])("of %j is %j", (prompt, title) => {
    expect(headline(prompt)).toBe(title);
  });

  it("is at most sixty characters and never cuts one in half", () => {
    const title = headline("😀".repeat(100)) ?? "";
    expect(Array.from(title)).toHaveLength(60);
    expect(title.isWellFormed()).toBe(true);
  });
});

it("counts places as people do", () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 102, 113].map(ordinal)).toEqual([
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "102nd",
    "113th",
  ]);
});

describe("branchName", () => {
  it.each([
    ["Fix the login!", "agent/fix-the-login-1a2b3c4d"],
    ["Überprüfe ../../etc", "agent/u-berpru-fe-etc-1a2b3c4d"],
    ["日本語", "agent/work-1a2b3c4d"],
    [`${"a".repeat(39)} b`, `agent/${"a".repeat(39)}-1a2b3c4d`],
  ])("of %j is %j", (title, branch) => {
    expect(branchName(title, "1a2b3c4d-5e6f-7a8b")).toBe(branch);
    expect(isSafeBranch(branch)).toBe(true);
  });
});

it.each([
  ["https://github.com/octo/demo.git", { host: "github.com", owner: "octo", repo: "demo" }],
  ["https://github.com/octo/demo/", { host: "github.com", owner: "octo", repo: "demo" }],
  ["git@github.com:octo/demo.git", { host: "github.com", owner: "octo", repo: "demo" }],
  ["ssh://git@github.com/octo/demo", { host: "github.com", owner: "octo", repo: "demo" }],
  ["http://127.0.0.1:4000/octo/demo.git", { host: "127.0.0.1:4000", owner: "octo", repo: "demo" }],
  ["https://github.com/octo", undefined],
  ["/srv/git/demo.git", undefined],
])("owner and repository of %s", (address, expected) => {
  expect(ownerAndRepo(address)).toEqual(expected);
});

it("names a repository by its last part", () => {
  expect(["https://github.com/octo/demo.git", "/srv/git/tools/", "git@host:one.git"].map(repositoryName)).toEqual([
    "demo",
    "tools",
    "one",
  ]);
});
