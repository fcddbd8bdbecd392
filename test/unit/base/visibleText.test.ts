import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countInvisible, toLine, toVisibleText } from "../../../src/base/visibleText.ts";

describe("visible text", () => {
  it("spells out what cannot be seen and what reorders the rest", () => {
    expect(toVisibleText("rm \u202e-rf\u200b /\u0000")).toBe("rm ‹U+202E›-rf‹U+200B› /‹U+0000›");
    expect(countInvisible("rm \u202e-rf\u200b /\u0000")).toBe(3);
  });

  it("spells out tags and variation selectors beyond the basic plane", () => {
    expect(toVisibleText("a\u{e0041}\u{e0100}b")).toBe("a‹U+E0041›‹U+E0100›b");
  });

  it("leaves letters, emoji, tabs and line ends as they are", () => {
    expect(toVisibleText("naïve 你好 🙂\tx\r\ny")).toBe("naïve 你好 🙂\tx\ny");
  });

  it("shows a carriage return that would overwrite the line", () => {
    expect(toVisibleText("rm -rf /\recho hello")).toBe("rm -rf /‹U+000D›echo hello");
  });

  it("makes one bounded line of anything", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.integer({ min: 1, max: 50 }), (text, maxLength) => {
        const line = toLine(text, maxLength);
        expect(line.length).toBeLessThanOrEqual(maxLength);
        expect(line).not.toMatch(/[\n\r\t]/);
        expect(countInvisible(line)).toBe(0);
      }),
    );
  });
});
