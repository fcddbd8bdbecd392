/**
 * `node test/vscode/run.ts [--grep TEXT] [--timeout SECONDS] [--extension DIR]`: the inside-VS-Code suite, in the extension host of a real
 * VS Code server shown in a headless browser. Needs npm and nothing else.
 * Ends with `N passed, N failed, N skipped`; exit code 0 all passed, 1 a test failed, 2 the run itself broke.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { startVsCode } from "../support/vscode/workbench.ts";
import { bundleSuite } from "./bundleSuite.ts";
import { suiteVariable, SuiteResult, type SuiteConfig } from "./suiteConfig.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const outputDir = path.join(checkout, "test-results");
const { values: options } = parseArgs({
  options: { grep: { type: "string" }, timeout: { type: "string", default: "300" }, extension: { type: "string" } },
});

async function main(): Promise<number> {
  const extension = path.resolve(options.extension ?? checkout);
  if (extension === checkout && !existsSync(path.join(checkout, "dist", "extension.cjs"))) {
    throw new Error('dist/extension.cjs is not there. Run "npm run build" first.');
  }
  await mkdir(outputDir, { recursive: true });
  const config: SuiteConfig = {
    resultFile: path.join(outputDir, "vscode.json"),
    reportFile: path.join(outputDir, "logs", "vscode-report.log"),
    color: process.stdout.isTTY,
    ...(options.grep === undefined ? {} : { grep: options.grep }),
  };
  await rm(config.resultFile, { force: true });
  if (config.reportFile !== undefined) await rm(config.reportFile, { force: true });
  const vscode = await startVsCode({
    name: "vscode",
    outputDir,
    extensionDevelopmentPaths: [extension],
    extensionTestsPath: await bundleSuite(outputDir),
    env: { [suiteVariable]: JSON.stringify(config) },
    onProgress: (text) => console.log(text),
  });
  try {
    const window = await vscode.openWindow();
    const stopReport = followReport(config.reportFile ?? "");
    const end = await withLimit(window.testsEnd, Number(options.timeout) * 1000);
    await stopReport();
    if (!existsSync(config.resultFile)) {
      await window.screenshot("vscode-broken").catch(() => undefined);
      throw new Error(`The extension host gave no result (${end}); see test-results/logs and vscode-broken.png.`);
    }
  } finally {
    await vscode.close();
  }
  const result = SuiteResult.parse(JSON.parse(await readFile(config.resultFile, "utf8")));
  console.log(`${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
  if (result.passed + result.failed === 0) throw new Error("No test ran.");
  return result.failed > 0 ? 1 : 0;
}

/** Prints what mocha writes while it writes it; the returned function prints the rest and stops. */
function followReport(file: string): () => Promise<void> {
  let shown = 0;
  const print = async () => {
    if (!existsSync(file)) return;
    const handle = await open(file);
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(1 << 20), position: shown });
    await handle.close();
    shown += bytesRead;
    process.stdout.write(buffer.subarray(0, bytesRead));
  };
  let printing = Promise.resolve();
  const timer = setInterval(() => (printing = printing.then(print)), 200);
  return async () => {
    clearInterval(timer);
    await printing.then(print);
  };
}

async function withLimit(end: Promise<number | string>, limitMs: number): Promise<number | string> {
  const { promise: expired, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`no end after ${limitMs / 1000} s`), limitMs);
  try {
    return await Promise.race([end, expired]);
  } finally {
    clearTimeout(timer);
  }
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
