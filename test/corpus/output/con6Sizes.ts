import { type Entries, isFull } from "./entries.ts";

/** A sixteenth of what is large is tried at every run, and all of it with MUSTER_OUTPUT=full. */
const part = isFull ? 1 : 1 / 16;
const megabyte = 1024 * 1024 * part;

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

/** CON-6: outputs that are only large, made when they are wanted. */
export const con6: Entries<() => string> = {
  "line of 20 MB": () => "x".repeat(20 * megabyte),
  "line of 20 MB of colours": () => "\u001b[31mred".repeat((20 * megabyte) / 8),
  "line of 5 MB that is written over": () => "10%\r".repeat(1_250_000 * part),
  "million lines": () => lines(1_000_000 * part, (index) => `line ${index}`),
  "million empty lines": () => "\n".repeat(1_000_000 * part),
  "quote ten thousand deep": () => `${">".repeat(10_000)} deep`,
  "quote ten thousand deep, by blanks": () => `${"> ".repeat(10_000)}deep`,
  "list ten thousand deep": () => lines(10_000, (index) => `${" ".repeat(index % 400)}- deep`),
  "brackets ten thousand deep": () => `${"[".repeat(10_000)}x${"]".repeat(10_000)}`,
  "emphasis without an end": () => "*a **b ".repeat(20_000),
  "table of 500 by 200": () =>
    ["|a".repeat(200), "|-".repeat(200), ...Array.from({ length: 500 }, () => "|1".repeat(200))].join("\n"),
  "links that open each other": () => "[a](".repeat(40_000),
  "backticks of every length": () => lines(600, (index) => "`".repeat(index)),
  entities: () => "&#x41;".repeat(30_000),
  "fifty megabytes of base64": () => "iVBORw0KGgoAAAANSUhEUgAA".repeat((50 * megabyte) / 24),
  "JSON ten thousand deep": () => `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
  "megabyte of what is not seen": () => "\u200b".repeat(megabyte),
  "megabyte of marks on one letter": () => `a${"\u0301".repeat(megabyte)}`,
  "megabyte of one sequence": () => `before\u001b]52;c;${"A".repeat(megabyte)}\u0007after`,
  "megabyte of escapes": () => "\u001b".repeat(megabyte),
};

/** Tool calls of one turn. */
export const manyToolCalls = 100_000;
