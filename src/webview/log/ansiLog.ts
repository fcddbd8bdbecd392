import { AnsiScanner, type AnsiSpan, type AnsiStyle } from "./ansiSpans.ts";

/** Lines that stay together on the page. A block whose object is the same as before is not drawn again. */
export interface LogBlock {
  readonly key: number;
  readonly lines: readonly (readonly AnsiSpan[])[];
}

const linesPerBlock = 100;
const maxLineChars = 20_000;

/**
 * The lines of one terminal, built up as output comes. Carriage return and backspace overwrite as a terminal would, so
 * that a progress bar is one line. Only the last `maxLines` are kept; `skippedLines` says how many went.
 */
export class AnsiLog {
  readonly #scanner = new AnsiScanner();
  readonly #maxLines: number;
  #blocks: LogBlock[] = [{ key: 0, lines: [[]] }];
  #column = 0;
  skippedLines = 0;

  constructor(maxLines = 10_000) {
    this.#maxLines = maxLines;
  }

  /** The last line of the last block is the one being written. */
  get blocks(): readonly LogBlock[] {
    return this.#blocks;
  }

  get lineCount(): number {
    return this.#blocks.reduce((sum, block) => sum + block.lines.length, 0);
  }

  write(chunk: string): void {
    const lines: (readonly AnsiSpan[])[] = [];
    let line: readonly AnsiSpan[] = this.#blocks.at(-1)?.lines.at(-1) ?? [];
    for (const span of this.#scanner.write(chunk)) {
      for (const [piece] of span.text.matchAll(/[\n\r\b]|[^\n\r\b]+/g)) {
        if (piece === "\n") {
          lines.push(line);
          line = [];
          this.#column = 0;
        } else if (piece === "\r") this.#column = 0;
        else if (piece === "\b") this.#column = Math.max(0, this.#column - 1);
        else {
          line = overwrite(line, this.#column, piece, span.style);
          this.#column += piece.length;
        }
      }
    }
    lines.push(line);
    this.#replaceTail(lines);
  }

  /** Puts `lines` in place of the line being written. Earlier lines, and the blocks that hold only them, stay. */
  #replaceTail(lines: readonly (readonly AnsiSpan[])[]): void {
    const blocks = [...this.#blocks];
    const last = blocks.pop() ?? { key: 0, lines: [[]] };
    let key = last.key;
    let open = last.lines.slice(0, -1);
    for (const line of lines) {
      if (open.length >= linesPerBlock) {
        blocks.push({ key, lines: open });
        key += 1;
        open = [];
      }
      open.push(line);
    }
    blocks.push({ key, lines: open });
    let total = blocks.reduce((sum, block) => sum + block.lines.length, 0);
    while (total > this.#maxLines && blocks.length > 1) {
      const gone = blocks.shift()?.lines.length ?? 0;
      total -= gone;
      this.skippedLines += gone;
    }
    this.#blocks = blocks;
  }
}

/** The line with `text` written over it from `column` on. */
function overwrite(line: readonly AnsiSpan[], column: number, text: string, style: AnsiStyle): readonly AnsiSpan[] {
  const length = line.reduce((sum, span) => sum + span.text.length, 0);
  if (column >= length) return length > maxLineChars ? line : append(line, text, style);
  const before = cut(line, 0, column);
  const after = cut(line, column + text.length, length);
  return [...before, { text, style }, ...after];
}

function append(line: readonly AnsiSpan[], text: string, style: AnsiStyle): readonly AnsiSpan[] {
  const last = line.at(-1);
  if (last?.style === style) return [...line.slice(0, -1), { text: last.text + text, style }];
  return [...line, { text, style }];
}

function cut(line: readonly AnsiSpan[], from: number, to: number): AnsiSpan[] {
  const spans: AnsiSpan[] = [];
  let at = 0;
  for (const span of line) {
    const text = span.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== "") spans.push({ text, style: span.style });
    at += span.text.length;
  }
  return spans;
}
