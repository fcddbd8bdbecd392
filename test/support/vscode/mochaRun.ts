import { appendFileSync } from "node:fs";
import { format } from "node:util";
import Mocha from "mocha";

export interface TestFile {
  readonly name: string;
  /** Loads the file; its `describe` blocks register themselves. */
  readonly load: () => Promise<unknown>;
}

export interface MochaOptions {
  readonly grep?: string;
  /** Limit of one test, in milliseconds. */
  readonly timeoutMs?: number;
  readonly color?: boolean;
  /** Where the report is written instead of the console, for a host whose console is not clean. */
  readonly reportFile?: string;
  readonly onFailure?: (title: string) => Promise<void>;
}

export interface MochaResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly title: string; readonly error: string }[];
}

/** Runs test files under mocha's `describe` and `it` in this process. */
export async function runMocha(files: readonly TestFile[], options: MochaOptions = {}): Promise<MochaResult> {
  const { reportFile } = options;
  if (reportFile !== undefined) {
    Mocha.reporters.Base.consoleLog = (...values: unknown[]) => appendFileSync(reportFile, `${format(...values)}\n`);
  }
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
  const { onFailure } = options;
  if (onFailure) {
    mocha.suite.afterEach(async function picture() {
      if (this.currentTest?.state === "failed") await onFailure(this.currentTest.fullTitle());
    });
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures: { title: string; error: string }[] = [];
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on("pass", () => counts.passed++);
    runner.on("pending", () => counts.skipped++);
    runner.on("fail", (test, error: unknown) => {
      counts.failed++;
      failures.push({
        title: test.fullTitle(),
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    });
  });
  return { ...counts, failures };
}
