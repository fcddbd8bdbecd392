import { expect, it } from "vitest";
import { wordsOf } from "../../../src/protocol/content.ts";

it.each([
  [undefined, ""],
  ["a [text] of `its own`", "a [text] of `its own`"],
  [{ markdown: "Read [math.mjs](file:///home/code/src/math.mjs)" }, "Read math.mjs"],
  [{ markdown: "Read [](file:///home/code/src/math.mjs), [](https://git.example/)" }, "Read math.mjs, git.example"],
  [{ markdown: "Ran `node --test`" }, "Ran node --test"],
  [{ markdown: "odd [one](and `two" }, "odd [one](and `two"],
])("the words of %j", (text, words) => {
  expect(wordsOf(text)).toBe(words);
});
