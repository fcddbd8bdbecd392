import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { changedFilesOf } from "../../../../src/extension/fleet/changedFiles.ts";
import { type ContentReader, Snapshots, takeSnapshots } from "../../../../src/extension/review/snapshots.ts";
import { maxDocumentBytes } from "../../../../src/extension/review/revisionText.ts";

const blob = "git-blob:/w/a?x";
const file = (path: string, before?: string) => ({
  id: path,
  edit: {
    ...(before !== undefined && { before: { uri: `file:///w/${path}`, content: { uri: before } } }),
    after: { uri: `file:///w/${path}`, content: { uri: `file:///w/${path}` } },
  },
});

type Answer = { size?: number; data?: string; encoding?: string } | AppError;

/** A host with these files: what stat and read answer. */
function aHost(contents: Record<string, Answer>) {
  const read: string[] = [];
  const request = async (method: string, { uri }: { uri: string }) => {
    const answer = contents[uri] ?? new AppError("notFound", "There is no such file.");
    if (method === "resourceResolve" && uri.startsWith("git-blob:")) throw new AppError("notFound", "Not a file.");
    if (method === "resourceRead") read.push(uri);
    if (answer instanceof AppError) throw answer;
    if (method === "resourceResolve") return { uri, type: "file", size: answer.size };
    return { data: answer.data ?? "", encoding: answer.encoding ?? "utf-8" };
  };
  let ids = 0;
  const snapshots = new Snapshots(() => `snap-${++ids}`);
  const take = async (...files: ReturnType<typeof file>[]) => {
    const taken = await takeSnapshots({ request } as ContentReader, changedFilesOf({ files }), snapshots);
    return Object.fromEntries(Array.from(taken, ([uri, id]) => [uri, snapshots.get(id)]));
  };
  return { take, read };
}

describe("files as they are at one moment", () => {
  it("are read from both sides, in whatever encoding the host answers", async () => {
    const { take } = aHost({
      [blob]: { data: "before ä\n" },
      "file:///w/a": { data: Buffer.from("after ä\n").toString("base64"), encoding: "base64" },
    });
    expect(await take(file("a", blob))).toEqual({ [blob]: "before ä\n", "file:///w/a": "after ä\n" });
  });

  it("are not asked for when they are too large for a frame", async () => {
    const { take, read } = aHost({ "file:///w/a": { size: maxDocumentBytes + 1 } });
    expect((await take(file("a")))["file:///w/a"]).toContain("too large to show");
    expect(read).toEqual([]);
  });

  it("have a sentence where there is no text", async () => {
    const texts = await aHost({
      "file:///w/binary": { data: Buffer.from([0, 1, 2]).toString("base64"), encoding: "base64" },
      "file:///w/large": { data: "x".repeat(maxDocumentBytes + 1) },
    }).take(file("binary"), file("gone"), file("large"));
    expect(texts["file:///w/binary"]).toMatch(/^Binary file \(?,? ?3 bytes|^Binary file/);
    expect(texts["file:///w/gone"]).toContain("could not read this file");
    expect(texts["file:///w/large"]).toContain("too large to show");
  });

  it("are none when the connection is lost half way: the rest would look like the whole", async () => {
    const lost = aHost({ "file:///w/a": { data: "x" }, "file:///w/b": new AppError("host.disconnected", "down") });
    await expect(lost.take(file("a"), file("b"))).rejects.toMatchObject({ code: "host.disconnected" });
  });

  it("are kept up to a limit, the newest always", () => {
    let ids = 0;
    const snapshots = new Snapshots(() => String(++ids));
    const big = "x".repeat(40 * 1024 * 1024);
    const [first, second] = [snapshots.keep(big), snapshots.keep(big)];
    expect(snapshots.get(first)).toBeUndefined();
    expect(snapshots.get(second)).toBe(big);
  });
});
