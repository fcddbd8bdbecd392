import { describe, expect, it } from "vitest";
import { parseHunks, parseMerges } from "../../../../src/host/forecast/mergeLab.ts";
import { mergeOrder } from "../../../../src/host/forecast/mergeOrder.ts";
import { type ChangesByPath, hunksMeet, meeting, sharedPaths } from "../../../../src/host/forecast/overlap.ts";
import type { FleetOverlap } from "../../../../src/protocol/fleetConflicts.ts";

const changes = (...paths: string[]): ChangesByPath =>
  new Map(
    paths.map((path) => [path, { path, status: "modified" as const, additions: 1, deletions: 0, binary: false }]),
  );

describe("what two lines of work share", () => {
  it("is the files that both touch", () => {
    expect(sharedPaths(changes("a", "b/c"), changes("b/c", "d"))).toEqual(["b/c"]);
    expect(sharedPaths(changes("a"), changes("b"))).toEqual([]);
  });

  it("is also a file where the other has a directory", () => {
    expect(sharedPaths(changes("lib"), changes("lib/x/y"))).toEqual(["lib/x/y"]);
    expect(sharedPaths(changes("lib/x/y"), changes("lib/x"))).toEqual(["lib/x/y"]);
    expect(sharedPaths(changes("library"), changes("lib/x"))).toEqual([]);
  });

  it("names the first fifty files in order and counts all", () => {
    const files = Array.from({ length: 60 }, (_, index) => `f${String(index).padStart(2, "0")}`);
    expect(meeting("sameFile", files.toReversed())).toEqual({
      overlap: "sameFile",
      files: files.slice(0, 50),
      fileCount: 60,
    });
  });
});

describe("lines", () => {
  it.each([
    [{ start: 5, lines: 1 }, { start: 5, lines: 1 }, true],
    [{ start: 5, lines: 1 }, { start: 8, lines: 2 }, true],
    [{ start: 5, lines: 1 }, { start: 9, lines: 2 }, false],
    [{ start: 5, lines: 10 }, { start: 17, lines: 1 }, true],
    [{ start: 0, lines: 0 }, { start: 3, lines: 0 }, true],
    [{ start: 0, lines: 0 }, { start: 4, lines: 0 }, false],
  ])("%j and %j: %s", (one, other, expected) => {
    expect(hunksMeet([one], [other])).toBe(expected);
    expect(hunksMeet([other], [one])).toBe(expected);
  });

  it("are read from a patch, whatever the files hold", () => {
    const commit = "c".repeat(40);
    const patch = [
      commit,
      "diff --git a/a b.txt b/a b.txt",
      "--- a/a b.txt",
      "+++ b/a b.txt",
      "@@ -3 +3 @@ heading",
      "-diff --git a/x b/x",
      "+@@ -1,9 +1,9 @@",
      `-${commit}`,
      "@@ -10,0 +11,2 @@",
      'diff --git "a/q\\n" "b/q\\n"',
      "@@ -1 +1 @@",
      "diff --git a/other b/other",
      "@@ -7,2 +7 @@",
      commit,
    ].join("\n");
    expect(parseHunks(patch, ["a b.txt", "other"])).toEqual([
      new Map([
        [
          "a b.txt",
          [
            { start: 3, lines: 1 },
            { start: 10, lines: 0 },
          ],
        ],
        ["other", [{ start: 7, lines: 2 }]],
      ]),
      new Map(),
    ]);
  });
});

it("reads what git says of many merges", () => {
  const oid = "a".repeat(40);
  expect(parseMerges(["1", oid, "", "0", oid, "b c", "a", "a", "", "1", oid, "", ""].join("\0"))).toEqual([
    [],
    ["b c", "a"],
    [],
  ]);
  expect(parseMerges("")).toEqual([]);
});

describe("the order of merging", () => {
  const branch = (session: string, overlap: FleetOverlap = "none") => ({
    session,
    branch: session,
    head: "",
    baseBranch: "main",
    baseHead: "",
    behind: 0,
    overlap,
    files: [],
    fileCount: 0,
  });
  const pair = (first: string, second: string, overlap: FleetOverlap) => ({
    first,
    second,
    overlap,
    files: [],
    fileCount: 0,
  });

  it("begins with what meets nothing, and ends with what most has to be mended", () => {
    const branches = [branch("a", "conflict"), branch("b"), branch("c"), branch("d")];
    const pairs = [pair("b", "c", "conflict"), pair("c", "d", "conflict")];
    expect(mergeOrder(branches, pairs)).toEqual(["b", "d", "a", "c"]);
  });

  it("is that of the sessions when nothing overlaps, each once", () => {
    expect(mergeOrder([branch("b"), branch("a"), branch("c")], [])).toEqual(["a", "b", "c"]);
    expect(mergeOrder([], [])).toEqual([]);
  });
});
