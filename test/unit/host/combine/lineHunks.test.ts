import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyHunks,
  hunkId,
  type LineHunk,
  linesOf,
  parseFileHunks,
  type PickedHunk,
  splitPatch,
} from "../../../../src/host/combine/lineHunks.ts";

const word = fc.constantFrom("a", "b", "c", "é", "\xff", "", "x\r");
const baseLines = fc.array(
  word.map((text) => `${text}\n`),
  { maxLength: 12 },
);

/** What one agent changed: edits that do not touch each other, as git would tell them. */
const editsOf = (base: readonly string[]) =>
  fc
    .array(
      fc.record({
        at: fc.nat(base.length),
        count: fc.nat(3),
        added: fc.array(
          word.map((text) => `${text}\n`),
          { maxLength: 3 },
        ),
      }),
      { maxLength: 4 },
    )
    .map((edits) => {
      const hunks: LineHunk[] = [];
      for (const { at, count, added } of edits.toSorted((a, b) => a.at - b.at)) {
        const last = hunks.at(-1);
        if (last && at <= last.at + last.removed.length) continue;
        const removed = base.slice(at, at + count);
        if (removed.length + added.length > 0) hunks.push({ at, removed, added });
      }
      return hunks;
    });

const scene = baseLines.chain((base) =>
  fc.record({
    base: fc.constant(base),
    picked: fc
      .array(
        editsOf(base).chain((hunks) => fc.subarray(hunks)),
        { minLength: 1, maxLength: 3 },
      )
      .map((agents) => agents.flatMap((hunks, from) => hunks.map((hunk): PickedHunk<number> => ({ from, hunk })))),
  }),
);

/** Line by line: who replaces each line of the base, and what stands before it. Undefined where two want the same place. */
function model(base: readonly string[], picked: readonly PickedHunk<number>[]): string | undefined {
  const once = new Map(picked.map(({ hunk }) => [hunkId(hunk), hunk]));
  const owners = base.map((): string | undefined => undefined);
  const inserted = new Map<number, readonly string[]>();
  const replaced = new Map<number, readonly string[]>();
  for (const [id, { at, removed, added }] of once) {
    if (removed.length === 0) {
      if (inserted.has(at)) return undefined;
      inserted.set(at, added);
      continue;
    }
    for (let line = at; line < at + removed.length; line += 1) {
      if (owners[line] !== undefined) return undefined;
      owners[line] = id;
    }
    replaced.set(at, added);
  }
  // An insertion between two lines that one change replaces has no place any more.
  const isInside = (at: number) => at > 0 && owners[at] !== undefined && owners[at] === owners[at - 1];
  if (Array.from(inserted.keys()).some(isInside)) return undefined;
  const lines = [...base, ""].flatMap((line, at) => [
    ...(inserted.get(at) ?? []),
    ...(replaced.get(at) ?? []),
    ...(owners[at] === undefined ? [line] : []),
  ]);
  return lines.join("");
}

describe("picked hunks", () => {
  it("are the base with them and nothing else, or it is said which of them do not fit", () => {
    fc.assert(
      fc.property(scene, ({ base, picked }) => {
        const { text, problems } = applyHunks(base, picked);
        const expected = model(base, picked);
        if (expected === undefined) expect(problems.length).toBeGreaterThan(0);
        else expect({ text, problems }).toEqual({ text: expected, problems: [] });
        expect(problems.every(({ hunk }) => picked.some((each) => each.hunk === hunk))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it("do not fit another text", () => {
    const hunk = { at: 1, removed: ["b\n"], added: ["B\n"] };
    expect(applyHunks(["a\n", "c\n"], [{ from: 0, hunk }]).problems).toMatchObject([{ kind: "otherText" }]);
    const beyond = { at: 3, removed: [], added: ["B\n"] };
    expect(applyHunks(["a\n"], [{ from: 0, hunk: beyond }]).problems).toMatchObject([{ kind: "otherText" }]);
  });

  it("do not end the file where another goes on", () => {
    const cuts = { from: "cuts", hunk: { at: 1, removed: ["b\n"], added: ["b"] } };
    const goesOn = { from: "goes on", hunk: { at: 2, removed: [], added: ["c\n"] } };
    expect(applyHunks(["a\n", "b\n"], [cuts])).toEqual({ text: "a\nb", problems: [] });
    expect(applyHunks(["a\n", "b\n"], [cuts, goesOn]).problems).toMatchObject([{ kind: "lineEnd", from: "cuts" }]);
  });
});

const header = "diff --git a/f b/f\nindex 1..2 100644\n--- a/f\n+++ b/f\n";

describe("what git says of a file", () => {
  it("is read by its counts, whatever the lines look like", () => {
    const section = `${header}@@ -1,2 +1 @@\n-@@ -1 +1 @@\n-diff --git a/x b/x\n+--- a/f\n@@ -4,0 +4,2 @@ f()\n++++\n+z\n\\ No newline at end of file\n`;
    expect(parseFileHunks(section)).toEqual([
      { at: 0, removed: ["@@ -1 +1 @@\n", "diff --git a/x b/x\n"], added: ["--- a/f\n"] },
      { at: 4, removed: [], added: ["+++\n", "z"] },
    ]);
    expect(splitPatch(section + section)).toEqual([section, section]);
  });

  it("that is no text is nothing, and only a mode is no hunk", () => {
    expect(parseFileHunks("diff --git a/f b/f\nindex 1..2\nBinary files a/f and b/f differ\n")).toBeUndefined();
    expect(parseFileHunks("diff --git a/f b/f\nold mode 100644\nnew mode 100755\n")).toEqual([]);
    expect(parseFileHunks(`${header}@@ -1 +1 @@\n-a\n`)).toBeUndefined();
  });

  it("keeps the ends of lines", () => {
    expect(linesOf("a\r\nb")).toEqual(["a\r\n", "b"]);
    expect(linesOf("")).toEqual([]);
  });
});
