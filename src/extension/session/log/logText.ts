import type { AnsiSpan, AnsiStyle } from "../../../protocol/panelLog.ts";
import { cutLine, toAnsiLine, toPlainLine } from "./ansiLine.ts";
import { AnsiScanner, isPlain, plainStyle } from "./ansiSpans.ts";

/** Lines that stay together. Its style says how the first of them begins. */
interface Segment {
  /** Whole lines: ends with a line feed. */
  text: string;
  /** Where each line starts in `text`. */
  readonly starts: number[];
  readonly style: AnsiStyle;
  isPlain: boolean;
  /** The style that each line begins with, once somebody has looked. */
  styles: AnsiStyle[] | undefined;
}

const segmentChars = 64 * 1024;
/** A line that is longer is broken: something that never ends a line must not grow without end. */
const maxOpenChars = 64 * 1024;
/** What is shown of a line. */
const maxShownChars = 2_000;

/**
 * The output of one terminal as lines with random access. Costs about its own text and eight bytes a line; text is looked at
 * once when it comes, and again only where somebody looks.
 */
export class LogText {
  #segments: Segment[] = [];
  /** Index of the first line of each segment, among the lines that are kept. */
  #firsts: number[] = [];
  #lines = 0;
  /** What follows the last line feed. */
  #open = "";
  #style = plainStyle;
  #chars = 0;
  #dropped = 0;
  #generation = 0;

  /** Lines, the last one even without a line feed if there is something on it. */
  get lineCount(): number {
    return this.#lines + (this.#open === "" ? 0 : 1);
  }

  /** Lines that cannot change any more: those before the one that is being written. */
  get settledLines(): number {
    return this.#lines;
  }

  /** Grows whenever what was there is given up for something else. */
  get generation(): number {
    return this.#generation;
  }

  get chars(): number {
    return this.#chars + this.#open.length;
  }

  /** Lines that were dropped at the start. */
  get dropped(): number {
    return this.#dropped;
  }

  append(data: string): void {
    const end = data.lastIndexOf("\n") + 1;
    if (end > 0) this.#addLines(this.#open + data.slice(0, end));
    this.#open = end > 0 ? data.slice(end) : this.#open + data;
    if (this.#open.length <= maxOpenChars) return;
    // What a carriage return takes back is not worth keeping.
    const rewritten = this.#open.lastIndexOf("\r");
    if (rewritten > 0 && this.#open.length - rewritten <= maxOpenChars) this.#open = this.#open.slice(rewritten + 1);
    else {
      this.#addLines(`${this.#open}\n`);
      this.#open = "";
    }
  }

  clear(): void {
    this.#segments = [];
    this.#firsts = [];
    this.#lines = 0;
    this.#open = "";
    this.#style = plainStyle;
    this.#chars = 0;
    this.#dropped = 0;
    this.#generation += 1;
  }

  /** Drops at least `count` lines at the start, as far as there are whole segments to drop. Returns how many went. */
  dropOldest(count: number): number {
    let gone = 0;
    let segments = 0;
    while (gone < count && segments < this.#segments.length - 1) {
      const segment = this.#segments[segments++];
      gone += segment?.starts.length ?? 0;
      this.#chars -= segment?.text.length ?? 0;
    }
    if (gone === 0) return 0;
    this.#segments = this.#segments.slice(segments);
    this.#firsts = this.#firsts.slice(segments).map((first) => first - gone);
    this.#lines -= gone;
    this.#dropped += gone;
    return gone;
  }

  /** One line as it is shown, and how many characters of it are not. */
  line(index: number): { readonly spans: readonly AnsiSpan[]; readonly more: number } {
    const { raw, style } = this.#rawLine(index);
    const spans = toAnsiLine(raw, style);
    const length = spans.reduce((sum, { text }) => sum + text.length, 0);
    if (length <= maxShownChars) return { spans, more: 0 };
    return { spans: cutLine(spans, 0, maxShownChars), more: length - maxShownChars };
  }

  /** The text of lines `from` to before `to`, each with a line feed, without what only colours it. */
  *plainText(from = 0, to = this.lineCount): Generator<string, void, undefined> {
    for (let at = this.#segmentOf(from); at < this.#segments.length; at++) {
      const segment = this.#segments[at];
      const first = this.#firsts[at] ?? 0;
      if (segment === undefined || first >= to) break;
      const lines = plainOf(segment);
      const start = Math.max(0, from - first);
      const end = Math.min(segment.starts.length, to - first);
      if (start === 0 && end === segment.starts.length) yield lines;
      else
        yield lines
          .split("\n")
          .slice(start, end)
          .map((line) => `${line}\n`)
          .join("");
    }
    if (this.#open !== "" && from < this.lineCount && to > this.#lines) yield `${toPlainLine(this.#open)}\n`;
  }

  #rawLine(index: number): { readonly raw: string; readonly style: AnsiStyle } {
    if (index >= this.#lines) return { raw: this.#open, style: this.#style };
    const at = this.#segmentOf(index);
    const segment = this.#segments[at];
    if (segment === undefined) return { raw: "", style: plainStyle };
    const line = index - (this.#firsts[at] ?? 0);
    const end = segment.starts[line + 1] ?? segment.text.length;
    return { raw: segment.text.slice(segment.starts[line] ?? 0, end - 1), style: styleOf(segment, line) };
  }

  /** The segment that holds the line; the last one for a line that comes after all of them. */
  #segmentOf(index: number): number {
    let low = 0;
    let high = this.#firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#firsts[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** @param text whole lines. A large one is cut at line ends, so that no segment is. */
  #addLines(text: string): void {
    let from = 0;
    while (from < text.length) {
      const near = text.indexOf("\n", from + segmentChars) + 1;
      const to = near === 0 ? text.length : near;
      this.#addSegment(from === 0 && to === text.length ? text : text.slice(from, to));
      from = to;
    }
  }

  #addSegment(text: string): void {
    const isTextPlain = isPlain(text);
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.text.length + text.length > segmentChars) {
      segment = { text: "", starts: [], style: this.#style, isPlain: true, styles: undefined };
      this.#segments.push(segment);
      this.#firsts.push(this.#lines);
    }
    const offset = segment.text.length;
    segment.text += text;
    segment.isPlain &&= isTextPlain;
    segment.styles = undefined;
    for (let at = 0; at < text.length; at = text.indexOf("\n", at) + 1) {
      segment.starts.push(offset + at);
      this.#lines += 1;
    }
    this.#chars += text.length;
    if (!isTextPlain) this.#style = styleAfter(text, this.#style);
  }
}

/** A reset undoes all before it but a link, so that only what follows the last one counts. */
function styleAfter(text: string, style: AnsiStyle): AnsiStyle {
  const reset = text.includes("\u001b]") || text.includes("\u009d") ? -1 : text.lastIndexOf("\u001b[0m");
  const scanner = new AnsiScanner(style);
  scanner.write(reset > 0 ? text.slice(reset) : text);
  return scanner.style;
}

function styleOf(segment: Segment, line: number): AnsiStyle {
  if (segment.isPlain) return segment.style;
  if (segment.styles === undefined) {
    const scanner = new AnsiScanner(segment.style);
    segment.styles = segment.starts.map((start, index) => {
      const { style } = scanner;
      scanner.write(segment.text.slice(start, segment.starts[index + 1] ?? segment.text.length));
      return style;
    });
  }
  return segment.styles[line] ?? segment.style;
}

/** A whole control sequence, such as a colour. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const csi = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** The lines of a segment without colours, each with its line feed. */
function plainOf({ text, isPlain: isTextPlain }: Segment): string {
  if (isTextPlain) return text;
  const ends = text.replaceAll("\r\n", "\n").replaceAll(csi, "");
  // What is left says that there is more to it than colours.
  if (isPlain(ends)) return ends;
  return ends
    .slice(0, -1)
    .split("\n")
    .map((line) => `${toPlainLine(line)}\n`)
    .join("");
}
