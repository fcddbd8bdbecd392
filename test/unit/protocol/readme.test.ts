import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const readme = read("src/protocol/README.md");

/** Sections whose every statement must be proven. */
const proven = [
  "Who sends what",
  "What the receiver may assume",
  "What the receiver may not assume",
  "What happens to",
];

/** The statements of a section: its list items, or its subsections. */
function statementsOf(heading: string): string[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  return section
    .split(/^(?:- |### )/m)
    .slice(1)
    .map((text) => text.trim());
}

const named = Array.from(readme.matchAll(/`(test\/[^`]+)` "([^"\n]+)"/g), ([, path = "", name = ""]) => ({
  path,
  name,
}));

describe("the README of the protocol", () => {
  it.each(proven.flatMap(statementsOf))("proves what it says: %s", (statement) => {
    expect(statement).toMatch(/`test\/[^`]+` "[^"\n]+"/);
  });

  it.each(named)("names a test that there is: $path $name", ({ path, name }) => {
    expect(existsSync(new URL(path, root)), `${path} does not exist`).toBe(true);
    expect(read(path), `${path} has no test of this name`).toContain(`"${name}"`);
  });

  it("has found its statements and its tests", () => {
    expect(proven.map((heading) => statementsOf(heading).length)).toEqual([4, 8, 5, 18]);
    expect(named.length).toBeGreaterThan(60);
  });
});
