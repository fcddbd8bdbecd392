import { createHash } from "node:crypto";

/**
 * Changes of lines against one base text. Texts are strings of bytes (`latin1`), so that nothing is lost of a file in any
 * encoding; lines keep their ends.
 */
export interface LineHunk {
  /** How many lines of the base stand before it. */
  readonly at: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** With the line ends; the last one may have none. */
export function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** The same for the same change of a file at the same place. */
export function hunkId({ at, removed, added }: LineHunk): string {
  const hash = createHash("sha256").update(JSON.stringify([at, removed, added]));
  return `${at}-${hash.digest("hex").slice(0, 16)}`;
}

/** A hunk that somebody picked. `from` says whose it is. */
export interface PickedHunk<From> {
  readonly from: From;
  readonly hunk: LineHunk;
}

export interface HunkProblem<From> extends PickedHunk<From> {
  readonly kind: "otherText" | "overlaps" | "lineEnd";
  /** Whose hunk it meets. */
  readonly other?: From;
}

/**
 * The base with the picked hunks and nothing else, or why some of them do not apply: the base has other lines there, two
 * of them replace the same lines or insert at the same place, or one ends the file where another goes on. The same hunk
 * from two sources counts once.
 */
export function applyHunks<From>(
  base: readonly string[],
  picked: readonly PickedHunk<From>[],
): { readonly text: string; readonly problems: readonly HunkProblem<From>[] } {
  const problems: HunkProblem<From>[] = [];
  const sorted = picked.toSorted((a, b) => a.hunk.at - b.hunk.at || a.hunk.removed.length - b.hunk.removed.length);
  const lines: string[] = [];
  let next = 0;
  let last: PickedHunk<From> | undefined;
  for (const each of sorted) {
    const { at, removed, added } = each.hunk;
    if (last !== undefined && hunkId(last.hunk) === hunkId(each.hunk)) continue;
    const isTwiceHere = last?.hunk.at === at && last.hunk.removed.length === 0 && removed.length === 0;
    if (last !== undefined && (at < next || isTwiceHere)) {
      problems.push({ ...each, kind: "overlaps", other: last.from });
      continue;
    }
    if (at > base.length || removed.some((line, index) => base[at + index] !== line)) {
      problems.push({ ...each, kind: "otherText" });
      continue;
    }
    lines.push(...base.slice(next, at), ...added);
    next = at + removed.length;
    last = each;
  }
  lines.push(...base.slice(next));
  const open = lines.findIndex((line, index) => index < lines.length - 1 && !line.endsWith("\n"));
  const ender =
    open === -1 ? undefined : (sorted.find(({ hunk }) => hunk.added.at(-1) === lines[open]) ?? sorted.at(-1));
  if (ender !== undefined) problems.push({ ...ender, kind: "lineEnd" });
  return { text: lines.join(""), problems };
}

/**
 * Reads what `diff-tree -p -U0` says of one file, as bytes. Undefined when it is no change of text lines.
 * @param section from its `diff --git` line to the next file's
 */
export function parseFileHunks(section: string): readonly LineHunk[] | undefined {
  const lines = linesOf(section);
  const hunks: LineHunk[] = [];
  let at = lines.findIndex((line) => line.startsWith("@@ "));
  if (at === -1) return lines.some((line) => line.startsWith("Binary files ")) ? undefined : [];
  while (at < lines.length) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(lines[at] ?? "");
    if (header === null) return undefined;
    at += 1;
    const [, start = "", oldCount = "1", , newCount = "1"] = header;
    const removed = takeLines(lines, at, "-", Number(oldCount));
    const added = removed && takeLines(lines, removed.end, "+", Number(newCount));
    if (removed === undefined || added === undefined) return undefined;
    hunks.push({
      at: Number(oldCount) === 0 ? Number(start) : Number(start) - 1,
      removed: removed.taken,
      added: added.taken,
    });
    at = added.end;
  }
  return hunks;
}

function takeLines(lines: readonly string[], from: number, sign: string, count: number) {
  const taken: string[] = [];
  let at = from;
  for (; taken.length < count; at += 1) {
    const line = lines[at];
    if (line === undefined || !line.startsWith(sign)) return undefined;
    taken.push(line.slice(1));
  }
  // Of the last line of a file only, and only if it has no end.
  if (lines[at]?.startsWith("\\ ") === true) {
    taken.push((taken.pop() ?? "").replace(/\n$/, ""));
    at += 1;
  }
  return { taken, end: at };
}

/** Each file's part of a patch, in the patch's order: counted by the hunks, so that no line of a file looks like a header. */
export function splitPatch(patch: string): readonly string[] {
  const sections: string[] = [];
  let start = -1;
  let left = 0;
  let at = 0;
  for (const line of linesOf(patch)) {
    const [, , oldCount, , newCount] = left > 0 ? [] : (/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []);
    if (left > 0) left -= line.startsWith("\\ ") ? 0 : 1;
    else if (line.startsWith("@@ ")) left = Number(oldCount ?? 1) + Number(newCount ?? 1);
    else if (line.startsWith("diff --git ")) {
      if (start !== -1) sections.push(patch.slice(start, at));
      start = at;
    }
    at += line.length;
  }
  if (start !== -1) sections.push(patch.slice(start));
  return sections;
}
