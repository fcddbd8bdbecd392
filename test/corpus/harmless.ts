import { countInvisible } from "../../src/base/visibleText.ts";
import { safeHttpsUrl } from "../../src/webview/transcript/markdownTokens.ts";

/** An element of a page: its name, and its attributes. */
export type ElementFacts = readonly [tag: string, attributes: readonly (readonly [string, string])[]];

/** What a part of the page may be made of when an agent gave the words. */
const elements = new Set(
  "A ARTICLE BLOCKQUOTE BR BUTTON CODE DD DEL DIV DL DT EM H3 HR INPUT LI OL P PRE SECTION SPAN STRONG TABLE TBODY TD TH THEAD TR UL".split(
    " ",
  ),
);
const attributes = new Set(
  "aria-busy aria-expanded aria-hidden aria-label aria-level checked class disabled href rel role start tabindex title type".split(
    " ",
  ),
);

/** What of the elements is not words alone: no script, no address but of links, no style, no id, no name. */
export function problemsOf(found: readonly ElementFacts[], text: string): readonly string[] {
  const problems = found.flatMap(([tag, given]) => [
    ...(elements.has(tag) ? [] : [tag]),
    ...given.filter(([name, value]) => !isHarmless(name, value)).map(([name, value]) => `${name}=${value}`),
  ]);
  const hidden = countInvisible(text);
  return hidden === 0 ? problems : [...problems, `${hidden} hidden characters`];
}

function isHarmless(name: string, value: string): boolean {
  if (name === "href") return safeHttpsUrl(value)?.href === value;
  // A colour of 24 bits is the one style that output may have.
  if (name === "style") return /^(?:(?:background-)?color: ?rgb\([\d, ]+\);? ?)+$/.test(value);
  return attributes.has(name) && countInvisible(value) === 0;
}
