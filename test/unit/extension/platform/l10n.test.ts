import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { describe, expect, it } from "vitest";
import { bundleFile, bundleOf, extractTexts } from "../../../l10n/texts.ts";

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8"));
const { contributes, l10n } = z.object({ contributes: z.unknown(), l10n: z.string() }).parse(read("package.json"));
const texts = z.record(z.string(), z.string()).parse(read("package.nls.json"));

/** Members of contributions that people read. */
const shown = new Set(["title", "name", "contents", "description", "markdownDescription", "altText"]);

function* textsOf(value: unknown, key = ""): Generator<readonly [key: string, text: string]> {
  if (typeof value === "string" && (shown.has(key) || key === "enumDescriptions")) yield [key, value];
  else if (Array.isArray(value)) for (const member of value) yield* textsOf(member, key);
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value)) yield* textsOf(member, name);
}

describe("texts for translators", () => {
  it("are all in the bundle: node test/l10n/texts.ts writes it", () => {
    const { messages, unreadable } = extractTexts();
    expect(unreadable).toEqual([]);
    expect(readFileSync(bundleFile, "utf8")).toBe(bundleOf(messages));
    expect(l10n).toBe("./l10n");
  });

  it("have as many places as values, counted from {0}", () => {
    for (const message of extractTexts().messages) {
      const places = new Set(Array.from(message.matchAll(/\{(\d+)\}/g), ([, place]) => Number(place)));
      expect(
        Array.from(places).toSorted((a, b) => a - b),
        message,
      ).toEqual(Array.from({ length: places.size }, (_, n) => n));
    }
  });

  it("stand in package.nls.json for all that package.json shows, and nothing else does", () => {
    const used = new Set<string>();
    for (const [key, text] of textsOf(contributes)) {
      // The name of the product is the same in every language.
      if (text === "Muster") continue;
      const name = /^%([\w.]+)%$/.exec(text)?.[1] ?? "";
      expect(texts, `${key}: ${text}`).toHaveProperty([name]);
      used.add(name);
    }
    expect(Object.keys(texts).toSorted()).toEqual(Array.from(used).toSorted());
  });
});
