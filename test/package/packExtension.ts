import { spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { writeNotices } from "./bundledPackages.ts";

export const root = path.resolve(import.meta.dirname, "..", "..");

/** Builds the production bundles of `project` (into its `dist/`), with the notices of what is in them, and packs the extension. Returns the path of the VSIX in `folder`. */
export async function packExtension(folder: string, project = root): Promise<string> {
  await run("The build", project, ["esbuild.mjs", "--production"]);
  await writeNotices(project);
  const manifest: unknown = JSON.parse(await readFile(path.join(project, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined;
  const file = path.join(folder, `muster-${String(version)}.vsix`);
  await mkdir(folder, { recursive: true });
  await packFolder(project, file);
  return file;
}

/** The built files of the extension that every window loads, by their paths in the project; the rest waits until it is needed. */
export async function windowBundles(): Promise<string[]> {
  const chunks = await readdir(path.join(root, "dist", "chunks"));
  const loaded = chunks.filter((name) => /^(?:chunk|features)-/.test(name)).map((name) => `dist/chunks/${name}`);
  return ["dist/extension.cjs", ...loaded];
}

/**
 * Packs the extension in `folder` as it lies there. Equal folders become equal files, wherever and whenever: the times in
 * it are the environment's `SOURCE_DATE_EPOCH`, or the first day that a zip file knows.
 */
export async function packFolder(folder: string, file: string): Promise<void> {
  const vsce = path.join(root, "node_modules", "@vscode", "vsce", "vsce");
  const flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--no-rewrite-relative-links"];
  const times = { SOURCE_DATE_EPOCH: process.env["SOURCE_DATE_EPOCH"] ?? "315532800", TZ: "UTC" };
  await run("Packing", folder, [vsce, "package", ...flags, "--out", file], times);
}

/** What the tools print is shown only when they fail: standard output belongs to whoever packs. */
async function run(what: string, cwd: string, args: readonly string[], variables = {}): Promise<void> {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${what} failed:\n${Buffer.concat(printed).toString("utf8")}`);
}
