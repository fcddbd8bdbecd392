import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { bundledPackages } from "./bundledPackages.ts";
import { type Check, nothingOf } from "./check.ts";

const Component = z.looseObject({
  "bom-ref": z.string(),
  name: z.string(),
  version: z.string(),
  licenses: z.optional(z.array(z.unknown()).check(z.minLength(1))),
  hashes: z.optional(z.array(z.unknown()).check(z.minLength(1))),
});
const Bom = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.string(),
  metadata: z.looseObject({ component: z.looseObject({ "bom-ref": z.string(), name: z.string() }) }),
  components: z.array(Component),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
type Bom = z.infer<typeof Bom>;

/**
 * Writes the bill of materials of the VSIX (CycloneDX) that was built in `folder`: what npm says of those packages that are
 * in it. It holds no time and no random number, so equal builds have equal bills.
 */
export async function writeSbom(folder: string, file: string): Promise<readonly Check[]> {
  const bundled = (await bundledPackages(folder)).map(({ name, version }) => `${name}@${version}`);
  const { stdout } = await promisify(execFile)("npm", ["sbom", "--sbom-format", "cyclonedx"], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  });
  const { serialNumber: _, metadata, ...bom } = Bom.parse(JSON.parse(stdout));
  const { timestamp: __, ...about } = metadata;
  const product = about.component["bom-ref"];
  const isIn = new Set([product, ...bundled]);
  const components = bom.components.filter((component) => isIn.has(component["bom-ref"]));
  const dependencies = bom.dependencies.flatMap(({ ref, dependsOn }) =>
    isIn.has(ref) ? [{ ref, dependsOn: dependsOn.filter((each) => isIn.has(each)) }] : [],
  );
  const name = product.replace(/@[^@]*$/, "");
  const whole: Bom = {
    ...bom,
    metadata: { ...about, component: { ...about.component, name } },
    components,
    dependencies,
  };
  await writeFile(file, `${JSON.stringify(whole, undefined, 2)}\n`);
  const listed = new Set(components.map((component) => component["bom-ref"]));
  return [
    nothingOf(`SUP-2: the bill of materials names every package in the VSIX (${bundled.length}), and no other`, [
      ...bundled.filter((each) => !listed.has(each)).map((each) => `missing: ${each}`),
      ...(bundled.length === 0 ? ["no package at all"] : []),
    ]),
    nothingOf(
      "SUP-2: each of them has a licence and a digest there",
      components.flatMap(({ licenses, hashes, name }) => (licenses && hashes ? [] : [name])),
    ),
  ];
}
