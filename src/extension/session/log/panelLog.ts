import * as vscode from "vscode";
import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposables.ts";
import type { ChannelHandle } from "../../../client/client.ts";
import { type FoundRow, type LogChange, type LogRow, MAX_LOG_ROWS } from "../../../protocol/panelLog.ts";
import type { TerminalState } from "../../../protocol/terminal.ts";
import { sentenceOf } from "../../platform/presentError.ts";
import { LogDocument, LogSection } from "./logDocument.ts";
import { LogSearch } from "./logSearch.ts";
import { TerminalFeed } from "./terminalFeed.ts";

/** A terminal that the conversation names. */
export interface NamedTerminal {
  readonly uri: string;
  readonly title: string;
  /** Its tool call is over. */
  readonly isDone: boolean;
}

export interface PanelLogOptions {
  readonly log: string;
  /** Several terminals, each with a head. */
  readonly hasHeads: boolean;
  readonly open: (terminal: string) => ChannelHandle<TerminalState> | undefined;
  readonly clock: Clock;
  /** There is something to tell: `takeChange` says what. */
  readonly onChange: () => void;
}

/** What a log holds at most; beyond it the oldest output is left out, and the log says so. */
export const logLimits = { lines: 1_000_000, chars: 128 * 1024 * 1024 };

/** Terminals that are fetched at one time, and in all. */
const concurrency = 4;
const maxTerminals = 500;
const budgetMs = 6;
const tooFarBack = vscode.l10n.t("Too far back to be loaded here: open it in the editor");

/** One log as long as the page looks at it: its terminals are fetched, the latest first, and those that still print followed. */
export class PanelLog implements Disposable {
  readonly #options: PanelLogOptions;
  readonly #document: LogDocument;
  readonly #feeds = new Map<LogSection, TerminalFeed>();
  readonly #done = new Set<LogSection>();
  #terminals: readonly NamedTerminal[] = [];
  #search: { readonly key: string; readonly search: LogSearch } | undefined;
  #isDisposed = false;
  #version = 0;

  constructor(options: PanelLogOptions) {
    this.#options = options;
    this.#document = new LogDocument(options.hasHeads);
  }

  /** The terminals in the order of their calls. */
  setTerminals(terminals: readonly NamedTerminal[]): void {
    this.#terminals = terminals;
    const known = new Map(this.#document.sections.map((section) => [section.terminal, section]));
    const sections = terminals.map(({ uri, title }) => known.get(uri) ?? new LogSection(uri, title));
    for (const section of this.#document.sections) if (!sections.includes(section)) this.#release(section);
    this.#document.setSections(sections);
    this.#advance();
  }

  /** As the page is to be told, once. */
  takeChange(): LogChange {
    const splices = this.#document.takeSplices();
    const isReading = this.#document.sections.some(
      (section) => section.note !== tooFarBack && !this.#done.has(section) && !this.#isRead(section),
    );
    this.#version += 1;
    const { log } = this.#options;
    return {
      type: "log",
      log,
      version: this.#version,
      rows: this.#document.rows,
      ...(splices && { splices }),
      isReading,
    };
  }

  /** The page has started over. */
  reset(): void {
    this.#document.reset();
    this.#options.onChange();
  }

  read(from: number, to: number): { version: number; rows: LogRow[] } {
    const end = Math.min(to, from + MAX_LOG_ROWS, this.#document.toldRows());
    return { version: this.#version, rows: end > from ? this.#document.read(from, end) : [] };
  }

  rowOf(terminal: string): number | undefined {
    return this.#document.rowOf(terminal);
  }

  /** The text of some rows, or of all. Long texts come in portions. */
  text(from = 0, to = Number.POSITIVE_INFINITY): Generator<string, void, undefined> {
    return this.#document.plainText(from, to);
  }

  /** A later search ends an earlier one, which then answers with what it has. */
  async find(text: string, matchCase: boolean, from: number, direction: 1 | -1 | 0): Promise<FoundRow> {
    const key = `${matchCase}:${text}`;
    if (this.#search?.key !== key) this.#search = { key, search: new LogSearch(this.#document, text, matchCase) };
    const { search } = this.#search;
    const { clock } = this.#options;
    let untilMs = clock.elapsed() + budgetMs;
    for (const _ of search.scan()) {
      if (this.#isDisposed || this.#search?.key !== key) break;
      if (clock.elapsed() < untilMs) continue;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 0));
      untilMs = clock.elapsed() + budgetMs;
    }
    return search.next(from, direction);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const feed of this.#feeds.values()) feed.dispose();
    this.#feeds.clear();
  }

  #isRead(section: LogSection): boolean {
    return this.#feeds.get(section)?.isRead ?? false;
  }

  #release(section: LogSection): void {
    this.#feeds.get(section)?.dispose();
    this.#feeds.delete(section);
    this.#done.delete(section);
  }

  /** Fetches what is missing, lets go of what is over, and keeps within the limits. */
  #advance(): void {
    if (this.#isDisposed) return;
    const { sections } = this.#document;
    let reading = 0;
    for (const [section, feed] of this.#feeds) {
      if (!feed.isRead) reading += 1;
      else if (feed.isOver) {
        this.#done.add(section);
        section.note = feed.error && sentenceOf(feed.error, vscode.l10n.t);
        feed.dispose();
        this.#feeds.delete(section);
      }
    }
    const oldest = Math.max(0, sections.length - maxTerminals);
    for (let at = sections.length - 1; at >= oldest && reading < concurrency; at--) {
      const section = sections[at];
      if (section === undefined || this.#done.has(section) || this.#feeds.has(section)) continue;
      if (this.#follow(section)) reading += 1;
    }
    this.#trim();
    for (const [index, section] of sections.entries())
      section.note = index < oldest ? tooFarBack : this.#noteOf(section, this.#terminals[index]);
    this.#options.onChange();
  }

  /** True while it is being fetched. */
  #follow(section: LogSection): boolean {
    const handle = this.#options.open(section.terminal);
    if (handle === undefined) return false;
    let isMade = false;
    const feed = new TerminalFeed(handle, section, this.#options.clock, () => isMade && this.#advance());
    isMade = true;
    this.#feeds.set(section, feed);
    return !feed.isRead;
  }

  /** The oldest output goes first: lines of it where there are many, else all that a terminal printed. */
  #trim(): void {
    const { sections } = this.#document;
    let lines = this.#document.lines;
    let chars = sections.reduce((sum, { text }) => sum + text.chars, 0);
    for (const section of sections) {
      if (lines <= logLimits.lines && chars <= logLimits.chars) return;
      const before = section.text.chars;
      const lineChars = Math.max(1, before / Math.max(1, section.text.lineCount));
      const excess = Math.max(lines - logLimits.lines, Math.ceil((chars - logLimits.chars) / lineChars));
      lines -= section.dropOldest(excess);
      chars -= before - section.text.chars;
    }
  }

  #noteOf(section: LogSection, terminal: NamedTerminal | undefined): string | undefined {
    const { text, note } = section;
    if (text.dropped > 0) return vscode.l10n.t("{0} earlier lines were left out", text.dropped.toLocaleString("en"));
    if (text.lineCount > 0) return undefined;
    if (this.#done.has(section)) return note ?? vscode.l10n.t("It printed nothing");
    if (!this.#isRead(section)) return vscode.l10n.t("Loading the output");
    return terminal?.isDone === true ? vscode.l10n.t("It printed nothing") : vscode.l10n.t("No output yet");
  }
}
