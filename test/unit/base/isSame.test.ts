import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSame } from "../../../src/base/isSame.ts";

describe("equality of JSON values", () => {
  it.each([
    [{ a: 1, b: undefined }, { a: 1 }],
    [{ a: 1 }, { b: undefined, a: 1 }],
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
    [[], []],
  ])("holds between %j and %j", (a, b) => {
    expect(isSame(a, b)).toBe(true);
    expect(isSame(b, a)).toBe(true);
  });

  it.each([
    [{ a: 1 }, { a: 1, b: null }],
    [{ a: 1 }, { b: 1 }],
    [[], {}],
    [[1], [1, 2]],
    [null, {}],
    ["1", 1],
    [{ toString: 1 }, {}],
  ])("does not hold between %j and %j", (a, b) => {
    expect(isSame(a, b)).toBe(false);
    expect(isSame(b, a)).toBe(false);
  });

  it("says of any two what their text says", () => {
    const key = fc.constantFrom("a", "b", "toString");
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(0, 1, "x", null, true),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(key, tie("value"), { maxKeys: 2, noNullPrototype: true }),
      ),
    }));
    const sorted = (_key: string, member: unknown) =>
      typeof member === "object" && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : member;
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(isSame(a, b)).toBe(JSON.stringify(a, sorted) === JSON.stringify(b, sorted));
      }),
    );
  });
});
