/**
 * `node test/workbench/run.ts [--grep TEXT] [--suite TITLE]...`: drives a real VS Code as a person would, against a real host process with
 * the sample agent and a GitHub on loopback. Pictures go to test-results/*.png, logs to test-results/logs.
 * Ends with `N passed, N failed, N skipped`; exit code 0 all passed, 1 a test failed, 2 the run itself broke.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runMocha } from "../support/vscode/mochaRun.ts";
import { outputDir, takePictures } from "./scene.ts";

const { values: options } = parseArgs({
  options: { grep: { type: "string" }, suite: { type: "string", multiple: true } },
});
const checkout = path.resolve(import.meta.dirname, "../..");

async function main(): Promise<number> {
  for (const bundle of ["extension.cjs", "host/main.mjs", "webview/main.js"]) {
    if (existsSync(path.join(checkout, "dist", bundle))) continue;
    throw new Error(`dist/${bundle} is not there. Run "npm run build" first.`);
  }
  await mkdir(outputDir, { recursive: true });
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".wbtest.ts")).toSorted();
  const files = names.map((name) => ({
    name,
    load: () => import(pathToFileURL(path.join(import.meta.dirname, name)).href),
  }));
  const result = await runMocha(files, {
    timeoutMs: 120_000,
    color: process.stdout.isTTY,
    onFailure: takePictures,
    ...(options.grep === undefined ? {} : { grep: options.grep }),
    ...(options.suite === undefined ? {} : { suites: options.suite }),
  });
  await writeFile(path.join(outputDir, "workbench.json"), JSON.stringify(result, undefined, 2));
  console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
  if (result.passed + result.failed === 0) throw new Error("No test ran.");
  return result.failed > 0 ? 1 : 0;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
