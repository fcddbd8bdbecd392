import { describe, expect, it } from "vitest";
import type { ChangedFile, RevisionContent } from "../../../../../src/extension/fleet/changedFiles.ts";
import { locate } from "../../../../../src/extension/review/comments/commentPlaces.ts";
import type { CommentPlace } from "../../../../../src/extension/review/comments/reviewComment.ts";
import { parseReviewUri, type UriParts } from "../../../../../src/extension/review/reviewUri.ts";
import { blobUri } from "../../../../../src/protocol/uris.ts";
import { aFile } from "../../ship/anAgent.ts";

const oid = (digit: string) => digit.repeat(40);
const version = (digit: string): RevisionContent => ({
  uri: blobUri("s1", oid(digit)),
  blob: { sessionId: "s1", oid: oid(digit) },
  sizeBytes: undefined,
});
const file = (path: string, before: string | undefined, after: string | undefined, oldPath?: string): ChangedFile =>
  aFile(path, { before: before && version(before), after: after && version(after), oldPath } as Partial<ChangedFile>);

const texts: Record<string, string> = {
  "1": "one\ntwo\nthree",
  "2": "zero\none\ntwo\nthree",
  "3": "one\n2\nthree",
  "4": "something else",
};
const oidOf = (document: UriParts) => {
  const parsed = parseReviewUri(document);
  return parsed.ok && parsed.value.kind === "revision" ? parsed.value.oid : undefined;
};
const ports = {
  hostId: "h1",
  sessionId: "s1",
  renamedSince: async () => new Map<string, string>(),
  readText: async (document: UriParts) => texts[oidOf(document)?.[0] ?? ""],
};
const place: CommentPlace = {
  path: "a.ts",
  side: "after",
  oid: oid("1"),
  lines: { from: 1, to: 1, quoted: "two" },
};
const shown = async (
  comment: CommentPlace,
  files: readonly ChangedFile[],
  renamed: ReadonlyMap<string, string> = new Map(),
) => {
  const located = await locate(comment, files, { ...ports, renamedSince: async () => renamed });
  return located && [located.kind, located.path, located.lines?.from, oidOf(located.document)?.[0]];
};

describe("a comment", () => {
  it("is exactly where it was made while its file is the same", async () => {
    expect(await shown(place, [file("a.ts", "4", "1")])).toEqual(["exact", "a.ts", 1, "1"]);
  });

  it("moves with its lines to the next version, or is outdated there", async () => {
    expect(await shown(place, [file("a.ts", "4", "2")])).toEqual(["moved", "a.ts", 2, "2"]);
    expect(await shown(place, [file("a.ts", "4", "3")])).toEqual(["outdated", "a.ts", 1, "3"]);
  });

  it("follows its file when it is renamed, edited or not", async () => {
    expect(await shown(place, [file("b.ts", undefined, "1")])).toEqual(["moved", "b.ts", 1, "1"]);
    expect(await shown({ ...place, basePath: "old.ts" }, [file("b.ts", "4", "2", "old.ts")])).toEqual([
      "moved",
      "b.ts",
      2,
      "2",
    ]);
    const made: CommentPlace = { ...place, commit: oid("c") };
    expect(await shown(made, [file("c.ts", undefined, "2")], new Map([["a.ts", "c.ts"]]))).toEqual([
      "moved",
      "c.ts",
      2,
      "2",
    ]);
  });

  it("stays on its own version when its file is changed no more", async () => {
    expect(await shown(place, [file("other.ts", undefined, "4")])).toEqual(["outdated", "a.ts", 1, "1"]);
    expect(await shown(place, [file("a.ts", "1", undefined)])).toEqual(["outdated", "a.ts", 1, "1"]);
  });

  it("on the left side stays on the left side", async () => {
    const before: CommentPlace = { ...place, side: "before", path: "old.ts" };
    expect(await shown(before, [file("b.ts", "1", "4", "old.ts")])).toEqual(["exact", "old.ts", 1, "1"]);
  });

  it("of another client that names no version is never taken for exact", async () => {
    const loose: CommentPlace = { path: "a.ts", side: "after", lines: { from: 2, to: 2 } };
    expect(await shown(loose, [file("a.ts", "4", "1")])).toEqual(["unpinned", "a.ts", 2, "1"]);
    expect(await locate(loose, [], ports)).toBeUndefined();
  });

  it("whose quotation is not what its version says is looked for by its words alone", async () => {
    const lying: CommentPlace = { ...place, lines: { from: 0, to: 0, quoted: "three" } };
    expect(await shown(lying, [file("a.ts", "4", "2")])).toEqual(["moved", "a.ts", 3, "2"]);
    // Where the version is the same, too.
    expect(await shown(lying, [file("a.ts", "4", "1")])).toEqual(["moved", "a.ts", 2, "1"]);
  });
});
