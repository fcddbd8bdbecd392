import type { AnsiSpan, AnsiStyle } from "../../../protocol/panelLog.ts";
import { AnsiScanner, isPlain } from "./ansiSpans.ts";

/**
 * One line of output, without its line feed, as a terminal shows it: carriage return and backspace overwrite, so that a
 * progress bar is what it last was. Takes time in proportion to the line, however often it is written over.
 */
export function toAnsiLine(raw: string, style: AnsiStyle): readonly AnsiSpan[] {
  if (isPlain(raw)) return raw === "" ? [] : [{ text: raw, style }];
  const spans = new AnsiScanner(style).write(raw);
  return joined(/[\r\b]/.test(raw) ? overwritten(spans) : spans);
}

/** As `toAnsiLine`, the text alone. */
export function toPlainLine(raw: string): string {
  return toAnsiLine(raw, {})
    .map(({ text }) => text)
    .join("");
}

/** What the line ends up as, a span for each place. */
function overwritten(written: readonly AnsiSpan[]): readonly AnsiSpan[] {
  const places: AnsiSpan[] = [];
  let column = 0;
  for (const { text, style } of written) {
    for (const char of text.split("")) {
      if (char === "\r") column = 0;
      else if (char === "\b") column = Math.max(0, column - 1);
      else places[column++] = { text: char, style };
    }
  }
  return places;
}

/** Neighbours of one style as one span. */
function joined(spans: readonly AnsiSpan[]): readonly AnsiSpan[] {
  const line: AnsiSpan[] = [];
  let texts: string[] = [];
  for (const [index, { text, style }] of spans.entries()) {
    texts.push(text);
    if (spans[index + 1]?.style === style) continue;
    line.push({ text: texts.join(""), style });
    texts = [];
  }
  return line;
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
