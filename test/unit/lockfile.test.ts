import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";

const Lockfile = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.optional(z.string()),
      optionalDependencies: z.optional(z.record(z.string(), z.string())),
      resolved: z.optional(z.string()),
      integrity: z.optional(z.string()),
      license: z.optional(z.string()),
      hasInstallScript: z.optional(z.boolean()),
      optional: z.optional(z.boolean()),
      os: z.optional(z.unknown()),
    }),
  ),
});
const Manifest = z.looseObject({
  dependencies: z.optional(z.record(z.string(), z.string())),
  devDependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});

/** Their texts may be used, changed and passed on by anybody who keeps the notices. */
const licences = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "(MIT AND Zlib)",
  "(MIT OR GPL-3.0-or-later)",
]);
/** Of tools that build and test; only the font of icons, whose licence wants its author named, is in what we ship. */
const otherLicences: Readonly<Record<string, string>> = {
  "@vscode/codicons": "CC-BY-4.0",
  // Signs VSIX files for the Marketplace; Microsoft's own terms.
  "@vscode/vsce-sign": "SEE LICENSE IN LICENSE.txt",
  argparse: "PSF-2.0",
  binaryextensions: "Artistic-2.0",
  editions: "Artistic-2.0",
  istextorbinary: "Artistic-2.0",
  lightningcss: "MPL-2.0",
  textextensions: "Artistic-2.0",
  "version-range": "Artistic-2.0",
  // Of a tool for tests. The first has the terms of Python (PSF-2.0) without a field for it, the second names none.
  "@ewoudenberg/difflib": "",
  dreamopt: "",
};
/** npm runs none of these by itself: it asks for each to be approved, and nothing here needs it. */
const installScripts = ["@vscode/vsce-sign", "esbuild", "node-pty"];

const { packages } = Lockfile.parse(JSON.parse(readFileSync("package-lock.json", "utf8")));
const installed = Object.entries(packages).flatMap(([location, about]) =>
  location === "" ? [] : [{ ...about, location, name: location.replace(/^.*node_modules\//, "") }],
);

describe("package-lock.json", () => {
  // npm leaves out what its registry could not give it, and `npm ci` then refuses the file on every machine.
  it("names the packages of every platform", () => {
    const missing = Object.entries(packages).flatMap(([location, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          packages[`node_modules/${name}`] === undefined && packages[`${location}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).toEqual([]);
  });

  it("SUP-1: names no registry, so each machine asks its own", () => {
    expect(installed.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });

  it("SUP-1: has a SHA-512 of every package but binaries of other platforms, which npm saw only by name", () => {
    const without = installed.filter(({ integrity }) => !integrity?.startsWith("sha512-"));
    expect(without.filter(({ optional, os }) => optional !== true || os === undefined)).toEqual([]);
    expect(without.filter(({ location }) => existsSync(location))).toEqual([]);
  });

  it("SUP-1: has packages with install scripts only where we know why", () => {
    const names = installed.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    expect(names.toSorted()).toEqual(installScripts);
  });

  it("SUP-1: has licences only of the list, or of a package that is named with its own", () => {
    const known = (name: string) =>
      Object.entries(otherLicences).find(([of]) => name === of || name.startsWith(`${of}-`))?.[1];
    const strangers = installed.filter(({ name, license = "" }) => !licences.has(license) && known(name) !== license);
    expect(strangers.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });
});

describe("package.json", () => {
  const manifest = Manifest.parse(JSON.parse(readFileSync("package.json", "utf8")));

  it("SUP-1: pins what it wants to one version, and the lockfile has that one", () => {
    const wanted = { ...manifest.devDependencies, ...manifest.optionalDependencies };
    const locked = Object.keys(wanted).map((name) => [name, packages[`node_modules/${name}`]?.version]);
    expect(Object.fromEntries(locked)).toEqual(wanted);
    // All of it is bundled: whoever installs the extension installs nothing else.
    expect(manifest.dependencies ?? {}).toEqual({});
  });
});

describe("workflows", () => {
  const files = [".github/workflows", ".github/actions"].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`)
      : [],
  );

  it("SUP-3: are none, so nothing of them can be misused", () => {
    expect(files).toEqual([]);
  });
});
