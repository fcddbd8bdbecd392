import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SortedRuns } from "../../../../src/extension/tree/sortedRuns.ts";

describe("a list in sorted runs", () => {
  it("is a sorted array, with the same indices, whatever the length of its runs", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (numbers, maxRun) => {
        const runs = new SortedRuns<number>((a, b) => a - b, maxRun);
        let model: number[] = [];
        // A number comes the first time it is named, and goes the next time.
        for (const number of numbers) {
          const at = model.indexOf(number);
          if (at === -1) {
            model = [...model, number].toSorted((a, b) => a - b);
            expect(runs.delete(number)).toBe(-1);
            expect(runs.add(number)).toBe(model.indexOf(number));
          } else {
            model = model.toSpliced(at, 1);
            expect(runs.delete(number)).toBe(at);
          }
          expect(runs.first(runs.size)).toEqual(model);
          expect(runs.size).toBe(model.length);
          expect(runs.first(3)).toEqual(model.slice(0, 3));
          expect(runs.indexOf(number)).toBe(model.indexOf(number));
        }
      }),
    );
  });
});
