/**
 * Text that someone else wrote, made safe to judge: characters that a person cannot see, or that change the order in
 * which the rest is read, are spelled out as `‹U+202E›`.
 */

/** Controls (but tab and line feed), format and private-use characters, lone surrogates, fillers and variation selectors. */
const invisible =
  // oxlint-disable-next-line no-misleading-character-class -- each is meant by itself
  /(?![\t\n])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\u{e0100}-\u{e01ef}]/gu;

export interface VisibleSegment {
  readonly text: string;
  /** The text is the name of a character that cannot be seen. */
  readonly isMark: boolean;
}

/** Splits at invisible characters, which become marks. The concatenation holds nothing invisible but tab and line feed. */
export function toVisibleSegments(text: string): readonly VisibleSegment[] {
  const segments: VisibleSegment[] = [];
  let end = 0;
  for (const match of text.matchAll(invisible)) {
    // A carriage return before a line feed is a line end as good as any.
    if (match[0] === "\r" && text[match.index + 1] === "\n") {
      if (match.index > end) segments.push({ text: text.slice(end, match.index), isMark: false });
      end = match.index + 1;
      continue;
    }
    if (match.index > end) segments.push({ text: text.slice(end, match.index), isMark: false });
    const code = match[0].codePointAt(0) ?? 0;
    segments.push({ text: `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`, isMark: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) segments.push({ text: text.slice(end), isMark: false });
  return segments;
}

export function toVisibleText(text: string): string {
  return toVisibleSegments(text)
    .map((segment) => segment.text)
    .join("");
}

/** How many characters of the text a person would not see. */
export function countInvisible(text: string): number {
  return toVisibleSegments(text).filter((segment) => segment.isMark).length;
}

/** One line for a label, title or notification: visible, without line breaks, at most `maxLength` UTF-16 units. */
export function toLine(text: string, maxLength = 200): string {
  // Bounded before the work: a label of a megabyte costs no more than one of a kilobyte.
  const line = toVisibleText(text.slice(0, maxLength * 4).replaceAll(/\s+/gu, " ")).trim();
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  return `${cut.replace(/[\ud800-\udbff]$/u, "")}…`;
}
