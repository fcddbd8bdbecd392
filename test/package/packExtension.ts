import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { createVSIX } from "@vscode/vsce";

const root = path.resolve(import.meta.dirname, "..", "..");

/** Builds the production bundles (into `dist/`) and packs the extension. Returns the path of the VSIX in `folder`. */
export async function packExtension(folder: string): Promise<string> {
  await build();
  const manifest: unknown = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : undefined;
  const packagePath = path.join(folder, `muster-${String(version)}.vsix`);
  await mkdir(folder, { recursive: true });
  await createVSIX({
    cwd: root,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  return packagePath;
}

/** Its output goes to standard error, where it cannot mix with what a script prints for other programs. */
async function build(): Promise<void> {
  const child = spawn(process.execPath, ["esbuild.mjs", "--production"], { cwd: root, stdio: ["ignore", 2, 2] });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error("The build failed; see above.");
}
