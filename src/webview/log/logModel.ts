import { type ReadonlySignal, signal } from "@preact/signals";
import { type LogChange, type LogRow, MAX_LOG_ROWS, type RowSplice } from "../../protocol/panelLog.ts";

/** Rows that are kept around those that are shown. */
const maxKept = 3_000;
/** Rows that are read with those that are missing, so that a little scrolling asks for nothing. */
const ahead = 100;

export type ReadRows = (from: number, to: number) => Promise<{ version: number; rows: readonly LogRow[] }>;

/** The part of a log that the page has: how many rows there are, and some of them. */
export class LogModel {
  readonly #read: ReadRows;
  readonly #rows = signal(0);
  readonly #isReading = signal(true);
  /** Grows when rows have come or changed. */
  readonly #drawn = signal(0);
  /** Parts of the page that draw it. */
  followers = 0;
  #known = new Map<number, LogRow>();
  /** What stood where a row is missing: better than nothing until it has come. */
  #before = new Map<number, LogRow>();
  #version = 0;
  #isAsking = false;
  #wanted: readonly [number, number] = [0, 0];
  readonly #watchers = new Set<(splices: readonly RowSplice[] | undefined) => void>();

  constructor(read: ReadRows) {
    this.#read = read;
  }

  get rows(): ReadonlySignal<number> {
    return this.#rows;
  }

  get isReading(): ReadonlySignal<boolean> {
    return this.#isReading;
  }

  get drawn(): ReadonlySignal<number> {
    return this.#drawn;
  }

  row(index: number): LogRow | undefined {
    return this.#known.get(index) ?? this.#before.get(index);
  }

  /** Called before a change is drawn, so that a reader's place can be kept. Ends with the returned call. */
  watch(watcher: (splices: readonly RowSplice[] | undefined) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  apply({ version, rows, splices, isReading }: LogChange): void {
    this.#version = version;
    if (splices === undefined) {
      this.#before = this.#known;
      this.#known = new Map();
    } else for (const splice of splices) this.#splice(splice);
    for (const watcher of this.#watchers) watcher(splices);
    this.#rows.value = rows;
    this.#isReading.value = isReading;
    this.#drawn.value += 1;
    void this.#ask();
  }

  /** These rows are shown: what is missing of them is read. */
  want(from: number, to: number): void {
    this.#wanted = [from, to];
    void this.#ask();
  }

  #splice({ at, removed, added }: RowSplice): void {
    const known = new Map<number, LogRow>();
    const before = new Map<number, LogRow>();
    for (const [rows, target] of [
      [this.#before, before],
      [this.#known, known],
    ] as const) {
      for (const [index, row] of rows) {
        if (index < at) target.set(index, row);
        else if (index >= at + removed) target.set(index - removed + added, row);
        else if (index < at + added) before.set(index, row);
      }
    }
    this.#known = known;
    this.#before = before;
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    const [from, to] = this.#missing();
    if (from >= to) return;
    this.#isAsking = true;
    const asked = this.#version;
    const answer = await this.#read(from, to).catch(() => undefined);
    this.#isAsking = false;
    if (answer === undefined) return;
    const isCurrent = answer.version === this.#version;
    if (isCurrent) this.#keep(from, answer.rows);
    // Rows that have changed meanwhile come with a change, which asks again.
    if (isCurrent ? answer.rows.length > 0 : asked !== this.#version) void this.#ask();
  }

  #missing(): readonly [number, number] {
    const [first, last] = this.#wanted;
    const end = Math.min(last, this.#rows.peek());
    let from = first;
    while (from < end && this.#known.has(from)) from += 1;
    let to = end;
    while (to > from && this.#known.has(to - 1)) to -= 1;
    if (from >= to) return [0, 0];
    // What is read around is read where somebody is heading.
    return [
      Math.max(0, from - (from === first ? ahead : 0)),
      Math.min(this.#rows.peek(), to + ahead, from + MAX_LOG_ROWS - ahead),
    ];
  }

  #keep(from: number, rows: readonly LogRow[]): void {
    for (const [index, row] of rows.entries()) {
      this.#known.set(from + index, row);
      this.#before.delete(from + index);
    }
    const [first, last] = this.#wanted;
    if (this.#known.size > maxKept) {
      for (const index of this.#known.keys()) {
        if (index < first - maxKept / 4 || index > last + maxKept / 4) this.#known.delete(index);
      }
    }
    this.#drawn.value += 1;
  }
}
