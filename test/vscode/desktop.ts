/**
 * `npm run test:desktop`: the same files as test/vscode/run.ts in a desktop VS Code, downloaded by @vscode/test-electron
 * or named by `VSCODE_EXECUTABLE`. `VSCODE_VERSION` chooses the release (default: stable).
 * Exit code 0 all passed, 1 a test failed, 2 there is no VS Code to run or it gave no result.
 */
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { installCacheDirectory } from "../support/installCache.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { bundleSuite } from "./bundleSuite.ts";
import { suiteVariable, SuiteResult, type SuiteConfig } from "./suiteConfig.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const outputDir = path.join(checkout, "test-results");
const { values: options } = parseArgs({ options: { grep: { type: "string" } } });

/** The path of a VS Code that can be started; rejects with what to do when there is none. */
async function findVsCode(): Promise<string> {
  const named = process.env["VSCODE_EXECUTABLE"];
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    throw new Error(`VSCODE_EXECUTABLE names ${named}, which does not exist. Correct it or unset it.`);
  }
  const version = process.env["VSCODE_VERSION"] ?? "stable";
  try {
    return await downloadAndUnzipVSCode({ version, cachePath: path.join(installCacheDirectory(), "vscode-desktop") });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `VS Code ${version} could not be downloaded: ${reason}. Set VSCODE_EXECUTABLE to an installed VS Code, ` +
        'or run "node test/vscode/run.ts", which runs the same files and needs only npm.',
      { cause: error },
    );
  }
}

async function main(): Promise<number> {
  const vscodeExecutablePath = await findVsCode();
  if (process.platform === "linux" && !process.env["DISPLAY"] && !process.env["WAYLAND_DISPLAY"]) {
    console.log("There is no display. If VS Code does not start, run this by xvfb-run.");
  }
  await mkdir(outputDir, { recursive: true });
  const lifetime = new Lifetime();
  const temporary = await mkdtemp(path.join(tmpdir(), "muster-desktop-"));
  lifetime.defer(() => rm(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const config: SuiteConfig = {
    resultFile: path.join(outputDir, "vscode-desktop.json"),
    ...(options.grep === undefined ? {} : { grep: options.grep }),
  };
  await rm(config.resultFile, { force: true });
  try {
    const folder = path.join(temporary, "folder");
    await mkdir(folder);
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: checkout,
      extensionTestsPath: await bundleSuite(outputDir),
      extensionTestsEnv: { [suiteVariable]: JSON.stringify(config) },
      launchArgs: [
        folder,
        `--user-data-dir=${path.join(temporary, "user")}`,
        `--extensions-dir=${path.join(temporary, "extensions")}`,
        "--disable-workspace-trust",
        "--skip-welcome",
        "--skip-release-notes",
      ],
    }).catch((error: unknown) => {
      // A failed test is one of the reasons, and then there is a result.
      if (!existsSync(config.resultFile)) throw error;
    });
  } finally {
    await lifetime.end();
  }
  if (!existsSync(config.resultFile)) throw new Error("VS Code ended without a test result.");
  const result = SuiteResult.parse(JSON.parse(await readFile(config.resultFile, "utf8")));
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
