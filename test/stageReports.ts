import path from "node:path";
import * as z from "zod/mini";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What became of the parts of a stage, by the names by which it runs them again. */
export type Parts = ReadonlyMap<string, Counts>;

const mochaReport = z.object({
  suites: z.record(z.string(), z.object({ passed: z.number(), failed: z.number(), skipped: z.number() })),
});

const vitestReport = z.object({
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

const closingLine = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;

export function addCounts(all: Iterable<Counts>): Counts {
  const sum: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/** The files of Vitest's JSON report, by their paths from the checkout. A file that does not load has no test of its own: it is one failure. */
export function partsOfVitest(report: unknown, root: string): Parts {
  const parsed = vitestReport.safeParse(report);
  if (!parsed.success) return new Map();
  return new Map(
    parsed.data.testResults.map(({ name, status, assertionResults }) => {
      const count = (wanted: string) => assertionResults.filter((test) => test.status === wanted).length;
      const [passed, failed] = [count("passed"), count("failed")];
      const skipped = assertionResults.length - passed - failed;
      const isBrokenFile = status === "failed" && failed === 0;
      return [path.relative(root, name), { passed, failed: isBrokenFile ? 1 : failed, skipped }];
    }),
  );
}

/** The outermost suites of a run of mocha, see `MochaResult`. */
export function partsOfMocha(report: unknown): Parts {
  const parsed = mochaReport.safeParse(report);
  return new Map(parsed.success ? Object.entries(parsed.data.suites) : []);
}

/** A stage that tells its counts in its last `N passed, N failed` line is one part. */
export function partsOfClosingLine(name: string, output: string): Parts {
  const last = [...output.matchAll(closingLine)].at(-1);
  if (!last) return new Map();
  return new Map([[name, { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) }]]);
}
