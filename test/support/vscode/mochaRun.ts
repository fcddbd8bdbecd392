import { appendFileSync } from "node:fs";
import { format } from "node:util";
import Mocha from "mocha";
import { addCounts, type Counts } from "../../stageReports.ts";

export interface TestFile {
  readonly name: string;
  /** Loads the file; its `describe` blocks register themselves. */
  readonly load: () => Promise<unknown>;
}

export interface MochaOptions {
  readonly grep?: string;
  /** Titles of outermost suites, to run only these. */
  readonly suites?: readonly string[];
  /** Limit of one test, in milliseconds. */
  readonly timeoutMs?: number;
  readonly color?: boolean;
  /** Where the report is written instead of the console, for a host whose console is not clean. */
  readonly reportFile?: string;
  readonly onFailure?: (title: string) => Promise<void>;
}

export interface MochaResult extends Readonly<Counts> {
  /** The same by the titles of the outermost suites. */
  readonly suites: Readonly<Record<string, Counts>>;
  readonly failures: readonly { readonly title: string; readonly error: string }[];
}

async function loadMocha(files: readonly TestFile[], options: MochaOptions = {}): Promise<Mocha> {
  const mocha = new Mocha({
    ui: "bdd",
    timeout: options.timeoutMs ?? 30_000,
    color: options.color ?? false,
    ...(options.grep === undefined ? {} : { grep: options.grep }),
  });
  for (const file of files) {
    // What mocha does around a file of its own: without it `describe` is not there yet.
    mocha.suite.emit("pre-require", globalThis, file.name, mocha);
    await file.load();
  }
  return mocha;
}

/** Titles of the outermost suites of test files, in order, without running them. A module loads once: it can't be run here, too. */
export async function suiteTitles(files: readonly TestFile[]): Promise<readonly string[]> {
  return (await loadMocha(files)).suite.suites.map(({ title }) => title);
}

/** Runs test files under mocha's `describe` and `it` in this process. */
export async function runMocha(files: readonly TestFile[], options: MochaOptions = {}): Promise<MochaResult> {
  const { reportFile } = options;
  if (reportFile !== undefined) {
    Mocha.reporters.Base.consoleLog = (...values: unknown[]) => appendFileSync(reportFile, `${format(...values)}\n`);
  }
  const mocha = await loadMocha(files, options);
  const { onFailure, suites: wanted } = options;
  if (wanted) mocha.suite.suites = mocha.suite.suites.filter(({ title }) => wanted.includes(title));
  if (onFailure) {
    mocha.suite.afterEach(async function picture() {
      if (this.currentTest?.state === "failed") await onFailure(this.currentTest.fullTitle());
    });
  }
  const suites: Record<string, Counts> = {};
  const failures: { title: string; error: string }[] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    const count = (test: Mocha.Runnable, what: keyof Counts) => {
      const counts = (suites[test.titlePath()[0] ?? ""] ??= { passed: 0, failed: 0, skipped: 0 });
      counts[what]++;
    };
    runner.on("pass", (test) => count(test, "passed"));
    runner.on("pending", (test) => count(test, "skipped"));
    runner.on("fail", (test, error: unknown) => {
      count(test, "failed");
      failures.push({
        title: test.fullTitle(),
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    });
  });
  return { ...addCounts(Object.values(suites)), suites, failures };
}
