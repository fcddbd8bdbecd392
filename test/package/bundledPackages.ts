import { readdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod/mini";

const Package = z.looseObject({ name: z.string(), version: z.string(), license: z.string() });

/** A package whose code or assets are in the bundles. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  readonly folder: string;
}

/**
 * The packages in the bundles that were built in `project`, by name: by what esbuild took, not by what somebody declares.
 * Throws for one that names no licence.
 */
export async function bundledPackages(project: string): Promise<readonly BundledPackage[]> {
  const inputs = z.array(z.string()).parse(JSON.parse(await readFile(path.join(project, "dist/inputs.json"), "utf8")));
  const folders = new Set(inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const packages = await Promise.all(
    Array.from(folders, async (each) => {
      const folder = path.join(project, each);
      const manifest: unknown = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
      return { ...Package.parse(manifest), folder };
    }),
  );
  return packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Writes `dist/ThirdPartyNotices.txt` of the bundles that were built in `project`: the licences and notices that their
 * packages ask to be passed on, as they stand in each of them. Throws for a package that brings no such text.
 */
export async function writeNotices(project: string): Promise<void> {
  const parts = (await bundledPackages(project)).map(async ({ name, version, license, folder }) => {
    const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file)).toSorted();
    if (files.length === 0) throw new Error(`${name} brings no licence text: it can't be in the VSIX.`);
    const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
    return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join("\n\n");
  });
  const line = "-".repeat(80);
  const intro = "Muster contains parts of the packages below. Their licences and notices:";
  const whole = [intro, ...(await Promise.all(parts))].join(`\n\n${line}\n\n`);
  await writeFile(path.join(project, "dist", "ThirdPartyNotices.txt"), `${whole.replaceAll("\r\n", "\n")}\n`);
}
