/**
 * Folds a folder of protocol fixtures with our reducers and decodes its round-trip cases with our schemas.
 *
 *     npm run conformance -- DIR
 *
 * A reducer case is `{description, reducer, initial, actions, expected}`: `null`, `undefined` and absent are one, the
 * order of keys is nothing. A round-trip case is `{name, type, input, acceptableOutputs}`: here they differ. Exits 0 if
 * every case passed, 1 if one failed or there was none, 2 without a folder.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { runCase } from "./cases.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
  console.error(
    folder === undefined
      ? "Name the folder with the fixtures: npm run conformance -- DIR"
      : `No such folder: ${folder}`,
  );
  process.exit(2);
}

let passed = 0;
const failures: string[] = [];
const skips: string[] = [];
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
for (const name of files.toSorted()) {
  const outcome = runCase(readJson(join(folder, name)));
  const line = `${relative(folder, join(folder, name))}: ${outcome.detail}`;
  if (outcome.kind === "passed") passed++;
  else if (outcome.kind === "failed") failures.push(line);
  else if (outcome.kind === "skipped") skips.push(line);
}

for (const line of skips) console.log(`SKIPPED ${line}`);
for (const line of failures) console.log(`FAILED  ${line}`);
if (skips.length > 0) console.log(`${skips.length} SKIPPED: not counted as passed`);
if (passed + failures.length === 0) console.log(`No case found in ${folder}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return { reducer: `unreadable: ${String(error)}` };
  }
}
