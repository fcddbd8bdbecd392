import * as z from "zod/mini";

/**
 * Logs of the session panel. A log is a document of rows that the extension holds and the page looks at: the page is told
 * how many rows there are and which have changed, and reads those that it shows. So a log of a million lines costs the page no
 * more than a screenful, and a flood no more than a number.
 */

/** The log of everything that the tools printed. Any other log is one terminal's, by its URI. */
export const WHOLE_LOG = "all";

/** 0..15 are the theme's own sixteen; the rest is `rgb(r,g,b)`. */
export type AnsiColor = number | string;

export interface AnsiStyle {
  readonly fg?: AnsiColor;
  readonly bg?: AnsiColor;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly inverse?: true;
  /** An https URL. */
  readonly link?: string;
}

export interface AnsiSpan {
  readonly text: string;
  readonly style: AnsiStyle;
}

export type LogRow =
  /** Begins the output of a tool call; only in the whole log. */
  | { readonly kind: "head"; readonly terminal: string; readonly title: string }
  | {
      readonly kind: "line";
      /** From 1, of its terminal. */
      readonly number: number;
      readonly spans: readonly AnsiSpan[];
      /** Characters at its end that are not shown; copies and files have them. */
      readonly more?: number;
    }
  | { readonly kind: "note"; readonly text: string };

/** `rows.splice(at, removed, <added rows>)`; a row that has changed is removed and added. */
export interface RowSplice {
  readonly at: number;
  readonly removed: number;
  readonly added: number;
}

/** How a log has changed since the page was last told. `splices` is absent when nothing of before holds. */
export interface LogChange {
  readonly type: "log";
  readonly log: string;
  /** Grows with each change that is told: rows that were read at another version are placed otherwise. */
  readonly version: number;
  readonly rows: number;
  readonly splices?: readonly RowSplice[];
  /** Output of earlier calls is still being fetched. */
  readonly isReading: boolean;
}

export interface FoundRow {
  /** Absent when nothing was found. */
  readonly row?: number;
  /** From 1, among `count`. */
  readonly ordinal: number;
  /** Lines that match. */
  readonly count: number;
}

const id = z.string().check(z.minLength(1), z.maxLength(2_000));
const row = z.int().check(z.minimum(0));
const log = { log: id };

/** Most rows that one answer brings. */
export const MAX_LOG_ROWS = 400;

/** Only logs of terminals that the conversation names are opened. */
export const LogMethods = {
  /** Hear of a log, or stop doing so. */
  followLog: z.object(log),
  leaveLog: z.object(log),
  /** Rows `from` to before `to`, at most `MAX_LOG_ROWS`. */
  readLog: z.object({ ...log, from: row, to: row }),
  /** The next line with this text after or before a row, around the end; with direction 0 the row itself counts. */
  findLog: z.object({
    ...log,
    text: z.string().check(z.minLength(1), z.maxLength(1_000)),
    matchCase: z.boolean(),
    from: row,
    direction: z.union([z.literal(1), z.literal(-1), z.literal(0)]),
  }),
  /** Where the output of a terminal begins in the whole log. */
  locateLog: z.object({ terminal: id }),
  /** To the clipboard: rows `from` to before `to`, or all. */
  copyLog: z.object({ ...log, from: z.optional(row), to: z.optional(row) }),
  /** To a file that the person chooses. */
  saveLog: z.object(log),
  /** A terminal's output as a document in the editor; `isRaw` for every control that was printed, spelled out. */
  openLog: z.object({ terminal: id, isRaw: z.optional(z.boolean()) }),
} as const;

export interface LogResults {
  /** As far as the page has been told of them: what has changed since comes with the next change. */
  readLog: { readonly version: number; readonly rows: readonly LogRow[] };
  findLog: FoundRow;
  locateLog: { readonly row?: number };
}
