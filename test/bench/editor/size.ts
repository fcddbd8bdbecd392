import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { windowBundles } from "../../package/packExtension.ts";
import { compare } from "../measure.ts";
import type { Part } from "../suite.ts";
import { checkout } from "./builtEditor.ts";

/** What is loaded once a window, and once a panel; beside what each may have. */
export const size: Part = async () => {
  const bundles = [
    { name: "the extension", files: await windowBundles(), limit: 250_000 },
    { name: "webview/main.js", files: ["dist/webview/main.js"], limit: 60_000 },
  ];
  return Promise.all(
    bundles.map(async ({ name, files, limit }) => {
      const sizes = await Promise.all(
        files.map(async (file) => gzipSync(await readFile(path.join(checkout, file))).length),
      );
      const bytes = sizes.reduce((sum, each) => sum + each, 0);
      return compare(`${name} / its limit, bytes gzipped`, bytes, limit, { atMost: 1 });
    }),
  );
};
