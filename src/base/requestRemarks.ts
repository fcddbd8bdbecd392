import type { Translate } from "./l10n.ts";
import { countInvisible, lookAlikes } from "./visibleText.ts";

/** Characters that are named; there may be more. */
const maxNamed = 12;

/** What a person has to know before judging a request, besides its text: that not every character is what it seems. */
export function remarksOn(request: string, t: Translate): readonly string[] {
  const hidden = countInvisible(request);
  const alike = lookAlikes(request);
  const remarks: string[] = [];
  if (hidden === 1) remarks.push(t("1 character that cannot be seen is spelled out."));
  if (hidden > 1) remarks.push(t("{0} characters that cannot be seen are spelled out.", hidden.toLocaleString("en")));
  if (alike.length > 0) {
    const names = alike.slice(0, maxNamed).map(nameOf).join(", ");
    const more = alike.length > maxNamed ? " …" : "";
    remarks.push(t("Not the characters of a keyboard, though they may look so: {0}", names + more));
  }
  return remarks;
}

/** "а (U+0430)" */
function nameOf(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return /\s/.test(char) ? `U+${code}` : `${char} (U+${code})`;
}
