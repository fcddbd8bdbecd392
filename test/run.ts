/**
 * `npm test`: every stage in order, each as its own process, and one closing line `N passed, N failed, N skipped`.
 * `npm test -- unit host` runs only the named stages. A stage that ends without a count is one failure, so a crash can
 * never look like success. What fails in a few places is tried once more by itself, and named at the end.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import * as path from "node:path";
import { compileCache } from "./support/compileCache.ts";
import { addCounts, type Counts, type Parts, partsOfClosingLine, partsOfMocha, partsOfVitest } from "./stageReports.ts";

interface Stage {
  readonly name: string;
  /** Runs all of it, or only these parts: files of Vitest, suites of mocha. */
  command(parts?: readonly string[]): readonly string[];
  /** A JSON file that a run leaves behind. */
  readonly report?: string;
  /** What became of each part, by that report or by what was printed. */
  parts(report: unknown, output: string): Parts;
}

/** More broken parts than these are no accident. */
const MAX_TRIED_AGAIN = 3;

/**
 * Runs what follows with a file system in memory at TMPDIR, which goes with it. Hundreds of hosts, repositories and windows
 * come and go: on a disk that takes the system twice the time. What a log owes to a disk is tested by the order of its
 * calls (DUR-4, DUR-5), wherever its file is.
 */
const inMemory = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o mode=1777 tmpfs "$TMPDIR" && exec "$@"', "sh"];
/** The tests' files at any time take a small part of this. */
const MEMORY_BYTES = 12 * 1024 ** 3;

const root = path.resolve(import.meta.dirname, "..");
const results = path.join(root, "test-results");

function vitestStage(name: string, projects: readonly string[]): Stage {
  const report = path.join(results, `${name}.json`);
  return {
    name,
    report,
    command: (parts = []) => [
      path.join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      ...parts,
      ...projects.flatMap((project) => ["--project", project]),
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    parts: (tests) => partsOfVitest(tests, root),
  };
}

function plainStage(name: string, ...command: readonly string[]): Stage {
  return { name, command: () => command, parts: (_, output) => partsOfClosingLine(name, output) };
}

const workbench: Stage = {
  name: "workbench",
  report: path.join(results, "workbench.json"),
  command: (parts = []) => ["test/workbench/run.ts", ...parts.flatMap((part) => ["--suite", part])],
  parts: partsOfMocha,
};

const stages: readonly Stage[] = [
  vitestStage("unit", ["unit", "webview"]),
  // Rule FUZ-1 wants 50,000 each time, and a million now and then: `npm run fuzz`.
  plainStage("fuzz", "test/fuzz/run.ts", "250000"),
  vitestStage("host", ["host", "host-alone"]),
  plainStage("package", "test/package/package.ts", "--check"),
  plainStage("vscode", "test/vscode/run.ts"),
  workbench,
  plainStage("demo", "test/demo/demo.ts", "--check", "--count"),
];

/** A folder to put a file system in memory at, where there is room and the right to. */
function memoryFolder(): string | undefined {
  if (process.platform !== "linux" || totalmem() < MEMORY_BYTES) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), "mt-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [program = "", ...args] = inMemory;
  return spawnSync(program, [...args, "true"], { env: { ...process.env, TMPDIR: folder } }).status === 0
    ? folder
    : undefined;
}

async function readReport(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const [program = "", ...args] = [...(temporary === undefined ? [] : inMemory), process.execPath, ...command];
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...compileCache, ...(temporary !== undefined && { TMPDIR: temporary }) },
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

/** What became of each part; a run that ends badly without naming one that failed is a failure of its own. */
async function runParts(stage: Stage, only?: readonly string[]): Promise<Parts> {
  const { report } = stage;
  if (report) await rm(report, { force: true });
  const { code, output } = await run(stage.command(only));
  const parts = stage.parts(report && (await readReport(report)), output);
  const counts = addCounts(parts.values());
  const isEmpty = counts.passed + counts.failed === 0;
  if (!isEmpty && (code === 0 || counts.failed > 0)) return parts;
  console.log(`=== ${stage.name}: ended with code ${code}${isEmpty ? " and no test result" : ""}: 1 failed`);
  return new Map([...parts, [stage.name, { passed: 0, failed: 1, skipped: 0 }]]);
}

async function runStage(stage: Stage): Promise<Counts> {
  const started = performance.now();
  console.log(`\n=== ${stage.name}`);
  let parts = await runParts(stage);
  const broken = [...parts].filter(([, { failed }]) => failed > 0).map(([name]) => name);
  if (broken.length > 0 && broken.length <= MAX_TRIED_AGAIN) {
    console.log(`\n=== ${stage.name}: once more, by itself: ${broken.join(", ")}`);
    const isWhole = broken.includes(stage.name);
    const again = await runParts(stage, isWhole ? undefined : broken);
    parts = new Map([...(isWhole ? [] : parts), ...again]);
    triedAgain.push(...broken);
  }
  const counts = addCounts(parts.values());
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `=== ${stage.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${seconds} s`,
  );
  return counts;
}

const triedAgain: string[] = [];
const temporary = memoryFolder();
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
const outcomes = new Map<string, Counts>();
for (const stage of stages.filter((candidate) => wanted.length === 0 || wanted.includes(candidate.name))) {
  outcomes.set(stage.name, await runStage(stage));
}
const total = addCounts(outcomes.values());
const failedStages = [...outcomes].filter(([, { failed }]) => failed > 0).map(([name]) => name);
if (triedAgain.length > 0) console.log(`\nFailed at first and were tried again: ${triedAgain.join(", ")}`);
if (failedStages.length > 0) console.log(`\nFailed stages: ${failedStages.join(", ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
