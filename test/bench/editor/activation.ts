import { build } from "esbuild";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";
import { packFolder } from "../../package/packExtension.ts";
import { Lifetime } from "../../support/vscode/lifetime.ts";
import { startVsCode } from "../../support/vscode/workbench.ts";
import { compare } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { checkout, packBuilt, temporaryFolder } from "./builtEditor.ts";

const Times = z.object({ load: z.number(), call: z.number(), finish: z.number() });
const Round = z.object({ ours: Times, empty: Times });

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
    for (let window = 0; window < at(options, 10, 2, 1); window++) {
      // The end of a test run closes its window, and the last window its browser.
      const vscode = await startVsCode({ name: "bench-activation", vsix, env: { MUSTER_BENCH_RESULT: result } });
      const workbench = await vscode.openWindow({ extensionTestsPath });
      await workbench.testsEnd;
      await vscode.close();
    }
    const rounds = (await readFile(result, "utf8"))
      .trim()
      .split("\n")
      .map((line) => Round.parse(JSON.parse(line)));
    const until = (name: "ours" | "empty") => rounds.map((round) => round[name].load + round[name].call);
    const called = rounds.map(({ ours }) => ours.call);
    return [
      compare("load and call activate / an empty extension, ms", until("ours"), until("empty"), { atMost: 4 }),
      compare("call activate / a display frame, ms", called, 16.7, { atMost: 2 }),
    ];
  } finally {
    await lifetime.end();
  }
};

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
