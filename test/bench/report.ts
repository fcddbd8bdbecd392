import type { Measure } from "./measure.ts";

/** The report for programs: one line. */
export function jsonLine(name: string, measures: readonly Measure[]): string {
  return JSON.stringify({ name, measures });
}

/** The report for people. */
export function table(measures: readonly Measure[]): string {
  const header = ["what", "ours", "peer", "ratio", "goal", "met"];
  const rows = measures.map(({ what, ours, peer, ratio, goal, met }) => [
    what,
    String(ours),
    String(peer),
    ratio.toFixed(2),
    goal,
    met ? "yes" : "NO",
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
