/** What runs inside the extension host, in code-server and on the desktop alike: mocha over the bundled test files. */
import { writeFileSync } from "node:fs";
import { runMocha, type TestFile } from "../support/vscode/mochaRun.ts";
import { suiteVariable, SuiteConfig } from "./suiteConfig.ts";

/** Rejects when a test failed, which is how VS Code learns it. */
export async function runSuite(files: readonly TestFile[]): Promise<void> {
  const config = SuiteConfig.parse(JSON.parse(process.env[suiteVariable] ?? "{}"));
  const result = await runMocha(files, config);
  // The exit code alone is 0 when the extension host dies, so the runner trusts this file.
  writeFileSync(config.resultFile, JSON.stringify(result, undefined, 2));
  if (result.failed > 0) throw new Error(`${result.failed} tests failed`);
}
