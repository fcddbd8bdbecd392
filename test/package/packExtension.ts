import { spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import * as path from "node:path";

const root = path.resolve(import.meta.dirname, "..", "..");

/** Builds the production bundles (into `dist/`) and packs the extension. Returns the path of the VSIX in `folder`. */
export async function packExtension(folder: string): Promise<string> {
  await run("The build", root, ["esbuild.mjs", "--production"]);
  const manifest: unknown = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined;
  const file = path.join(folder, `muster-${String(version)}.vsix`);
  await mkdir(folder, { recursive: true });
  await packFolder(root, file);
  return file;
}

/** The built files of the extension that every window loads, by their paths in the project; the rest waits until it is needed. */
export async function windowBundles(): Promise<string[]> {
  const chunks = await readdir(path.join(root, "dist", "chunks"));
  const loaded = chunks.filter((name) => /^(?:chunk|features)-/.test(name)).map((name) => `dist/chunks/${name}`);
  return ["dist/extension.cjs", ...loaded];
}

/** Packs the extension in `folder` as it lies there. */
export async function packFolder(folder: string, file: string): Promise<void> {
  const vsce = path.join(root, "node_modules", "@vscode", "vsce", "vsce");
  const flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--no-rewrite-relative-links"];
  await run("Packing", folder, [vsce, "package", ...flags, "--out", file]);
}

/** What the tools print is shown only when they fail: standard output belongs to whoever packs. */
async function run(what: string, cwd: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${what} failed:\n${Buffer.concat(printed).toString("utf8")}`);
}
