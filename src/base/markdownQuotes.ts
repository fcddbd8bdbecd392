/** Pieces of a Markdown text that quote what others wrote. Nothing quoted can end its quotation. */

/** The text as a block quote. */
export function quoteLines(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}

/** The text as a block of code, whatever backticks it contains. @param language left out unless it is a plain word */
export function fenceCode(text: string, language = ""): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${/^[\w+#-]{1,30}$/.test(language) ? language : ""}\n${text}\n${fence}`;
}

/** At most `max` UTF-16 units, and how many were left out. */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}\n… (${text.length - max} more characters)`;
}
