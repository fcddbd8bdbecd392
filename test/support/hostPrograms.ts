import { execFile } from "node:child_process";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const checkout = path.resolve(import.meta.dirname, "../..");
const folder = path.join(checkout, "node_modules", ".cache", "muster", "host");
const bundled = process.env["MUSTER_TEST_PROGRAMS"];

/** The programs that tests start: bundled after `bundleHostPrograms` in this process or the one that started it, else the sources. */
export const hostMain = bundled ? path.join(bundled, "main.mjs") : path.join(checkout, "src/host/main.ts");
export const sampleAgentMain = bundled
  ? path.join(bundled, "sampleAgent.mjs")
  : path.join(checkout, "src/sampleAgent/main.ts");

/**
 * Bundles the host's programs as a release does, but for minifying: hundreds of them are started, in a third of the time that the sources
 * take. File by file they replace those of an earlier run, which may still be in use.
 */
export async function bundleHostPrograms(): Promise<void> {
  const staging = `${folder}.${process.pid}`;
  await promisify(execFile)(process.execPath, [path.join(checkout, "esbuild.mjs"), "--host", staging]);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(staging)) await rename(path.join(staging, name), path.join(folder, name));
  await rm(staging, { recursive: true });
  process.env["MUSTER_TEST_PROGRAMS"] = folder;
}

/** Vitest runs this before the tests of a project. */
export { bundleHostPrograms as setup };
