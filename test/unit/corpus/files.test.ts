import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/base/appError.ts";
import { countInvisible } from "../../../src/base/visibleText.ts";
import { diffLines } from "../../../src/extension/session/lineDiff.ts";
import { httpsUrl } from "../../../src/extension/session/panelActions.ts";
import { parseReviewUri, toReviewUri, toSnapshotUri } from "../../../src/extension/review/reviewUri.ts";
import { RevisionReader } from "../../../src/extension/review/revisionReader.ts";
import { fileUri, parseFileUri } from "../../../src/protocol/uris.ts";
import { con4Refused } from "../../corpus/output/con4Links.ts";
import { con5, knownPaths } from "../../corpus/output/con5Paths.ts";
import { con7 } from "../../corpus/output/con7Bytes.ts";
import { con9 } from "../../corpus/output/con9Documents.ts";
import { aPanel } from "../../support/aPanel.ts";
import { aChange, aReview, target } from "../extension/review/aReview.ts";

const oid = "c".repeat(40);

function expectNoClimbing(path: string, of: string) {
  const segments = path.split("/");
  expect(
    segments.filter((segment) => segment === "" || segment === "." || segment === ".."),
    of,
  ).toEqual([]);
}

describe("paths that an agent names", () => {
  it("CON-5: become addresses of documents that stay where they are and lead to what git holds", () => {
    for (const [name, path] of Object.entries(con5)) {
      const revision = { hostId: "h", sessionId: "s", oid, path };
      for (const uri of [toReviewUri(revision), toSnapshotUri("1", path)]) {
        expect(uri.path.startsWith("/"), name).toBe(true);
        expectNoClimbing(uri.path.slice(1), name);
        expect(countInvisible(uri.path), name).toBe(0);
      }
      const parsed = parseReviewUri(toReviewUri(revision));
      expect(parsed, name).toMatchObject({ ok: true, value: { kind: "revision", hostId: "h", sessionId: "s", oid } });
    }
  });

  it("CON-5: are the paths of files in a session, or none", () => {
    for (const [name, path] of Object.entries(con5)) {
      for (const uri of [`x-fleet-file:/s1/${path}`, fileUri("s1", path), path]) {
        const parsed = parseFileUri(uri);
        if (parsed === undefined) continue;
        expectNoClimbing(parsed.path, name);
        if (uri !== path) expect(parsed.sessionId, name).toBe("s1");
      }
    }
  });

  it("CON-5: open nothing that is not among the session's changes", async () => {
    const { review } = await aReview(knownPaths.map((path) => aChange(path, "old", "text")));
    for (const [name, path] of Object.entries(con5)) {
      const failure = await review.openFileDiff(target, path).catch((error: unknown) => error);
      expect(AppError.is(failure, "notFound"), name).toBe(true);
    }
    for (const path of knownPaths) await review.openFileDiff(target, path);
  });

  it("CON-5: open nothing from the panel, which asks by what the host has named", async () => {
    const { ask, asked } = await aPanel();
    await ask("ready");
    for (const [name, path] of Object.entries(con5)) {
      for (const [method, params] of [
        ["openDiff", { fileId: path }],
        ["readDiff", { fileId: path }],
        ["readEdit", { toolCallId: path, index: 0 }],
        ["readImage", { uri: path }],
        ["openLog", { terminal: path }],
        ["followLog", { log: path }],
      ] as const) {
        await expect(ask(method, params), `${method}: ${name}`).rejects.toThrow();
      }
    }
    expect(asked).toEqual([]);
  });
});

describe("links that an agent writes", () => {
  it("CON-4: are refused by the extension, too, where the page should have made none", () => {
    for (const [name, href] of Object.entries(con4Refused)) expect(() => httpsUrl(href), name).toThrow("Only https");
  });
});

function reading(bytes: Uint8Array, path = "a.ts") {
  const data = Buffer.from(bytes).toString("base64");
  const client = { request: async () => ({ data, encoding: "base64" as const }) };
  const reader = new RevisionReader({ client: () => client as never }, { get: () => undefined });
  return reader.read(toReviewUri({ hostId: "h", sessionId: "s", oid, path }));
}

describe("files of an agent as documents", () => {
  it("CON-7: are text of which every byte counts, and say what they were read as; or say that they are none", async () => {
    const seen = new Map<string, string>();
    for (const [name, bytes] of Object.entries(con7)) {
      const { text, kind, encoding } = await reading(bytes);
      if (kind === "notice") {
        expect(text, name).toMatch(/^Binary file \(object c{10}, \d+ bytes\)/);
        continue;
      }
      const isUtf8 = Buffer.from(bytes).equals(Buffer.from(Buffer.from(bytes).toString("utf8")));
      expect(encoding === "utf-8", name).toBe(isUtf8);
      // Two versions that differ must not look the same.
      const look = `${encoding} ${text}`;
      expect(seen.get(look), name).toBeUndefined();
      seen.set(look, name);
    }
  });

  it("CON-9: are served as they are, under a scheme that no task, workspace or notebook is read from", async () => {
    for (const [name, { path, text }] of Object.entries(con9)) {
      expect(await reading(Buffer.from(text), path), name).toMatchObject({ text, kind: "content" });
      expect(toReviewUri({ hostId: "h", sessionId: "s", oid, path }).scheme, name).toBe("muster-rev");
      for (const { lines } of diffLines("", text).hunks) {
        expect(lines.map((line) => line.text).join("\n"), name).toBe(text.replace(/\n$/, ""));
      }
    }
  });
});
