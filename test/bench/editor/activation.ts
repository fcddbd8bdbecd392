import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod/mini";
import { packFolder } from "../../package/packExtension.ts";
import { Lifetime } from "../../support/vscode/lifetime.ts";
import { startVsCode } from "../../support/vscode/workbench.ts";
import { compare } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { checkout, packBuilt, temporaryFolder } from "./builtEditor.ts";

const Times = z.object({ load: z.number(), call: z.number(), finish: z.number() });
const Round = z.object({ ours: Times, empty: Times });

const limitMs = 90_000;

/** VS Code's own numbers for activating the packed extension, beside a packed one that does nothing, in the same window. */
export const activation: Part = async (options) => {
  const lifetime = new Lifetime();
  try {
    const folder = await temporaryFolder(lifetime);
    const result = path.join(folder, "rounds.jsonl");
    const emptyVsix = path.join(folder, "empty.vsix");
    await packFolder(path.join(import.meta.dirname, "emptyExtension"), emptyVsix);
    const vsix = [await packBuilt(folder), emptyVsix];
    const extensionTestsPath = await bundleRun(lifetime);
    const extensionDevelopmentPaths = [await developed(folder)];
    for (let window = 0; window < at(options, 10, 2, 1); window++) {
      // The end of a test run closes its window, and the last window its browser.
      const vscode = await startVsCode({
        name: "bench-activation",
        vsix,
        extensionDevelopmentPaths,
        env: { MUSTER_BENCH_RESULT: result },
      });
      try {
        const { testsEnd } = await vscode.openWindow({ extensionTestsPath });
        const end = await Promise.race([testsEnd, delay(limitMs, "no end", { ref: false })]);
        if (end !== 0)
          throw new Error(`The run in VS Code ended with: ${end}. See bench-activation in test-results/logs.`);
      } finally {
        await vscode.close();
      }
    }
    const rounds = (await readFile(result, "utf8"))
      .trim()
      .split("\n")
      .map((line) => Round.parse(JSON.parse(line)));
    // VS Code counts in whole milliseconds: less than one is told as 0, and counts as 1 here.
    const until = (name: "ours" | "empty") => rounds.map((round) => Math.max(1, round[name].load + round[name].call));
    const called = rounds.map(({ ours }) => ours.call);
    return [
      compare("load and call activate / an empty extension, ms", until("ours"), until("empty"), { atMost: 4 }),
      compare("call activate / a display frame, ms", called, 16.7, { atMost: 2 }),
    ];
  } finally {
    await lifetime.end();
  }
};

/** VS Code runs tests only in a window that also loads an extension from its source: this one is nothing but that. */
async function developed(folder: string): Promise<string> {
  const place = path.join(folder, "developed");
  await mkdir(place);
  const manifest = { name: "developed", publisher: "bench", version: "0.0.1", engines: { vscode: "*" } };
  await writeFile(path.join(place, "package.json"), JSON.stringify(manifest));
  return place;
}

/** VS Code takes one CommonJS file that exports `run`. */
async function bundleRun(lifetime: Lifetime): Promise<string> {
  const outfile = path.join(checkout, "test-results", "bench-activation.cjs");
  await build({
    entryPoints: [path.join(import.meta.dirname, "activationRun.ts")],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node22",
    external: ["vscode"],
    logLevel: "warning",
  });
  lifetime.defer(() => rm(outfile, { force: true }));
  return outfile;
}
