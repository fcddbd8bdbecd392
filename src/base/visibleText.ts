/**
 * Text that someone else wrote, made safe to judge: characters that a person cannot see, or that change the order in
 * which the rest is read, are spelled out as `‹U+202E›`.
 */

/**
 * Runs of what is not seen: controls but tab and line feed, what Unicode says that fonts may ignore, private and unassigned
 * code points, lone surrogates, and marks that pile up on one letter. An emoji keeps the selector that makes it one.
 */
const invisible =
  // oxlint-disable-next-line no-misleading-character-class -- each is meant by itself
  /(?:[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{1d159}](?<![\t\n]|\p{Extended_Pictographic}\ufe0f|\ufe0f(?=\u20e3))|\p{M}(?<=\p{M}{9}))+/gu;

/** Most texts have none of these, and are looked through faster for them. */
const beyondPrintable = /[^\t\n -~]/;

export interface VisibleSegment {
  readonly text: string;
  /** The text is the names of characters that cannot be seen. */
  readonly isMark: boolean;
  /** Of how many. */
  readonly hidden: number;
}

/** Splits at invisible characters, which become marks. The concatenation holds nothing invisible but tab and line feed. */
export function toVisibleSegments(text: string): readonly VisibleSegment[] {
  if (!beyondPrintable.test(text)) return text === "" ? [] : [{ text, isMark: false, hidden: 0 }];
  const segments: VisibleSegment[] = [];
  // A carriage return before a line feed is a line end as good as any.
  const lines = text.replaceAll("\r\n", "\n");
  const take = (from: number, to?: number) => {
    const seen = lines.slice(from, to);
    if (seen !== "") segments.push({ text: seen, isMark: false, hidden: 0 });
  };
  let end = 0;
  for (const { 0: run, index } of lines.matchAll(invisible)) {
    take(end, index);
    segments.push(markOf(run));
    end = index + run.length;
  }
  take(end);
  return segments;
}

/** The same character many times over is named once, with its number. */
function markOf(run: string): VisibleSegment {
  let text = "";
  let hidden = 0;
  for (let at = 0; at < run.length;) {
    const code = run.codePointAt(at) ?? 0;
    let count = 0;
    for (; run.codePointAt(at) === code; at += code > 0xffff ? 2 : 1) count += 1;
    const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    text += count > 3 ? `‹${count} × ${name}›` : `‹${name}›`.repeat(count);
    hidden += count;
  }
  return { text, isMark: true, hidden };
}

export function toVisibleText(text: string): string {
  return toVisibleSegments(text)
    .map((segment) => segment.text)
    .join("");
}

/** How many characters of the text a person would not see. */
export function countInvisible(text: string): number {
  return toVisibleSegments(text).reduce((sum, { hidden }) => sum + hidden, 0);
}

/** Words, and what stands between them, that have a character beyond ASCII. */
const beyondAscii = /[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]/gu;

/**
 * Characters that are seen and may be taken for others, each once: blanks, signs and digits that are not those of a keyboard,
 * and letters of another script amid Latin ones. A word that is wholly of another script is what it looks like.
 */
export function lookAlikes(text: string): readonly string[] {
  const found = new Set<string>();
  for (const [word] of text.matchAll(beyondAscii)) {
    const isMixed = /[A-Za-z0-9]/.test(word);
    for (const char of word) if (char > "\u007f" && isLookAlike(char, isMixed)) found.add(char);
  }
  return Array.from(found);
}

function isLookAlike(char: string, isAmidLatin: boolean): boolean {
  if (countInvisible(char) > 0) return false;
  if (/[\p{L}\p{M}]/u.test(char)) {
    const isLatinWithMarks = /^[A-Za-z]?\p{M}*$/u.test(char.normalize("NFD"));
    // Letters of full width and of mathematics are ASCII in other clothes.
    return !isLatinWithMarks && (isAmidLatin || /^[A-Za-z]$/.test(char.normalize("NFKC")));
  }
  return /[\p{Zs}\p{P}\p{S}\p{N}]/u.test(char) && !/\p{Extended_Pictographic}/u.test(char);
}

/** One line for a label, title or notification: visible, without line breaks, at most `maxLength` UTF-16 units. */
export function toLine(text: string, maxLength = 200): string {
  // Bounded before the work: a label of a megabyte costs no more than one of a kilobyte.
  const line = toVisibleText(text.slice(0, maxLength * 4).replaceAll(/\s+/gu, " ")).trim();
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  return `${cut.replace(/[\ud800-\udbff]$/u, "")}…`;
}
