import * as z from "zod/mini";

/** The environment variable that carries a `SuiteConfig` as JSON into the extension host. */
export const suiteVariable = "MUSTER_VSTEST";

export const SuiteConfig = z.object({
  resultFile: z.string(),
  reportFile: z.optional(z.string()),
  grep: z.optional(z.string()),
  timeoutMs: z.optional(z.number()),
  color: z.optional(z.boolean()),
});
export type SuiteConfig = z.infer<typeof SuiteConfig>;

export const SuiteResult = z.object({
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  failures: z.array(z.object({ title: z.string(), error: z.string() })),
});
export type SuiteResult = z.infer<typeof SuiteResult>;
