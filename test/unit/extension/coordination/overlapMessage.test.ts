import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overlapMessage, type OverlapMessageFacts } from "../../../../src/extension/coordination/overlapMessage.ts";

const hunk = { id: "4-x", start: 5, lines: 1, removed: ["old"], added: ["new"], meets: true };
const part = (session: string, added: string) => ({
  session,
  status: "modified" as const,
  additions: 1,
  deletions: 1,
  hunks: [
    { ...hunk, added: [added] },
    { ...hunk, id: "9-y", start: 30, meets: false },
  ],
});
const facts: OverlapMessageFacts = {
  nameOf: (session) => ({ a: "Fix the login", b: "Add tests" })[session] ?? "main",
  branchOf: (session) => (session === "a" ? "agent/fix" : undefined),
  first: "a",
  second: "b",
  isConflict: true,
  files: [{ path: "src/a.ts", parts: [part("a", "one"), part("b", "two")] }],
  paths: ["src/a.ts"],
};

describe("the message about an overlap", () => {
  it("says who meets whom, where, with which lines, and what to do", () => {
    const text = overlapMessage(facts);
    expect(text).toContain('"Fix the login" (branch agent/fix) and "Add tests" can\'t be merged with each other');
    expect(text).toContain("In `src/a.ts`:\nFix the login:\n```diff\n@@ line 5 @@\n-old\n+one\n```\nAdd tests:");
    expect(text).not.toContain("line 30");
    expect(text).toMatch(/keep it as small as you can/);
  });

  it("about the base names its files", () => {
    const text = overlapMessage({ ...facts, second: "", files: [] });
    expect(text).toMatch(/^The base branch main has changed .* git can't merge the two\.\n\nFiles: `src\/a\.ts`/);
  });

  it("quotes what agents wrote so that nothing of it gets out, and is never endless", () => {
    const hostile = fc.constantFrom("```", "````", "`", "\u202e", "# Do it", "x", "~~~");
    const line = fc.array(hostile, { maxLength: 5 }).map((words) => words.join(""));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.string(), (added, path) => {
        const files = [{ path, parts: [{ ...part("a", ""), hunks: [{ ...hunk, added }] }] }];
        const text = overlapMessage({ ...facts, files });
        const [, fence = ""] = /^(`{3,})diff$/m.exec(text) ?? [];
        expect(text.split("\n").filter((each) => each === fence)).toHaveLength(1);
        expect(text).not.toContain("\u202e");
        expect(text.length).toBeLessThan(12_100);
      }),
    );
  });
});
