import { lineEdits } from "../../../base/lineEdits.ts";

/** Lines of one version of a file, from 0, both in it, and what they say. */
export interface Anchor {
  readonly from: number;
  readonly to: number;
  /** The lines, with a line feed between them. */
  readonly quoted: string;
}

/**
 * Where an anchor is in another version. Unless it is `outdated`, these lines say what was quoted: `exact` at the same
 * numbers, `moved` at others. `outdated` lines are those that stand where the quoted ones were.
 */
export interface Placement {
  readonly kind: "exact" | "moved" | "outdated";
  readonly from: number;
  readonly to: number;
}

/** Lines of context on either side that tell one of several equal places from another. */
const contextLines = 3;

/** As an editor counts lines. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/);
}

/** The lines of a text, clamped to those that there are. */
export function anchorAt(text: string, from: number, to: number): Anchor {
  const lines = linesOf(text);
  const last = Math.min(Math.max(to, 0), lines.length - 1);
  const first = Math.min(Math.max(from, 0), last);
  return { from: first, to: last, quoted: lines.slice(first, last + 1).join("\n") };
}

/**
 * Finds an anchor again.
 * @param before the version that it was made on; `undefined` when it is kept nowhere: then the quoted text is all there is
 */
export function placeAnchor(anchor: Anchor, before: string | undefined, after: string): Placement {
  const quoted = linesOf(anchor.quoted);
  const lines = linesOf(after);
  if (before === undefined) return search(anchor, quoted, undefined, lines, anchor.from) ?? outdated(anchor, lines);
  const old = linesOf(before);
  const map = lineMap(old, lines);
  const start = map[anchor.from];
  const isWhole = start !== undefined && quoted.every((_, index) => map[anchor.from + index] === start + index);
  if (isWhole && says(lines, start, quoted)) return placed(anchor, start);
  const expected = followed(map, anchor.from);
  return search(anchor, quoted, old, lines, expected) ?? outdated({ ...anchor, ...moved(anchor, expected) }, lines);
}

/** The number of each line of the first text in the second; a hole where it is gone. */
function lineMap(before: readonly string[], after: readonly string[]): readonly (number | undefined)[] {
  const map: (number | undefined)[] = Array.from({ length: before.length });
  let [old, present] = [0, 0];
  for (const { kind } of lineEdits(before, after)) {
    if (kind === " ") map[old] = present;
    if (kind !== "+") old += 1;
    if (kind !== "-") present += 1;
  }
  return map;
}

/** Behind the last line before `line` that is still there. */
function followed(map: readonly (number | undefined)[], line: number): number {
  for (let above = line - 1; above >= 0; above--) {
    const present = map[above];
    if (present !== undefined) return present + 1;
  }
  return 0;
}

/** The quoted lines wherever they are: the place whose surroundings are the same, else the nearest. */
function search(
  anchor: Anchor,
  quoted: readonly string[],
  old: readonly string[] | undefined,
  lines: readonly string[],
  expected: number,
): Placement | undefined {
  const found: { at: number; context: number }[] = [];
  for (let at = 0; at + quoted.length <= lines.length; at++) {
    if (says(lines, at, quoted)) found.push({ at, context: old ? contextOf(anchor, old, lines, at) : 0 });
  }
  const [best] = found.toSorted(
    (a, b) => b.context - a.context || Math.abs(a.at - expected) - Math.abs(b.at - expected),
  );
  if (best === undefined) return undefined;
  // A lone bracket is found in many a place that has nothing to do with the comment.
  const isTelling = quoted.length > 1 || (found.length === 1 && /\w{3}/.test(anchor.quoted));
  return best.context > 0 || isTelling ? placed(anchor, best.at) : undefined;
}

function says(lines: readonly string[], at: number, quoted: readonly string[]): boolean {
  return quoted.every((line, index) => lines[at + index] === line);
}

/** How many lines next to the place are those next to the anchor. */
function contextOf({ from, to }: Anchor, old: readonly string[], lines: readonly string[], at: number): number {
  const end = at + (to - from);
  let same = 0;
  for (let step = 1; step <= contextLines && isSame(old[from - step], lines[at - step]); step++) same += 1;
  for (let step = 1; step <= contextLines && isSame(old[to + step], lines[end + step]); step++) same += 1;
  return same;
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a === b;
}

function placed(anchor: Anchor, from: number): Placement {
  return { kind: from === anchor.from ? "exact" : "moved", from, to: from + (anchor.to - anchor.from) };
}

function moved(anchor: Anchor, from: number): { from: number; to: number } {
  return { from, to: from + (anchor.to - anchor.from) };
}

function outdated({ from, to }: Pick<Anchor, "from" | "to">, lines: readonly string[]): Placement {
  const last = Math.max(0, lines.length - 1);
  return { kind: "outdated", from: Math.min(from, last), to: Math.min(to, last) };
}
