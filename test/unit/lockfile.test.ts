import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";

const Lockfile = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      optionalDependencies: z.optional(z.record(z.string(), z.string())),
      resolved: z.optional(z.string()),
    }),
  ),
});

describe("package-lock.json", () => {
  const { packages } = Lockfile.parse(JSON.parse(readFileSync("package-lock.json", "utf8")));

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

  it("names no registry", () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved?.startsWith("http"))).toEqual([]);
  });
});
