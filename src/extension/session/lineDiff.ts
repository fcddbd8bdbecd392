import * as vscode from "vscode";
import { lineEdits } from "../../base/lineEdits.ts";
import type { DiffHunk, DiffLine, LineDiff } from "../../protocol/panel.ts";

/** Lines of context around a change. */
const context = 3;
const maxShownLines = 500;
const maxLineChars = 1_000;

/** What differs between two texts, line by line, with a little of what is around it. */
export function diffLines(before: string, after: string): LineDiff {
  const lines = lineEdits(linesOf(before), linesOf(after)).map(cut);
  const hunks = toHunks(lines);
  const shown: DiffHunk[] = [];
  let room = maxShownLines;
  for (const hunk of hunks) {
    if (room <= 0) break;
    shown.push({ ...hunk, lines: hunk.lines.slice(0, room) });
    room -= hunk.lines.length;
  }
  const left = hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0) - maxShownLines;
  const more =
    left > 0 ? vscode.l10n.t("{0} more lines: open the diff in the editor.", left.toLocaleString("en")) : undefined;
  return { hunks: shown, note: hunks.length === 0 ? vscode.l10n.t("The text is the same.") : more };
}

/** A last line without a line feed is a line; nothing is no line. */
function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function cut({ kind, text }: DiffLine): DiffLine {
  return { kind, text: text.length > maxLineChars ? `${text.slice(0, maxLineChars)}…` : text };
}

function toHunks(lines: readonly DiffLine[]): readonly DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let before = 1;
  let after = 1;
  let open: { before: number; after: number; from: number } | undefined;
  let lastChange = Number.NEGATIVE_INFINITY;
  for (const [index, { kind }] of lines.entries()) {
    if (open !== undefined && index > lastChange + 2 * context) {
      hunks.push({ before: open.before, after: open.after, lines: lines.slice(open.from, lastChange + context + 1) });
      open = undefined;
    }
    if (kind !== " ") {
      const back = Math.min(context, index, before - 1, after - 1);
      open ??= { before: before - back, after: after - back, from: index - back };
      lastChange = index;
    }
    if (kind !== "+") before += 1;
    if (kind !== "-") after += 1;
  }
  if (open !== undefined) {
    hunks.push({ before: open.before, after: open.after, lines: lines.slice(open.from, lastChange + context + 1) });
  }
  return hunks;
}
