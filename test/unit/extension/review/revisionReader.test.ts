import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { toReviewUri, toSnapshotUri } from "../../../../src/extension/review/reviewUri.ts";
import { RevisionReader } from "../../../../src/extension/review/revisionReader.ts";
import { maxDocumentBytes } from "../../../../src/extension/review/revisionText.ts";

const oid = "c".repeat(40);

function aReader(answer: () => Uint8Array) {
  const asked: string[] = [];
  const client = {
    async request(_method: string, { uri }: { uri: string }) {
      asked.push(uri);
      return { data: Buffer.from(answer()).toString("base64"), encoding: "base64" as const };
    },
  };
  const reader = new RevisionReader({ client: () => client as never }, { get: () => undefined });
  return {
    asked,
    read: (sizeBytes?: number, mode?: string) =>
      reader.read(toReviewUri({ hostId: "h", sessionId: "s", oid, sizeBytes, mode, path: "a.ts" })),
  };
}

describe("reading a revision", () => {
  it("asks the host for the git object, once, also for two documents that open together", async () => {
    const { asked, read } = aReader(() => Buffer.from("hello ä\n"));
    const [first, second] = await Promise.all([read(), read()]);
    const third = await read();
    expect([first.text, second.text, third.text]).toEqual(["hello ä\n", "hello ä\n", "hello ä\n"]);
    expect(asked).toEqual([`x-fleet-blob:/s/${oid}`]);
  });

  it("says of content with a NUL that it is binary", async () => {
    const { text, kind } = await aReader(() => Buffer.from("MZ\0\0")).read();
    expect(text).toMatch(/^Binary file \(object cccccccccc, \d bytes\)/);
    expect(kind).toBe("notice");
  });

  it.each([
    ["windows-1252", Buffer.from([0x68, 0xff, 0xfe]), "h\u00ff\u00fe"],
    ["utf-16le", Buffer.from("\ufeffh\u00e9", "utf16le"), "h\u00e9"],
    ["utf-8", Buffer.from("\ufeffh\u00e9"), "h\u00e9"],
  ])("shows %s as text, every byte of it, and says what it is", async (encoding, bytes, text) => {
    expect(await aReader(() => bytes).read()).toEqual({ text, kind: "content", encoding });
  });

  it("shows where a link points to, and of a submodule the commit, without asking for it", async () => {
    const link = aReader(() => Buffer.from("../../etc/pass\u202ewd"));
    expect(await link.read(undefined, "120000")).toEqual({
      text: "Symbolic link to\n../../etc/pass‹U+202E›wd\n",
      kind: "notice",
    });
    const submodule = aReader(() => Buffer.from(""));
    expect((await submodule.read(undefined, "160000")).text).toBe(`Submodule at commit ${oid}.\n`);
    expect((await submodule.read(undefined, "100755")).text).toMatch(/^File mode 100755 \(executable\)/);
    expect(submodule.asked).toEqual([]);
  });

  it("does not ask for content that is known to be too large", async () => {
    const { asked, read } = aReader(() => Buffer.from("x"));
    expect((await read(maxDocumentBytes + 1)).text).toContain("too large to show");
    expect(asked).toEqual([]);
  });

  it("does not show content that turns out to be too large", async () => {
    const { text } = await aReader(() => Buffer.alloc(maxDocumentBytes + 1, "x")).read();
    expect(text).toContain("too large to show");
    expect(text.length).toBeLessThan(200);
  });

  it("says in one sentence what is wrong, and asks again only where that may help", async () => {
    let failure = new AppError("host.disconnected", "down");
    const { asked, read } = aReader(() => {
      throw failure;
    });
    expect(await read()).toMatchObject({ kind: "temporary", text: expect.stringContaining("cannot be reached") });
    failure = new AppError("notFound", "gone");
    expect(await read()).toMatchObject({ kind: "notice", text: expect.stringContaining("no longer on the host") });
    failure = new AppError("content.tooLarge", "large");
    expect(await read()).toMatchObject({ kind: "notice", text: expect.stringContaining("too large") });
    expect(asked).toHaveLength(3);
  });

  it("gives the missing side of a diff no text, and a foreign address a sentence", async () => {
    const reader = new RevisionReader(
      {
        client: () => {
          throw new AppError("notFound", "nobody may be asked");
        },
      },
      { get: (id) => (id === "kept" ? "as it was\n" : undefined) },
    );
    expect((await reader.read(toReviewUri({ hostId: "h", sessionId: "s", path: "a" }))).text).toBe("");
    const foreign = { scheme: "muster-rev", authority: "", path: "/x", query: "" };
    expect((await reader.read(foreign)).text).toContain("names no revision");
    expect((await reader.read(toSnapshotUri("kept", "a.ts"))).text).toBe("as it was\n");
    expect((await reader.read(toSnapshotUri("of-another-window", "a.ts"))).text).toContain("not kept any more");
  });
});
