import { describe, expect, it } from "vitest";
import { changedFilesOf, totalsOf } from "../../../../src/extension/fleet/changedFiles.ts";
import { blobUri, fileUri } from "../../../../src/protocol/uris.ts";

const oid = (digit: string) => digit.repeat(40);
const side = (path: string, digit: string) => ({
  uri: fileUri("s1", path),
  content: { uri: blobUri("s1", oid(digit)), sizeHint: 12 },
});

describe("changed files", () => {
  it("tells added, modified, deleted and renamed files apart and sorts them by path", () => {
    const files = changedFilesOf({
      files: [
        { id: "z", edit: { after: side("z new.ts", "1"), diff: { added: 3, removed: 0 } } },
        { id: "m", edit: { before: side("m.ts", "2"), after: side("m.ts", "3"), diff: { added: 1, removed: 2 } } },
        { id: "d", edit: { before: side("d.ts", "4") } },
        { id: "r", edit: { before: side("old/ä.ts", "5"), after: side("a/ä.ts", "5") } },
      ],
    });
    expect(files.map(({ path, oldPath, status }) => [path, oldPath, status])).toEqual([
      ["a/ä.ts", "old/ä.ts", "renamed"],
      ["d.ts", undefined, "deleted"],
      ["m.ts", undefined, "modified"],
      ["z new.ts", undefined, "added"],
    ]);
    expect(files[2]?.after?.blob).toEqual({ sessionId: "s1", oid: oid("3") });
    expect(totalsOf(files)).toEqual({ added: 4, removed: 2 });
  });

  it("reads what the host remarks on a file, and nothing of another shape", () => {
    const edit = { after: side("a", "1") };
    const files = changedFilesOf({
      files: [
        { id: "1", edit, _meta: { muster: { binary: true, mode: "120000" } } },
        { id: "2", edit, _meta: { muster: { mode: 7 } } },
        { id: "3", edit },
      ],
    });
    expect(files.map(({ isBinary, mode }) => [isBinary, mode])).toEqual([
      [true, "120000"],
      [false, undefined],
      [undefined, undefined],
    ]);
  });

  it("names files of other hosts by the path of their URI, without content that can be pinned", () => {
    const content = { uri: "git-blob:/x?{}" };
    const files = changedFilesOf({ files: [{ id: "1", edit: { after: { uri: "file:///w/a%20b.ts", content } } }] });
    expect(files[0]?.path).toBe("w/a b.ts");
    expect(files[0]?.after?.blob).toBeUndefined();
  });
});
