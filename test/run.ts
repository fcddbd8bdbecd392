/**
 * `npm test`: every stage in order, each as its own process, and one closing line `N passed, N failed, N skipped`.
 * `npm test -- unit host` runs only the named stages. A stage that ends without a count is one failure, so a crash can
 * never look like success.
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import * as path from "node:path";
import { compileCache } from "./support/compileCache.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** Reads the counts from what the stage left behind; the default is its last `N passed, N failed` line. */
  readonly counts?: (output: string) => Promise<Counts | undefined>;
}

const root = path.resolve(import.meta.dirname, "..");
const results = path.join(root, "test-results");
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
const closingLine = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;

function vitestStage(name: string, projects: readonly string[]): Stage {
  const report = path.join(results, `${name}.json`);
  return {
    name,
    command: [
      vitest,
      "run",
      ...projects.flatMap((project) => ["--project", project]),
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    counts: () => readVitestReport(report),
  };
}

async function readVitestReport(file: string): Promise<Counts | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const report: unknown = JSON.parse(text);
  if (typeof report !== "object" || report === null) return undefined;
  const number = (key: string) => {
    const value: unknown = Reflect.get(report, key);
    return typeof value === "number" ? value : 0;
  };
  // A file that fails to load has no failed test of its own, yet it must count.
  const failedFiles = number("numFailedTests") === 0 ? number("numFailedTestSuites") : 0;
  return {
    passed: number("numPassedTests"),
    failed: number("numFailedTests") + failedFiles,
    skipped: number("numPendingTests") + number("numTodoTests"),
  };
}

async function readClosingLine(output: string): Promise<Counts | undefined> {
  const last = [...output.matchAll(closingLine)].at(-1);
  if (!last) return undefined;
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) };
}

const stages: readonly Stage[] = [
  vitestStage("unit", ["unit", "webview"]),
  { name: "fuzz", command: ["test/fuzz/run.ts"] },
  vitestStage("host", ["host", "host-alone"]),
  { name: "package", command: ["test/package/package.ts", "--check"] },
  { name: "vscode", command: ["test/vscode/run.ts"] },
  { name: "workbench", command: ["test/workbench/run.ts"] },
  { name: "demo", command: ["test/demo/demo.ts", "--check", "--count"] },
];

function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      cwd: root,
      env: { ...process.env, ...compileCache },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      output = (output + chunk.toString("utf8")).slice(-100_000);
    });
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

async function runStage(stage: Stage): Promise<Counts> {
  const started = performance.now();
  console.log(`\n=== ${stage.name}`);
  const { code, output } = await run(stage.command);
  const counts = await (stage.counts ?? readClosingLine)(output);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!counts || counts.passed + counts.failed === 0) {
    console.log(
      `=== ${stage.name}: ended with code ${code} after ${seconds} s and no test result, which counts as 1 failed`,
    );
    return { passed: 0, failed: 1, skipped: 0 };
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  console.log(
    `=== ${stage.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${seconds} s`,
  );
  return counts;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  console.error(`No such stage: ${unknown.join(", ")}. Stages: ${stages.map((stage) => stage.name).join(", ")}.`);
  process.exit(2);
}
await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
const build = await run(["esbuild.mjs", "--production"]);
if (build.code !== 0) {
  console.log("The build failed; see above.\n0 passed, 1 failed, 0 skipped");
  process.exit(1);
}
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failedStages: string[] = [];
for (const stage of stages.filter((candidate) => wanted.length === 0 || wanted.includes(candidate.name))) {
  const counts = await runStage(stage);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) failedStages.push(stage.name);
}
if (failedStages.length > 0) console.log(`\nFailed stages: ${failedStages.join(", ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
