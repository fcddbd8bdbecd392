import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Told what is being downloaded and why a run is slow. */
export type Progress = (text: string) => void;

/** Where downloads that outlive a checkout are kept. */
export function installCacheDirectory(): string {
  return path.resolve(process.env["MUSTER_CACHE"] ?? path.join(homedir(), ".cache", "muster"));
}

/**
 * Builds `target` in a sibling folder and renames it, so that neither a second run nor a killed one ever sees half an
 * install. Returns `target`; rejects with what `build` threw.
 */
export async function installOnce(target: string, build: (staging: string) => Promise<void>): Promise<string> {
  if (existsSync(target)) return target;
  await removeAbandoned(target);
  const staging = `${target}.partial-${process.pid}`;
  await mkdir(staging, { recursive: true });
  try {
    await build(staging);
    await rename(staging, target).catch((error: unknown) => {
      // Another process finished the same install first; its copy is as good.
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return target;
}

/** `npm install` of packages (or of the folder's own package.json when none is named), without running their scripts. */
export async function npmInstall(folder: string, ...packages: readonly string[]): Promise<void> {
  if (packages.length > 0) await writeFile(path.join(folder, "package.json"), '{ "private": true }\n');
  const flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const isWindows = process.platform === "win32";
  await run(isWindows ? "npm.cmd" : "npm", ["install", ...flags, ...packages], {
    cwd: folder,
    env: npmEnvironment(),
    shell: isWindows,
    maxBuffer: 16 * 1024 * 1024,
  });
}

/** Under `npm test` the outer npm describes its own package in the environment; the inner npm must not see that. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const own = /^npm_(package_|lifecycle_|config_(local_prefix|ignore_scripts|omit|include))/i;
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(inherited), PATH: pathWithOwnNode() };
}

/** The `PATH` on which `node` is the Node that runs this file. */
export function pathWithOwnNode(): string {
  return `${path.dirname(process.execPath)}${path.delimiter}${process.env["PATH"] ?? ""}`;
}

async function removeAbandoned(target: string): Promise<void> {
  const parent = path.dirname(target);
  await mkdir(parent, { recursive: true });
  const prefix = `${path.basename(target)}.partial-`;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
    await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
