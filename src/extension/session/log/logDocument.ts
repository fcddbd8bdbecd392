import type { LogRow, RowSplice } from "../../../protocol/panelLog.ts";
import { LogText } from "./logText.ts";

/** The output of one terminal within a log. */
export class LogSection {
  readonly terminal: string;
  readonly text = new LogText();
  /** Lines from here on are not as the page was told. */
  changedFrom = Number.POSITIVE_INFINITY;
  /** Lines that were dropped at the start since the page was told. */
  droppedSince = 0;
  /** What the page was told of it; `undefined` for nothing yet. */
  told: { note: string | undefined; lines: number } | undefined;
  title: string;
  /** Says what there is instead of lines, or that some of them were left out. */
  note: string | undefined;

  constructor(terminal: string, title: string) {
    this.terminal = terminal;
    this.title = title;
  }

  append(data: string): void {
    this.changedFrom = Math.min(this.changedFrom, this.text.settledLines);
    this.text.append(data);
  }

  clear(): void {
    this.text.clear();
    this.changedFrom = 0;
    this.droppedSince = 0;
  }

  dropOldest(count: number): number {
    const gone = this.text.dropOldest(count);
    this.droppedSince += gone;
    this.changedFrom = Math.max(0, this.changedFrom - gone);
    return gone;
  }
}

interface Place {
  readonly section: LogSection;
  /** Row of its first line, and of its very first row. */
  readonly lines: number;
  readonly start: number;
}

/**
 * The rows of a log: for each terminal a head (where there are several), a note if there is something to say, and its lines.
 * What the page has to be told of changes is worked out when it is told, so that a flood costs the same as a drop.
 */
export class LogDocument {
  readonly #hasHeads: boolean;
  #sections: readonly LogSection[] = [];
  /** Something else than the sections' own changes: nothing that the page was told holds. */
  #isReset = true;

  constructor(hasHeads: boolean) {
    this.#hasHeads = hasHeads;
  }

  get sections(): readonly LogSection[] {
    return this.#sections;
  }

  /** In their order. Those that were there before keep it. */
  setSections(sections: readonly LogSection[]): void {
    const kept = new Set(sections);
    const before = this.#sections.filter((section) => kept.has(section));
    const after = sections.filter((section) => this.#sections.includes(section));
    const isExtended = before.length === this.#sections.length && before.every((each, index) => each === after[index]);
    if (!isExtended) this.#isReset = true;
    this.#sections = sections;
  }

  /** The page knows nothing any more. */
  reset(): void {
    this.#isReset = true;
  }

  get rows(): number {
    return this.#sections.reduce((sum, section) => sum + this.#rowsOf(section), 0);
  }

  get lines(): number {
    return this.#sections.reduce((sum, { text }) => sum + text.lineCount, 0);
  }

  /** Rows before this one are as the page was told. */
  toldRows(): number {
    if (this.#isReset) return 0;
    for (const { section, start, lines } of this.#places()) {
      const { told, note, changedFrom, droppedSince, text } = section;
      if (told === undefined || told.note !== note || droppedSince > 0) return start;
      const same = Math.min(changedFrom, told.lines, text.lineCount);
      if (same < told.lines || same < text.lineCount) return lines + same;
    }
    return this.rows;
  }

  /** What has changed since this was last asked; `undefined` when nothing of before holds. Empty for nothing. */
  takeSplices(): readonly RowSplice[] | undefined {
    const splices: RowSplice[] = [];
    const wasReset = this.#isReset;
    this.#isReset = false;
    let at = 0;
    for (const section of this.#sections) {
      this.#takeSection(section, at, splices);
      at += this.#rowsOf(section);
    }
    return wasReset ? undefined : splices;
  }

  #takeSection(section: LogSection, at: number, splices: RowSplice[]): void {
    const { told, note, text } = section;
    const lines = text.lineCount;
    section.told = { note, lines };
    const { changedFrom, droppedSince } = section;
    section.changedFrom = Number.POSITIVE_INFINITY;
    section.droppedSince = 0;
    if (told === undefined) {
      splices.push({ at, removed: 0, added: this.#rowsOf(section) });
      return;
    }
    const noteAt = at + (this.#hasHeads ? 1 : 0);
    if (told.note !== note) {
      splices.push({ at: noteAt, removed: told.note === undefined ? 0 : 1, added: note === undefined ? 0 : 1 });
    }
    const first = noteAt + (note === undefined ? 0 : 1);
    const gone = Math.min(droppedSince, told.lines);
    if (gone > 0) splices.push({ at: first, removed: gone, added: 0 });
    const left = told.lines - gone;
    const same = Math.min(changedFrom, left, lines);
    if (left > same || lines > same) splices.push({ at: first + same, removed: left - same, added: lines - same });
  }

  /** Rows `from` to before `to`, as far as there are such. */
  read(from: number, to: number): LogRow[] {
    const rows: LogRow[] = [];
    for (const { section, start, lines } of this.#places()) {
      if (start >= to) break;
      const end = lines + section.text.lineCount;
      for (let row = Math.max(from, start); row < Math.min(to, end); row++) {
        if (row >= lines) rows.push(lineOf(section, row - lines));
        else if (this.#hasHeads && row === start) {
          rows.push({ kind: "head", terminal: section.terminal, title: section.title });
        } else rows.push({ kind: "note", text: section.note ?? "" });
      }
    }
    return rows;
  }

  /** Where the terminal's output begins. */
  rowOf(terminal: string): number | undefined {
    for (const { section, start } of this.#places()) if (section.terminal === terminal) return start;
    return undefined;
  }

  /** The row of a section's line, as rows are at this moment. */
  firstLines(): ReadonlyMap<LogSection, number> {
    return new Map(Array.from(this.#places(), ({ section, lines }) => [section, lines]));
  }

  /** The text of rows `from` to before `to`, with the names of the terminals where there are several. */
  *plainText(from: number, to: number): Generator<string, void, undefined> {
    for (const { section, start, lines } of this.#places()) {
      if (start >= to) return;
      if (this.#hasHeads && from <= start) yield `${start === 0 ? "" : "\n"}── ${section.title}\n`;
      const first = Math.max(0, from - lines);
      const end = Math.min(section.text.lineCount, to - lines);
      if (section.note !== undefined && from < lines && to > lines - 1) yield `[${section.note}]\n`;
      if (first < end) yield* section.text.plainText(first, end);
    }
  }

  *#places(): Generator<Place, void, undefined> {
    let start = 0;
    for (const section of this.#sections) {
      const rows = this.#rowsOf(section);
      yield { section, start, lines: start + rows - section.text.lineCount };
      start += rows;
    }
  }

  #rowsOf({ note, text }: LogSection): number {
    return (this.#hasHeads ? 1 : 0) + (note === undefined ? 0 : 1) + text.lineCount;
  }
}

function lineOf({ text }: LogSection, index: number): LogRow {
  const { spans, more } = text.line(index);
  return { kind: "line", number: text.dropped + index + 1, spans, ...(more > 0 && { more }) };
}
