import type { DiffHunk, DiffLine, LineDiff } from "../../protocol/panel.ts";

/** Lines of context around a change. */
const context = 3;
/** More differences than this are not worth the search: everything between the first and the last is then replaced. */
const maxDistance = 1_000;
const maxShownLines = 500;
const maxLineChars = 1_000;

/** What differs between two texts, line by line, with a little of what is around it. */
export function diffLines(before: string, after: string): LineDiff {
  const lines = compare(linesOf(before), linesOf(after));
  const hunks = toHunks(lines);
  const shown: DiffHunk[] = [];
  let room = maxShownLines;
  for (const hunk of hunks) {
    if (room <= 0) break;
    shown.push({ ...hunk, lines: hunk.lines.slice(0, room) });
    room -= hunk.lines.length;
  }
  const left = hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0) - maxShownLines;
  const more = left > 0 ? `${left.toLocaleString("en")} more lines: open the diff in the editor.` : undefined;
  return { hunks: shown, note: hunks.length === 0 ? "The text is the same." : more };
}

/** A last line without a line feed is a line; nothing is no line. */
function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** All lines of both, in order: Myers' shortest edit script between the first and the last difference. */
function compare(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let ends = 0;
  const most = Math.min(before.length, after.length) - start;
  while (ends < most && before[before.length - 1 - ends] === after[after.length - 1 - ends]) ends += 1;
  return [
    ...before.slice(0, start).map((text) => line(" ", text)),
    ...script(before.slice(start, before.length - ends), after.slice(start, after.length - ends)),
    ...before.slice(before.length - ends).map((text) => line(" ", text)),
  ];
}

function line(kind: DiffLine["kind"], text: string): DiffLine {
  return { kind, text: text.length > maxLineChars ? `${text.slice(0, maxLineChars)}…` : text };
}

function script(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const trace = furthest(before, after);
  if (trace === undefined) {
    return [...before.map((text) => line("-", text)), ...after.map((text) => line("+", text))];
  }
  const lines: DiffLine[] = [];
  let x = before.length;
  let y = after.length;
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const k = x - y;
    const isAdded = isDown(trace[distance - 1], distance, k);
    const fromX = distance === 0 ? 0 : reach(trace[distance - 1], distance - 1, isAdded ? k + 1 : k - 1);
    const fromY = distance === 0 ? 0 : fromX - (isAdded ? k + 1 : k - 1);
    while (x > fromX && y > fromY) {
      lines.push(line(" ", before[--x] ?? ""));
      y -= 1;
    }
    if (distance === 0) break;
    if (isAdded) lines.push(line("+", after[--y] ?? ""));
    else lines.push(line("-", before[--x] ?? ""));
  }
  return lines.toReversed();
}

/** For each number of differences how far each diagonal comes with them; `undefined` when they are too many. */
function furthest(before: readonly string[], after: readonly string[]): readonly Int32Array[] | undefined {
  const trace: Int32Array[] = [];
  for (let distance = 0; distance <= Math.min(maxDistance, before.length + after.length); distance++) {
    const ends = new Int32Array(distance + 1);
    const previous = trace.at(-1);
    trace.push(ends);
    for (let k = -distance; k <= distance; k += 2) {
      let x = 0;
      if (distance > 0) {
        x = isDown(previous, distance, k)
          ? reach(previous, distance - 1, k + 1)
          : reach(previous, distance - 1, k - 1) + 1;
      }
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x += 1;
      ends[(k + distance) / 2] = x;
      if (x >= before.length && x - k >= after.length) return trace;
    }
  }
  return undefined;
}

/** Whether the best way to a diagonal adds a line, rather than removes one. */
function isDown(previous: Int32Array | undefined, distance: number, k: number): boolean {
  if (k === -distance) return true;
  return k !== distance && reach(previous, distance - 1, k - 1) < reach(previous, distance - 1, k + 1);
}

function reach(ends: Int32Array | undefined, distance: number, k: number): number {
  return ends?.[(k + distance) / 2] ?? 0;
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
