import type { FoundRow } from "../../../protocol/panelLog.ts";
import type { LogDocument, LogSection } from "./logDocument.ts";

interface Found {
  /** Numbers of lines, counted from the first that ever was, ascending. */
  readonly lines: number[];
  /** Lines before this one have been looked at. */
  upTo: number;
  generation: number;
}

/** The lines of a log that hold a text. What was looked at once is not looked at again, so a growing log can be searched. */
export class LogSearch {
  readonly #document: LogDocument;
  readonly #pattern: RegExp;
  readonly #found = new Map<LogSection, Found>();

  constructor(document: LogDocument, text: string, matchCase: boolean) {
    this.#document = document;
    this.#pattern = new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), matchCase ? "g" : "gi");
  }

  /** Looks at what has not been looked at. Yields between portions, so that whoever drives it may rest. */
  *scan(): Generator<void, void, undefined> {
    for (const section of this.#document.sections) {
      const { text } = section;
      let found = this.#found.get(section);
      if (found === undefined || found.generation !== text.generation) {
        found = { lines: [], upTo: 0, generation: text.generation };
        this.#found.set(section, found);
      }
      // The line that was being written then may be another one: it is looked at again.
      while ((found.lines.at(-1) ?? -1) >= found.upTo) found.lines.pop();
      let line = Math.max(found.upTo, text.dropped);
      for (const portion of text.plainText(line - text.dropped)) {
        line = this.#scanPortion(portion, line, found.lines);
        yield;
      }
      found.upTo = text.dropped + text.settledLines;
    }
  }

  /** Returns the number of the line after the portion. */
  #scanPortion(portion: string, first: number, lines: number[]): number {
    let line = first;
    let at = 0;
    this.#pattern.lastIndex = 0;
    const countTo = (end: number) => {
      for (let next = portion.indexOf("\n", at); next !== -1 && next < end; next = portion.indexOf("\n", at)) {
        line += 1;
        at = next + 1;
      }
    };
    for (let match = this.#pattern.exec(portion); match !== null; match = this.#pattern.exec(portion)) {
      countTo(match.index);
      lines.push(line);
      const end = portion.indexOf("\n", match.index);
      this.#pattern.lastIndex = end === -1 ? portion.length : end;
    }
    countTo(portion.length);
    return line;
  }

  /** The match after (1), before (-1) or from (0) a row on, going on at the other end. */
  next(from: number, direction: 1 | -1 | 0): FoundRow {
    const firsts = this.#document.firstLines();
    const rows: number[] = [];
    for (const section of this.#document.sections) {
      const { lines = [] } = this.#found.get(section) ?? {};
      const first = firsts.get(section) ?? 0;
      for (const line of lines) if (line >= section.text.dropped) rows.push(first + line - section.text.dropped);
    }
    const count = rows.length;
    if (count === 0) return { ordinal: 0, count };
    const after = rows.findIndex((row) => (direction === 1 ? row > from : row >= from));
    const index = direction === -1 ? ((after === -1 ? count : after) - 1 + count) % count : Math.max(0, after);
    return { row: rows[index] ?? 0, ordinal: index + 1, count };
  }
}
