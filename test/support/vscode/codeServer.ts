import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";
import { installCacheDirectory, installOnce, npmInstall, type Progress } from "../installCache.ts";

/** code-server's number; it is VS Code 1.139.1. Pinned, because the harness leans on how its workbench boots. */
export const CODE_SERVER_VERSION = "4.139.1";

export interface CodeServer {
  /** VS Code's server entry, to be run by Node 24. */
  readonly serverMain: string;
  /** VS Code's own version. */
  readonly version: string;
}

/**
 * A real VS Code from npm alone: code-server without its install scripts, plus the run-time packages that those scripts
 * would have fetched. No compiler is needed: the native modules without a prebuilt binary have small stand-ins.
 */
export async function ensureCodeServer(onProgress: Progress = () => {}): Promise<CodeServer> {
  if (!process.versions.node.startsWith("24.")) {
    throw new Error(`VS Code's server needs Node 24, but this is Node ${process.versions.node}. Run it by "npm run".`);
  }
  const vscodeWithin = path.join("node_modules", "code-server", "lib", "vscode");
  const target = path.join(installCacheDirectory(), `code-server-${CODE_SERVER_VERSION}`);
  await installOnce(target, async (staging) => {
    onProgress(`installing code-server ${CODE_SERVER_VERSION} from npm (once, 620 MB)`);
    await npmInstall(staging, `code-server@${CODE_SERVER_VERSION}`);
    await npmInstall(path.join(staging, vscodeWithin));
    // TypeScript, which the built-in language features complain about when it is missing.
    await npmInstall(path.join(staging, vscodeWithin, "extensions"));
  });
  const vscode = path.join(target, vscodeWithin);
  await replaceNativeModules(vscode);
  const manifest: unknown = JSON.parse(await readFile(path.join(vscode, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined;
  return { serverMain: path.join(vscode, "out", "server-main.js"), version: String(version) };
}

async function replaceNativeModules(vscode: string): Promise<void> {
  const packages = path.join(vscode, "node_modules", "@vscode");
  const standIns = path.join(import.meta.dirname, "native");
  for (const [main, file] of [
    ["spdlog/index.js", "spdlog.cjs"],
    ["native-watchdog/index.js", "watchdog.cjs"],
    ["sqlite3/lib/sqlite3.js", "sqlite3.cjs"],
  ] as const) {
    const entry = path.join(packages, main);
    const standIn = path.join(standIns, file);
    if ((await readFile(entry, "utf8")) !== (await readFile(standIn, "utf8"))) await copyFile(standIn, entry);
  }
}
