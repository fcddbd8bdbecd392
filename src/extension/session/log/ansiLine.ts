import type { AnsiSpan, AnsiStyle } from "../../../protocol/panelLog.ts";
import { AnsiScanner, isPlain } from "./ansiSpans.ts";

/** Longer than this a line grows no further by overwriting. */
const maxLineChars = 100_000;

/**
 * One line of output, without its line feed, as a terminal shows it: carriage return and backspace overwrite, so that a
 * progress bar is what it last was.
 */
export function toAnsiLine(raw: string, style: AnsiStyle): readonly AnsiSpan[] {
  if (isPlain(raw)) return raw === "" ? [] : [{ text: raw, style }];
  let line: readonly AnsiSpan[] = [];
  let column = 0;
  for (const span of new AnsiScanner(style).write(raw)) {
    for (const [piece] of span.text.matchAll(/[\r\b]|[^\r\b]+/g)) {
      if (piece === "\r") column = 0;
      else if (piece === "\b") column = Math.max(0, column - 1);
      else {
        line = overwrite(line, column, piece, span.style);
        column += piece.length;
      }
    }
  }
  return line;
}

/** As `toAnsiLine`, the text alone. */
export function toPlainLine(raw: string): string {
  return toAnsiLine(raw, {})
    .map(({ text }) => text)
    .join("");
}

/** The line with `text` written over it from `column` on. */
function overwrite(line: readonly AnsiSpan[], column: number, text: string, style: AnsiStyle): readonly AnsiSpan[] {
  const length = line.reduce((sum, span) => sum + span.text.length, 0);
  if (column >= length) return length > maxLineChars ? line : append(line, text, style);
  return [...cutLine(line, 0, column), { text, style }, ...cutLine(line, column + text.length, length)];
}

function append(line: readonly AnsiSpan[], text: string, style: AnsiStyle): readonly AnsiSpan[] {
  const last = line.at(-1);
  if (last?.style === style) return [...line.slice(0, -1), { text: last.text + text, style }];
  return [...line, { text, style }];
}

/** The spans from one column to before another. */
export function cutLine(line: readonly AnsiSpan[], from: number, to: number): readonly AnsiSpan[] {
  const spans: AnsiSpan[] = [];
  let at = 0;
  for (const span of line) {
    const text = span.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== "") spans.push({ text, style: span.style });
    at += span.text.length;
  }
  return spans;
}
