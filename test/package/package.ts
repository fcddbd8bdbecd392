/**
 * `npm run package` builds the production bundles and packs `muster-<version>.vsix` in the project's root. What goes in
 * must be exactly the list in `vsixFiles.txt`. With `--check` (a stage of `npm test`) the VSIX goes to `test-results/`,
 * and the sizes and contents are held against their limits.
 */
import { readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { listFiles } from "@vscode/vsce";
import { packExtension, windowBundles } from "./packExtension.ts";

const root = path.resolve(import.meta.dirname, "..", "..");
const checking = process.argv.includes("--check");

/** Gzipped bytes; the page is loaded each time a panel opens, the extension once per window. */
const bundleLimits: Readonly<Record<string, number>> = {
  "dist/webview/main.js": 60_000,
  "dist/webview/report.js": 30_000,
  "dist/extension.cjs": 250_000,
};
const vsixLimitBytes = 3_000_000;

interface Check {
  readonly name: string;
  readonly problem: string | undefined;
}

async function checkFiles(): Promise<Check> {
  const expected = (await readFile(path.join(import.meta.dirname, "vsixFiles.txt"), "utf8")).trim().split("\n");
  const listed = await listFiles({ cwd: root, packagedDependencies: [] });
  const actual = listed.map((file) => file.replaceAll("\\", "/").replace(/-[A-Z0-9]{8}\.cjs$/, "-*.cjs"));
  const extra = actual.filter((file) => !expected.includes(file));
  const missing = expected.filter((file) => !actual.includes(file));
  const problem = [
    ...(extra.length > 0 ? [`not expected: ${extra.join(", ")}`] : []),
    ...(missing.length > 0 ? [`missing: ${missing.join(", ")}`] : []),
  ].join("; ");
  return { name: "the VSIX holds what a user needs and nothing else", problem: problem || undefined };
}

async function checkBundles(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [file, limit] of Object.entries(bundleLimits)) {
    const files = file === "dist/extension.cjs" ? await windowBundles() : [file];
    const bundles = await Promise.all(files.map((each) => readFile(path.join(root, each))));
    const size = bundles.reduce((sum, bundle) => sum + gzipSync(bundle).length, 0);
    checks.push({
      name: `${file} is at most ${limit / 1000} KB gzipped (${(size / 1000).toFixed(1)} KB)`,
      problem: size > limit ? `it has ${size} bytes` : undefined,
    });
    // The webview's Content Security Policy refuses both, and nothing in the extension may build code from text.
    const source = bundles.join("\n");
    checks.push({
      name: `${file} does not call eval`,
      problem: /[^\w.$]eval\s*\(/.test(source) ? "found a call to eval" : undefined,
    });
  }
  return checks;
}

async function checkSize(vsix: string): Promise<Check> {
  const { size } = await stat(vsix);
  return {
    name: `the VSIX is at most ${vsixLimitBytes / 1e6} MB (${(size / 1e6).toFixed(2)} MB)`,
    problem: size > vsixLimitBytes ? `it has ${size} bytes` : undefined,
  };
}

const vsix = await packExtension(checking ? path.join(root, "test-results") : root);
const checks = [await checkFiles(), ...(await checkBundles()), await checkSize(vsix)];
for (const check of checks)
  console.log(`${check.problem ? "✗" : "✓"} ${check.name}${check.problem ? `: ${check.problem}` : ""}`);
const failed = checks.filter((check) => check.problem).length;
console.log(`Packed ${path.relative(root, vsix)}`);
if (checking) console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
