/**
 * Side-by-side measurements; docs/benchmarks.md says what each of them means.
 *
 *     npm run bench -- wire|host|editor|review [PART ...] [--quick] [--json]
 *
 * Prints a table, with `--json` one line instead. What was left out and why goes to standard error. Exits 0 when all
 * was measured, whatever the numbers say, 1 when a part broke off, and 2 when asked for something that there is not.
 */
import { parseArgs } from "node:util";
import { standInForVscode } from "../support/vscodeStandIn.ts";
import { jsonLine, table } from "./report.ts";
import { runSuite, type Suite } from "./suite.ts";

// Parts of the extension are measured in this process.
standInForVscode();

const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  wire: async () => (await import("./wire/wire.ts")).wire,
  host: async () => (await import("./host/host.ts")).host,
  editor: async () => (await import("./editor/editor.ts")).editor,
  review: async () => (await import("./review/review.ts")).review,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const [name, ...parts] = positionals;
const suite = await Object.entries(suites).find(([known]) => known === name)?.[1]();
const unknown = parts.filter((part) => suite !== undefined && !Object.hasOwn(suite, part));

if (name === undefined || suite === undefined || unknown.length > 0) {
  console.error(complaint());
  process.exitCode = 2;
} else {
  const { measures, failed } = await runSuite(suite, parts, {
    scale: values.quick ? "quick" : "whole",
    note: (text) => console.error(text),
  });
  console.log(values.json ? jsonLine(name, measures) : table(measures));
  if (failed.length > 0) process.exitCode = 1;
}

function complaint(): string {
  if (suite !== undefined)
    return `${name} has no part ${unknown.join(", ")}. Its parts: ${Object.keys(suite).join(", ")}.`;
  return "Name a suite: npm run bench -- wire|host|editor|review [PART ...] [--quick] [--json]";
}
