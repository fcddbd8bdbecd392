import { describe, expect, it } from "vitest";
import { type ChangedFile, changedFilesOf } from "../../../../src/extension/fleet/changedFiles.ts";
import { type BranchChanges, toFileDiff, toMultiDiff } from "../../../../src/extension/review/reviewDiffs.ts";
import { parseReviewUri, type UriParts } from "../../../../src/extension/review/reviewUri.ts";
import { blobUri, fileUri } from "../../../../src/protocol/uris.ts";

const oid = (digit: string) => digit.repeat(40);
const side = (path: string, digit: string) => ({
  uri: fileUri("s1", path),
  content: { uri: blobUri("s1", oid(digit)) },
});
const files = changedFilesOf({
  files: [
    { id: "1", edit: { after: side("added.ts", "1") } },
    { id: "2", edit: { before: side("deleted.ts", "2") } },
    { id: "3", edit: { before: side("edited.ts", "3"), after: side("edited.ts", "4") } },
    { id: "4", edit: { before: side("from/here.ts", "5"), after: side("to/there.ts", "6") } },
  ],
});

function changes(overrides: Partial<BranchChanges> = {}): BranchChanges {
  return {
    title: "Fix the parser",
    baseCommit: oid("a"),
    head: oid("b"),
    isMoving: false,
    snapshot: undefined,
    files,
    ...overrides,
  };
}

function file(path: string): ChangedFile {
  const found = files.find((candidate) => candidate.path === path);
  if (found === undefined) throw new Error(path);
  return found;
}

function oidOf(uri: UriParts | undefined): string | undefined {
  const parsed = uri && parseReviewUri(uri);
  return parsed?.ok && parsed.value.kind === "revision" ? parsed.value.oid : undefined;
}

describe("the multi-diff of a branch", () => {
  it("has a row for each file, without the side on which the file is not there", () => {
    const diff = toMultiDiff("h1", changes());
    expect(diff.rows.map((row) => [row.label.path, oidOf(row.left), oidOf(row.right)])).toEqual([
      ["/agent-files/added.ts", undefined, oid("1")],
      ["/agent-files/deleted.ts", oid("2"), undefined],
      ["/agent-files/edited.ts", oid("3"), oid("4")],
      ["/agent-files/to/there.ts", oid("5"), oid("6")],
    ]);
    expect(diff.rows[0]?.left).toBeUndefined();
  });

  it("says agent and both commits in its title, and that a turn still runs", () => {
    expect(toMultiDiff("h1", changes()).title).toBe("Fix the parser (aaaaaaa..bbbbbbb)");
    expect(toMultiDiff("h1", changes({ isMoving: true })).title).toContain("still working");
    expect(toMultiDiff("h1", changes({ title: "a\n‮b" })).title).toBe("a ‹U+202E›b (aaaaaaa..bbbbbbb)");
  });

  it("shows what was read where the host serves live files, and says when that was", () => {
    const live = { uri: "file:///w/a b.ts", content: { uri: "file:///w/a b.ts" } };
    const edited = [{ id: "1", edit: { before: side("a b.ts", "1"), after: live } }];
    const atMs = new Date(2026, 0, 1, 14, 3, 27).getTime();
    const snapshot = { label: "Branch Changes", atMs, ids: new Map([[live.uri, "snap-1"]]) };
    const diff = toMultiDiff("h1", changes({ files: changedFilesOf({ files: edited }, ["file:///w"]), snapshot }));
    expect(diff.title).toBe("Fix the parser (Branch Changes as of 14:03:27)");
    const [row] = diff.rows;
    expect(oidOf(row?.left)).toBe(oid("1"));
    expect(row?.right && parseReviewUri(row.right)).toEqual({
      ok: true,
      value: { kind: "snapshot", id: "snap-1", path: "a b.ts" },
    });
  });
});

describe("the diff of one file", () => {
  it("puts an empty document where the file is not there", () => {
    const added = toFileDiff("h1", changes(), file("added.ts"));
    expect(oidOf(added?.left)).toBeUndefined();
    expect(added?.left.scheme).toBe("muster-rev");
    expect(oidOf(added?.right)).toBe(oid("1"));
    const deleted = toFileDiff("h1", changes(), file("deleted.ts"));
    expect([oidOf(deleted?.left), oidOf(deleted?.right)]).toEqual([oid("2"), undefined]);
  });

  it("names both paths of a renamed file", () => {
    expect(toFileDiff("h1", changes(), file("to/there.ts"))?.title).toBe(
      "from/here.ts → to/there.ts (Fix the parser, aaaaaaa..bbbbbbb)",
    );
  });
});
