import type { HistoryStep } from "./testRepository.ts";

const MATH = `/** The sum of two numbers. */
export function add(a, b) {
  return a - b; // add
}

/** The difference of two numbers. */
export function subtract(a, b) {
  return a - b;
}
`;

const MEAN = `import { add } from "./math.mjs";

/** The arithmetic mean, or NaN of nothing. */
export function mean(values) {
  return values.reduce(add, 0) / values.length;
}
`;

const MATH_TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { add, subtract } from "../src/math.mjs";

test("adds", () => {
  assert.equal(add(2, 3), 5);
});

test("subtracts", () => {
  assert.equal(subtract(5, 3), 2);
});
`;

const MEAN_TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../src/mean.mjs";

test("the mean of three numbers", () => {
  assert.equal(mean([1, 2, 3]), 2);
});
`;

const MANIFEST = `{
  "name": "arithmetic",
  "version": "1.0.0",
  "private": true,
  "type": "module",
  "scripts": { "test": "node --test" }
}
`;

const README = `# Arithmetic

A small library for sums and means. Run \`npm test\`.
`;

/** The history of the repository with a wrong \`add\`. */
export const BROKEN_HISTORY: readonly HistoryStep[] = [
  { message: "Start the arithmetic library", files: { "package.json": MANIFEST, "README.md": README } },
  { message: "Add and subtract", files: { "src/math.mjs": MATH, ".gitignore": "build/\n" } },
  { message: "Means", files: { "src/mean.mjs": MEAN } },
  { message: "Test sums and means", files: { "test/math.test.mjs": MATH_TEST, "test/mean.test.mjs": MEAN_TEST } },
];
