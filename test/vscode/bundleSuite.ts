import { build } from "esbuild";
import { readdir } from "node:fs/promises";
import path from "node:path";

/**
 * Bundles every `*.vstest.ts` of this folder with the suite's entry into one CommonJS file that exports `run()`, as
 * VS Code wants it. It must lie inside the checkout, where `mocha` is found. Returns its path.
 */
export async function bundleSuite(outputDir: string): Promise<string> {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".vstest.ts")).toSorted();
  const files = names.map((name) => `{ name: "${name}", load: () => import("./${name}") }`);
  const outfile = path.join(outputDir, "vscode-suite.cjs");
  await build({
    stdin: {
      contents: `import { runSuite } from "./suite.ts";\nexport const run = () => runSuite([${files.join(", ")}]);\n`,
      resolveDir: import.meta.dirname,
      loader: "ts",
    },
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node22",
    external: ["vscode", "mocha", "bufferutil", "utf-8-validate"],
    logLevel: "warning",
  });
  return outfile;
}
