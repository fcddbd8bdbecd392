import { describe, expect, it } from "vitest";
import { compare, interleave, median, percentile } from "../../bench/measure.ts";
import { jsonLine, table } from "../../bench/report.ts";
import { runSuite } from "../../bench/suite.ts";

describe("measuring", () => {
  it("runs every arm once a round, each after another neighbour, and leaves the warm-up out", async () => {
    const ran: string[] = [];
    const arm = (name: string) => () => ran.push(name);
    const costs = await interleave({ a: arm("a"), b: arm("b"), c: arm("c") }, 2);
    expect(ran.join("")).toBe("abcbcacab");
    expect(costs).toEqual({ a: [6, 8], b: [4, 9], c: [5, 7] });
  });

  it("sets medians against each other and says whether the goal is met", () => {
    expect(compare("x", [9, 1, 2], [4, 4, 4], { atMost: 0.5 })).toEqual({
      what: "x",
      ours: 2,
      peer: 4,
      ratio: 0.5,
      goal: "<= 0.5",
      met: true,
    });
    expect(compare("x", 1, 1, { atLeast: 1.2 })).toMatchObject({ goal: ">= 1.2", met: false });
  });

  it("finds what lies between", () => {
    expect(median([4, 1])).toBe(2.5);
    expect(percentile([1, 2, 3, 4, 5], 0.99)).toBeCloseTo(4.96);
    expect(median([])).toBeNaN();
  });
});

describe("the report", () => {
  const measures = [compare("one", 1, 2, { atMost: 1 }), compare("another", 30, 20, { atMost: 1 })];

  it("is a table for people, all columns in line", () => {
    expect(table(measures).split("\n")).toEqual([
      "what     ours  peer  ratio  goal  met",
      "-------  ----  ----  -----  ----  ---",
      "one         1     2   0.50  <= 1  yes",
      "another    30    20   1.50  <= 1   NO",
    ]);
  });

  it("is one line for programs", () => {
    const line = jsonLine("wire", measures);
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({ name: "wire", measures });
  });

  it("has the measures of the parts that were asked for", async () => {
    const suite = { a: async () => measures.slice(0, 1), b: async () => measures.slice(1) };
    const options = { scale: "tiny", note: () => undefined } as const;
    expect(await runSuite(suite, ["b"], options)).toEqual({ measures: measures.slice(1), failed: [] });
    expect(await runSuite(suite, [], options)).toEqual({ measures, failed: [] });
  });

  it("has what was measured when a part breaks off, and says which", async () => {
    const notes: string[] = [];
    const suite = { a: () => Promise.reject(new Error("no room")), b: async () => measures };
    const outcome = await runSuite(suite, [], { scale: "tiny", note: (text) => notes.push(text) });
    expect(outcome).toEqual({ measures, failed: ["a"] });
    expect(notes[0]).toContain("no room");
  });
});
