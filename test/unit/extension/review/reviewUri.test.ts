import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countInvisible } from "../../../../src/base/visibleText.ts";
import { displayPath, parseReviewUri, type Revision, toReviewUri } from "../../../../src/extension/review/reviewUri.ts";

const oid = fc.stringMatching(/^[0-9a-f]{40}$/);
const odd = fc.constantFrom(
  "..",
  ".",
  "",
  "a b",
  "ä",
  "%2e%2e",
  "\\",
  "C:",
  "‮gpj.ts",
  "\0",
  "x\ny",
  "$(check)",
  "#?&=",
  "👍🏽",
);
const path = fc
  .array(fc.oneof(odd, fc.string({ unit: "binary" })), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join("/"));
const revision: fc.Arbitrary<Revision> = fc.record({
  kind: fc.constant("revision"),
  hostId: fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }).filter((text) => text.length <= 200),
  sessionId: fc.uuid(),
  oid: fc.option(oid, { nil: undefined }),
  sizeBytes: fc.option(fc.nat(), { nil: undefined }),
  path,
});

describe("review URIs", () => {
  it("come back as the revision they name, with the path as it is shown", () => {
    fc.assert(
      fc.property(revision, (given) => {
        const parsed = parseReviewUri(toReviewUri(given));
        expect(parsed).toEqual({ ok: true, value: { ...given, path: displayPath(given.path) } });
      }),
    );
  });

  it("show a path that neither climbs nor hides anything, whatever the repository names its files", () => {
    fc.assert(
      fc.property(path, (given) => {
        const shown = displayPath(given);
        expect(shown.split("/").filter((part) => part === ".." || part === "." || part === "")).toEqual([]);
        expect(countInvisible(shown)).toBe(0);
        expect(shown).not.toMatch(/[\n\t]/);
      }),
    );
  });

  it("keep an ordinary path, whose ending chooses the language", () => {
    expect(toReviewUri({ hostId: "h", sessionId: "s", path: "src/a.test.ts" }).path).toBe("/agent-files/src/a.test.ts");
  });

  it("are refused when they are anything else", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (path, query) => {
        expect(parseReviewUri({ scheme: "muster-rev", authority: "", path: `/${path}`, query }).ok).toBe(false);
      }),
    );
    const good = toReviewUri({ hostId: "h", sessionId: "s", oid: "a".repeat(40), path: "a.ts" });
    expect(parseReviewUri(good).ok).toBe(true);
    expect(parseReviewUri({ ...good, scheme: "file" }).ok).toBe(false);
    expect(parseReviewUri({ ...good, authority: "evil" }).ok).toBe(false);
    expect(parseReviewUri({ ...good, query: good.query.replace("session=s", "session=..%2Fother") }).ok).toBe(false);
    expect(parseReviewUri({ ...good, query: good.query.replace(/blob=\w+/, "blob=HEAD") }).ok).toBe(false);
  });
});
