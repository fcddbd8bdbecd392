/** A line of both texts (" "), of the first only ("-") or of the second only ("+"). */
export interface LineEdit {
  readonly kind: " " | "-" | "+";
  readonly text: string;
}

/** More differences than this are not worth the search: everything between the first and the last is then replaced. */
const maxDistance = 1_000;

/** All lines of both, in order: Myers' shortest edit script between the first and the last difference. */
export function lineEdits(before: readonly string[], after: readonly string[]): readonly LineEdit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let ends = 0;
  const most = Math.min(before.length, after.length) - start;
  while (ends < most && before[before.length - 1 - ends] === after[after.length - 1 - ends]) ends += 1;
  return [
    ...before.slice(0, start).map((text) => edit(" ", text)),
    ...script(before.slice(start, before.length - ends), after.slice(start, after.length - ends)),
    ...before.slice(before.length - ends).map((text) => edit(" ", text)),
  ];
}

function edit(kind: LineEdit["kind"], text: string): LineEdit {
  return { kind, text };
}

function script(before: readonly string[], after: readonly string[]): readonly LineEdit[] {
  const trace = furthest(before, after);
  if (trace === undefined) {
    return [...before.map((text) => edit("-", text)), ...after.map((text) => edit("+", text))];
  }
  const lines: LineEdit[] = [];
  let x = before.length;
  let y = after.length;
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const k = x - y;
    const isAdded = isDown(trace[distance - 1], distance, k);
    const fromX = distance === 0 ? 0 : reach(trace[distance - 1], distance - 1, isAdded ? k + 1 : k - 1);
    const fromY = distance === 0 ? 0 : fromX - (isAdded ? k + 1 : k - 1);
    while (x > fromX && y > fromY) {
      lines.push(edit(" ", before[--x] ?? ""));
      y -= 1;
    }
    if (distance === 0) break;
    if (isAdded) lines.push(edit("+", after[--y] ?? ""));
    else lines.push(edit("-", before[--x] ?? ""));
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
