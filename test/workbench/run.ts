/**
 * `node test/workbench/run.ts [--grep TEXT] [--suite TITLE]...`: drives a real VS Code as a person would, against a real host process with
 * the sample agent and a GitHub on loopback. Several suites run two at a time, each in a process of its own: they wait for
 * windows more than they compute. Pictures go to test-results/*.png, logs to test-results/logs.
 * Ends with `N passed, N failed, N skipped`; exit code 0 all passed, 1 a test failed, 2 the run itself broke.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { addCounts, partsOfMocha } from "../stageReports.ts";
import { runMocha, suiteTitles, type TestFile } from "../support/vscode/mochaRun.ts";
import { outputDir, takePictures } from "./scene.ts";

const AT_A_TIME = 2;

const { values: options } = parseArgs({
  options: {
    grep: { type: "string" },
    suite: { type: "string", multiple: true },
    /** Where the result goes, see `MochaResult`. */
    report: { type: "string", default: path.join(outputDir, "workbench.json") },
  },
});
const checkout = path.resolve(import.meta.dirname, "../..");

async function testFiles(): Promise<readonly TestFile[]> {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".wbtest.ts")).toSorted();
  return names.map((name) => ({
    name,
    load: () => import(pathToFileURL(path.join(import.meta.dirname, name)).href),
  }));
}

/** Runs one suite in a process of its own; what it prints comes when it has ended. One that ends without a result is one failure. */
async function runApart(title: string): Promise<unknown> {
  const report = path.join(outputDir, `workbench-${title.replaceAll(/\W+/g, "-")}.json`);
  await rm(report, { force: true });
  await new Promise<void>((resolve) => {
    const args = [fileURLToPath(import.meta.url), "--suite", title, "--report", report];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const printed: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
    child.on("close", () => {
      process.stdout.write(Buffer.concat(printed));
      resolve();
    });
  });
  const text = await readFile(report, "utf8").catch(() => undefined);
  return text === undefined ? { suites: { [title]: { passed: 0, failed: 1, skipped: 0 } } } : JSON.parse(text);
}

async function runAllApart(titles: readonly string[]): Promise<{ suites: object }> {
  const waiting = [...titles];
  const suites = new Map<string, object>();
  const runNext = async () => {
    for (let title = waiting.shift(); title !== undefined; title = waiting.shift()) {
      for (const [name, counts] of partsOfMocha(await runApart(title))) suites.set(name, counts);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, runNext));
  return { suites: Object.fromEntries(suites) };
}

async function main(): Promise<number> {
  for (const bundle of ["extension.cjs", "host/main.mjs", "webview/main.js"]) {
    if (existsSync(path.join(checkout, "dist", bundle))) continue;
    throw new Error(`dist/${bundle} is not there. Run "npm run build" first.`);
  }
  await mkdir(outputDir, { recursive: true });
  const { grep, suite, report } = options;
  const files = await testFiles();
  const isHere = grep !== undefined || suite?.length === 1;
  const result = isHere
    ? await runMocha(files, {
        timeoutMs: 120_000,
        color: process.stdout.isTTY,
        onFailure: takePictures,
        ...(grep === undefined ? {} : { grep }),
        ...(suite === undefined ? {} : { suites: suite }),
      })
    : await runAllApart(suite ?? (await suiteTitles(files)));
  await writeFile(report, JSON.stringify(result, undefined, 2));
  const { passed, failed, skipped } = addCounts(partsOfMocha(result).values());
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (passed + failed === 0) throw new Error("No test ran.");
  return failed > 0 ? 1 : 0;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
