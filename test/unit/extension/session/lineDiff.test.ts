import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "../../../../src/extension/session/lineDiff.ts";
import type { LineDiff } from "../../../../src/protocol/panel.ts";

const shown = ({ hunks }: LineDiff) => hunks.map(({ lines }) => lines.map(({ kind, text }) => kind + text));
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");

/** The lines after the change, made of those before it and the diff. */
function applied(before: string, { hunks }: LineDiff): string[] {
  const lines = before.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const result: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    while (at < hunk.before - 1) result.push(lines[at++]!);
    expect(hunk.after).toBe(result.length + 1);
    for (const { kind, text } of hunk.lines) {
      if (kind !== "+") expect(lines[at++]).toBe(text);
      if (kind !== "-") result.push(text);
    }
  }
  return [...result, ...lines.slice(at)];
}

describe("a diff of lines", () => {
  it("shows what changed with three lines around it", () => {
    const before = numbered(20);
    const diff = diffLines(before, before.replace("10\n", "ten\n"));
    expect(shown(diff)).toEqual([[" 7", " 8", " 9", "-10", "+ten", " 11", " 12", " 13"]]);
    expect(diff.hunks[0]).toMatchObject({ before: 7, after: 7 });
  });

  it("keeps changes that are far apart in hunks of their own", () => {
    const before = numbered(40);
    const diff = diffLines(before, before.replace("\n5\n", "\nfive\n").replace("\n30\n", "\n"));
    expect(diff.hunks.map(({ before, after }) => [before, after])).toEqual([
      [2, 2],
      [27, 27],
    ]);
  });

  it("tells of files that came, went, or are the same", () => {
    expect(shown(diffLines("", "a\nb\n"))).toEqual([["+a", "+b"]]);
    expect(shown(diffLines("a\n", ""))).toEqual([["-a"]]);
    expect(diffLines("a\n", "a\n")).toEqual({ hunks: [], note: "The text is the same." });
  });

  it("is a way from the one text to the other, and no longer than it must be", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c"), { maxLength: 14 })
      .map((lines) => lines.map((line) => `${line}\n`).join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = diffLines(before, after);
        const lines = after.split("\n").slice(0, -1);
        expect(applied(before, diff)).toEqual(lines);
        const changes = diff.hunks.flatMap(({ lines }) => lines.filter(({ kind }) => kind !== " ")).length;
        expect(changes).toBe(before.length / 2 + lines.length - 2 * common(before.split("\n").slice(0, -1), lines));
      }),
    );
  });

  it("does not search for long where everything differs, and shows a part", () => {
    const before = Array.from({ length: 5_000 }, (_, index) => `before ${index}`).join("\n");
    const after = Array.from({ length: 5_000 }, (_, index) => `after ${index}`).join("\n");
    const startMs = performance.now();
    const diff = diffLines(before, after);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(shown(diff)[0]).toHaveLength(500);
    expect(diff.note).toBe("9,500 more lines: open the diff in the editor.");
  });
});

/** Length of the longest common subsequence. */
function common(a: readonly string[], b: readonly string[]): number {
  const table = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i]![j] = a[i - 1] === b[j - 1] ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
    }
  }
  return table[a.length]![b.length]!;
}
