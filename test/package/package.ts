/**
 * `npm run package` builds the production bundles and packs `muster-<version>.vsix` in the project's root, with its bill of
 * materials beside it. What goes in must be exactly the list in `vsixFiles.txt`. With `--check` (a stage of `npm test`) both
 * go to `test-results/`, the sizes and contents are held against their limits, and the build is done once more elsewhere.
 */
import { readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import type { Check } from "./check.ts";
import { digestOf, digestOfCleanBuild } from "./cleanBuild.ts";
import { packExtension, root, windowBundles } from "./packExtension.ts";
import { readVsix } from "./readVsix.ts";
import { writeSbom } from "./sbom.ts";
import { auditVsix } from "./vsixAudit.ts";

const checking = process.argv.includes("--check");

/** Gzipped bytes; the page is loaded each time a panel opens, the extension once per window. */
const bundleLimits: Readonly<Record<string, number>> = {
  "dist/webview/main.js": 60_000,
  "dist/webview/report.js": 30_000,
  "dist/extension.cjs": 250_000,
};
const vsixLimitBytes = 3_000_000;

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
  }
  return checks;
}

async function checkSize(vsix: string): Promise<Check> {
  const { size } = await stat(vsix);
  return {
    name: `EXT-1: the VSIX is at most ${vsixLimitBytes / 1e6} MB (${(size / 1e6).toFixed(2)} MB)`,
    problem: size > vsixLimitBytes ? `it has ${size} bytes` : undefined,
  };
}

async function checkReproducible(vsix: string): Promise<Check> {
  const [here, elsewhere] = await Promise.all([digestOf(vsix), digestOfCleanBuild()]);
  return {
    name: "SUP-4, EXT-1: the same files become the same VSIX in a clean folder elsewhere",
    problem: here === elsewhere ? undefined : `${here} here and ${elsewhere} there`,
  };
}

const vsix = await packExtension(checking ? path.join(root, "test-results") : root);
const checks = [
  ...(await auditVsix(await readVsix(vsix))),
  await checkSize(vsix),
  ...(await writeSbom(root, vsix.replace(/\.vsix$/, ".cdx.json"))),
  ...(await checkBundles()),
  ...(checking ? [await checkReproducible(vsix)] : []),
];
for (const check of checks)
  console.log(`${check.problem ? "✗" : "✓"} ${check.name}${check.problem ? `: ${check.problem}` : ""}`);
const failed = checks.filter((check) => check.problem).length;
console.log(`Packed ${path.relative(root, vsix)}, sha256 ${await digestOf(vsix)}`);
if (checking) console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
