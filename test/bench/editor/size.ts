import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { compare } from "../measure.ts";
import type { Part } from "../suite.ts";

const dist = path.resolve(import.meta.dirname, "../../../dist");

/** What is loaded once a window, and once a panel; beside what each may have. */
export const size: Part = async () => {
  const bundles = [
    { name: "extension.cjs", limit: 250_000 },
    { name: "webview/main.js", limit: 60_000 },
  ];
  return Promise.all(
    bundles.map(async ({ name, limit }) => {
      const bytes = gzipSync(await readFile(path.join(dist, name))).length;
      return compare(`${name} / its limit, bytes gzipped`, bytes, limit, { atMost: 1 });
    }),
  );
};
