import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");
const document = read("docs/security.md");
const section = (heading: string) => document.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";

/** How many rules there are of each kind. */
const rules: readonly (readonly [string, number])[] = [
  ["AUTH", 10],
  ["BRG", 5],
  ["CON", 10],
  ["DUR", 16],
  ["EXT", 8],
  ["FUZ", 10],
  ["GIT", 11],
  ["NET", 17],
  ["ORI", 5],
  ["PR", 5],
  ["PRI", 4],
  ["SBX", 6],
  ["SEC", 3],
  ["SUP", 4],
  ["TEN", 2],
];
const ids = rules.flatMap(([kind, count]) => Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`));
const rows = Array.from(
  section("Rules and their tests").matchAll(/^\| ([A-Z]+-\d+) +\| (.+?) +\| `(.+?)` +\|$/gm),
  ([, id = "", what = "", file = ""]) => ({ id, what, file }),
);

/** Ids at the beginning of texts, as tests are named: `NET-1: …`, `NET-8, NET-10: …`, `ORI-1..3: …`. */
function idsIn(text: string): ReadonlySet<string> {
  const starts = Array.from(
    text.matchAll(/["'`]((?:[A-Z]{2,4}-\d+(?:\.\.\d+)?(?:, | )?)+)/g),
    ([, start = ""]) => start,
  );
  return new Set(
    starts.flatMap((start) =>
      Array.from(start.matchAll(/([A-Z]+)-(\d+)(?:\.\.(\d+))?/g)).flatMap(([, kind, first, last = first]) =>
        Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${kind}-${Number(first) + index}`),
      ),
    ),
  );
}

describe("docs/security.md", () => {
  it("names every rule once, with a file that has a test of that name", () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { id, file } of rows) {
      expect(existsSync(new URL(`test/${file}`, root)), file).toBe(true);
      expect(idsIn(read(`test/${file}`)).has(id), `${id} in ${file}`).toBe(true);
    }
  });

  it("says of every other rule that it is absent", () => {
    const proven = new Set(rows.map(({ id }) => id));
    const absent = section("Absent");
    expect(ids.filter((id) => !proven.has(id) && !new RegExp(`\\b${id}\\b`).test(absent))).toEqual([]);
    expect(Array.from(proven).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("leaves out no rule that a test is named after", () => {
    const files = readdirSync(new URL("test/", root), { recursive: true, encoding: "utf8" });
    const sources = files.filter((file) => /test\.tsx?$/.test(file) && !file.endsWith("security.test.ts"));
    const named = new Set(sources.flatMap((file) => Array.from(idsIn(read(`test/${file}`)))));
    const proven = new Set(rows.map(({ id }) => id));
    expect(ids.filter((id) => named.has(id) && !proven.has(id))).toEqual([]);
  });
});
