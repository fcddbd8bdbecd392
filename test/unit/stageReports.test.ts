import { expect, it } from "vitest";
import { addCounts, partsOfClosingLine, partsOfMocha, partsOfVitest } from "../stageReports.ts";

const file = (name: string, status: string, ...tests: readonly string[]) => ({
  name: `/checkout/test/${name}`,
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

it("counts the tests of Vitest by file, and one failure where a file did not load", () => {
  const testResults = [
    file("a.test.ts", "passed", "passed", "pending", "todo"),
    file("b.test.ts", "failed", "passed", "failed", "failed"),
    file("c.test.ts", "failed"),
  ];
  const parts = partsOfVitest({ testResults }, "/checkout");
  expect([...parts]).toEqual([
    ["test/a.test.ts", { passed: 1, failed: 0, skipped: 2 }],
    ["test/b.test.ts", { passed: 1, failed: 2, skipped: 0 }],
    ["test/c.test.ts", { passed: 0, failed: 1, skipped: 0 }],
  ]);
  expect(addCounts(parts.values())).toEqual({ passed: 2, failed: 3, skipped: 2 });
});

it("counts what mocha tells of its suites, and the last line of everything else", () => {
  const suites = { "the inbox": { passed: 2, failed: 1, skipped: 0 } };
  expect([...partsOfMocha({ passed: 2, suites })]).toEqual(Object.entries(suites));
  expect([...partsOfClosingLine("demo", "1 passed, 1 failed\nsome more\n3 passed, 0 failed, 1 skipped\n")]).toEqual([
    ["demo", { passed: 3, failed: 0, skipped: 1 }],
  ]);
});

it.each([undefined, "", {}, { testResults: "none" }])("finds nothing in a report that is none: %j", (report) => {
  expect(partsOfVitest(report, "/").size + partsOfMocha(report).size).toBe(0);
});

it("finds nothing in an output without a closing line", () => {
  expect(partsOfClosingLine("demo", "Opening VS Code\n").size).toBe(0);
});
