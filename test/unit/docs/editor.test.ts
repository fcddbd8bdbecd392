import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { describe, expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
const Manifest = z.object({
  contributes: z.object({
    commands: z.array(z.object({ command: z.string(), title: z.string() })),
    configuration: z.object({ properties: z.record(z.string(), z.unknown()) }),
  }),
});
const { contributes } = Manifest.parse(JSON.parse(read("package.json")));
const texts = z.record(z.string(), z.string()).parse(JSON.parse(read("package.nls.json")));
const document = read("docs/editor.md");

/** The table under a heading: the first cell of each row. */
function firstCells(heading: string): string[] {
  const section = document.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return Array.from(section.matchAll(/^\| ([^|]+) \|/gm), ([, cell = ""]) => cell).slice(2);
}

describe("docs/editor.md", () => {
  it("names every command by its title, and no other", () => {
    const named = firstCells("Commands").flatMap((cell) =>
      Array.from(cell.matchAll(/_([^_]+)_/g), ([, title = ""]) => title),
    );
    const titles = contributes.commands.map(({ title }) => texts[/^%(.+)%$/.exec(title)?.[1] ?? ""] ?? title);
    expect(named.toSorted()).toEqual(titles.toSorted());
  });

  it("names every setting, and no other", () => {
    const named = firstCells("Settings").map((cell) => cell.replaceAll("`", "").trim());
    expect(named.toSorted()).toEqual(Object.keys(contributes.configuration.properties).toSorted());
  });
});
