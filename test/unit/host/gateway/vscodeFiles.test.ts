import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fromVsCodeFile,
  fromVsCodeReference,
  toVsCodeFile,
  toVsCodeSide,
} from "../../../../src/host/gateway/vscodeFiles.ts";
import { textToBase64Url } from "../../../../src/protocol/base64Url.ts";
import { blobUri, fileUri } from "../../../../src/protocol/uris.ts";

const session = "980c90c5-5e31-4402-9d20-4ffaf8fa8be5";
const oid = "653ddd19ef84616b024b8b7099ecdfd4c8fab20a";
const segment = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes("/") && text !== "." && text !== ".." && text.isWellFormed());

describe("a file as VS Code sees it", () => {
  it("has its own path, so that VS Code shows its name and knows its language", () => {
    const side = toVsCodeSide(fileUri(session, "src/a b.ts"), blobUri(session, oid));
    expect(side.file).toBe(`x-fleet-file:/src/a%20b.ts?${session}`);
    expect(side.content).toBe(`x-fleet-blob:/src/a%20b.ts?${session}.${oid}.c3JjL2EgYi50cw`);
  });

  it("is found again by what VS Code makes of its address", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) => {
        const path = segments.join("/");
        const side = toVsCodeSide(fileUri(session, path), blobUri(session, oid));
        expect(fromVsCodeFile(side.file)).toBe(fileUri(session, path));
        expect(fromVsCodeFile(side.content)).toBe(blobUri(session, oid));
        // VS Code writes URIs in an encoding of its own.
        const recoded = side.content.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
        expect(fromVsCodeFile(recoded)).toBe(blobUri(session, oid));
      }),
    );
  });

  it("is not what VS Code gets for a file beside it", () => {
    const { content } = toVsCodeSide(fileUri(session, "readme.md"), blobUri(session, oid));
    const beside = content.replace("readme.md", "package.json");
    expect(fromVsCodeFile(beside)).toBe(beside);
  });

  it.each(["file:///etc/passwd", "x-fleet-blob:/%?a.b.c", blobUri(session, oid), "git-blob:/a?{}", ""])(
    "is nothing that is none: %s",
    (uri) => {
      expect(fromVsCodeFile(uri)).toBe(uri);
      expect(toVsCodeSide(uri, uri)).toEqual({ file: uri, content: uri });
    },
  );
});

describe("a file that VS Code attaches to a message", () => {
  /** As VS Code 1.139 wraps a URI of a host, and writes the result. */
  const wrap = (uri: string): string => {
    const url = new URL(uri);
    const inner = { scheme: url.protocol.slice(0, -1), authority: url.host || undefined, query: url.search.slice(1) };
    return `vscode-agent-host://local${url.pathname}?${encodeURIComponent(`_ah=${textToBase64Url(JSON.stringify(inner))}`)}`;
  };
  const file = fileUri(session, "docs/a b.md");
  const side = toVsCodeSide(file, blobUri(session, oid));

  it("is the file in the session, however often it was wrapped, and for whatever version", () => {
    expect(fromVsCodeReference(side.file)).toBe(file);
    expect(fromVsCodeReference(wrap(side.file))).toBe(file);
    expect(fromVsCodeReference(wrap(wrap(side.content)))).toBe(file);
    expect(toVsCodeFile(file)).toBe(side.file);
  });

  it("is any other file of the person's", () => {
    expect(fromVsCodeReference("file:///home/me/notes.md")).toBe("file:///home/me/notes.md");
    expect(fromVsCodeReference(wrap("git-blob://host/a.ts?x"))).toBe("git-blob://host/a.ts?x");
    expect(toVsCodeFile("file:///home/me/notes.md")).toBe("file:///home/me/notes.md");
  });

  it.each([
    "vscode-agent-host:",
    "vscode-agent-host://local/a?_ah=%%%",
    "vscode-agent-host://local/a?_ah=bm8ganNvbg",
    `vscode-agent-host://local/a?_ah=${textToBase64Url('{"scheme":4}')}`,
    Array.from({ length: 20 }).reduce<string>((uri) => wrap(uri), "x-a://b/c"),
  ])("stays as it is when it cannot be read: %#", (uri) => {
    expect(fromVsCodeReference(uri)).toBe(uri);
  });
});
