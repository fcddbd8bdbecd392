import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anchorAt, linesOf, placeAnchor } from "../../../../../src/extension/review/comments/anchors.ts";

const text = (...lines: readonly string[]) => lines.join("\n");

describe("an anchor", () => {
  const before = text(
    "import a",
    "",
    "function one() {",
    "  return 1;",
    "}",
    "",
    "function two() {",
    "  return 2;",
    "}",
  );

  it("stays where it is when nothing near it changed", () => {
    const anchor = anchorAt(before, 2, 4);
    expect(placeAnchor(anchor, before, before.replace("return 2", "return 3"))).toEqual({
      kind: "exact",
      from: 2,
      to: 4,
    });
  });

  it("moves with its lines", () => {
    const anchor = anchorAt(before, 7, 7);
    expect(placeAnchor(anchor, before, `import b\n${before}`)).toEqual({ kind: "moved", from: 8, to: 8 });
    const swapped = text("function two() {", "  return 2;", "}", "", "function one() {", "  return 1;", "}");
    expect(placeAnchor(anchorAt(before, 2, 4), before, swapped)).toEqual({ kind: "moved", from: 4, to: 6 });
  });

  it("is outdated where its lines say something else, at the lines that took their place", () => {
    const anchor = anchorAt(before, 3, 3);
    expect(placeAnchor(anchor, before, before.replace("return 1;", "return one;"))).toEqual({
      kind: "outdated",
      from: 3,
      to: 3,
    });
    expect(placeAnchor(anchorAt(before, 8, 8), before, "import a")).toEqual({ kind: "outdated", from: 0, to: 0 });
  });

  it("does not jump to another lone bracket", () => {
    const after = text("import a", "", "const one = 1;", "", "function two() {", "  return 2;", "} // two");
    expect(placeAnchor(anchorAt(before, 4, 4), before, `${after}\nif (x) {\n}`).kind).toBe("outdated");
  });

  it("is found by its words alone when its own version is kept nowhere", () => {
    const anchor = anchorAt(before, 3, 3);
    expect(placeAnchor(anchor, undefined, `x\ny\n${before}`)).toEqual({ kind: "moved", from: 5, to: 5 });
    expect(placeAnchor(anchor, undefined, "nothing of it").kind).toBe("outdated");
  });

  it("counts lines as the editor does", () => {
    expect(linesOf("a\r\nb\rc\nd")).toEqual(["a", "b", "c", "d"]);
    expect(anchorAt("a\r\nb\r\n", 1, 9)).toEqual({ from: 1, to: 2, quoted: "b\n" });
  });
});

describe("any sequence of edits", () => {
  // Few words, so that equal lines abound.
  const line = fc.constantFrom("}", "{", "", "return x;", "call();", "  // note", "else");
  const file = fc.array(line, { minLength: 1, maxLength: 30 });
  const edit = fc.record({ at: fc.nat(40), remove: fc.nat(4), insert: fc.array(line, { maxLength: 4 }) });
  const edited = (lines: readonly string[], edits: readonly { at: number; remove: number; insert: string[] }[]) => {
    const result = [...lines];
    for (const { at, remove, insert } of edits) result.splice(at % (result.length + 1), remove, ...insert);
    return result.length === 0 ? [""] : result;
  };
  const range = (lines: readonly string[], from: number, length: number) => {
    const first = from % lines.length;
    return anchorAt(lines.join("\n"), first, Math.min(first + length, lines.length - 1));
  };

  it("never shows a comment at other lines than the quoted ones without saying so", () => {
    fc.assert(
      fc.property(
        file,
        fc.array(edit, { maxLength: 6 }),
        fc.nat(),
        fc.nat(3),
        fc.boolean(),
        (lines, edits, at, length, isKept) => {
          const anchor = range(lines, at, length);
          const after = edited(lines, edits);
          const { kind, from, to } = placeAnchor(anchor, isKept ? lines.join("\n") : undefined, after.join("\n"));
          expect(from).toBeLessThanOrEqual(to);
          expect(to).toBeLessThan(after.length);
          if (kind !== "outdated") expect(after.slice(from, to + 1).join("\n")).toBe(anchor.quoted);
          if (kind === "exact") expect(from).toBe(anchor.from);
          if (kind === "moved") expect(from).not.toBe(anchor.from);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("leaves a comment where it is when the text is the same", () => {
    fc.assert(
      fc.property(file, fc.nat(), fc.nat(3), (lines, at, length) => {
        const anchor = range(lines, at, length);
        expect(placeAnchor(anchor, lines.join("\n"), lines.join("\n"))).toMatchObject({
          kind: "exact",
          from: anchor.from,
        });
      }),
    );
  });

  it("keeps a comment whose lines and neighbours are untouched", () => {
    fc.assert(
      fc.property(
        file,
        file,
        file,
        fc.array(edit, { maxLength: 3 }),
        fc.array(edit, { maxLength: 3 }),
        (head, block, tail, above, below) => {
          const before = [...head, "start", ...block, "end", ...tail];
          const anchor = anchorAt(before.join("\n"), head.length + 1, head.length + block.length);
          const after = [...edited(head, above), "start", ...block, "end", ...edited(tail, below)];
          expect(placeAnchor(anchor, before.join("\n"), after.join("\n")).kind).not.toBe("outdated");
        },
      ),
      { numRuns: 300 },
    );
  });
});
