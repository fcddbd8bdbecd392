import { readFile } from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod/mini";
import { toVisibleSegments } from "../../src/base/visibleText.ts";
import { secretsIn } from "../../src/extension/ship/secretScan.ts";
import { type Check, nothingOf } from "./check.ts";

const Manifest = z.looseObject({
  activationEvents: z.array(z.string()),
  scripts: z.optional(z.record(z.string(), z.string())),
});

/** Ways to run text as code, by their names or through another. */
const codeOfText = /(?<![\w.$"])(?:eval\s*\(|Function\s*\(|new\s+Function\b)|=\s*Function\s*[;,)]/;
/**
 * Programs of the host, each a Node process of its own: ACP's SDK brings the whole of zod, which makes parsers of schemas
 * (ours and the SDK's, never a peer's) as code. What runs in the editor and in its pages has `zod/mini` and needs no excuse.
 */
const excused = ["extension/dist/host/main.mjs", "extension/dist/host/sampleAgent.mjs"];
/** Files that turn up in an extension by mistake, and in those that were found with credentials in them. */
const strays =
  /(?:^|\/)(?:\.env|\.npmrc|\.git|\.vscode|\.ssh|test|tests|node_modules|src)(?:\/|$|\.)|\.(?:map|ts|tsx|pem|key|log|vsix)$/i;

/** Rule EXT-1: what is held against the files of a VSIX as it would be installed. */
export async function auditVsix(files: ReadonlyMap<string, Buffer>): Promise<readonly Check[]> {
  const texts = Array.from(files).flatMap(([name, bytes]) =>
    /\.(?:png|ttf)$/.test(name) ? [] : [{ name, text: bytes.toString("utf8") }],
  );
  const scripts = texts.filter(({ name }) => /\.[cm]?js$/.test(name));
  const makers = scripts.flatMap(({ name, text }) => (codeOfText.test(text) ? [name] : []));
  const manifest = Manifest.parse(JSON.parse(files.get("extension/package.json")?.toString("utf8") ?? ""));
  return [
    nothingOf("EXT-1: the VSIX holds exactly the files of vsixFiles.txt", await strangers(files)),
    nothingOf("EXT-1: the VSIX holds no source, test, source map, or file that credentials are kept in", [
      ...Array.from(files.keys()).filter((name) => strays.test(name)),
      ...scripts.flatMap(({ name, text }) => (/[#@]\s*sourceMappingURL=/.test(text) ? [`${name} names a map`] : [])),
    ]),
    nothingOf("EXT-1: the extension brings no other, wakes in no window by itself and runs nothing when it goes", [
      ...["extensionPack", "extensionDependencies"].filter((key) => key in manifest),
      ...manifest.activationEvents.filter((event) => event === "*" || event === "onStartupFinished"),
      ...Object.keys(manifest.scripts ?? {}).filter((name) => name.startsWith("vscode:")),
    ]),
    nothingOf("EXT-1: nothing in the VSIX looks like a credential", texts.flatMap(credentialsIn)),
    nothingOf("EXT-1: nothing in the VSIX is invisible to a reader", texts.flatMap(invisibleIn)),
    nothingOf("EXT-1: no bundle makes code of text but those two programs of the host that have zod's reason", [
      ...makers.filter((name) => !excused.includes(name)).map((name) => `${name} does`),
      ...excused.filter((name) => !makers.includes(name)).map((name) => `${name} needs no excuse`),
    ]),
  ];
}

async function strangers(files: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const list = await readFile(path.join(import.meta.dirname, "vsixFiles.txt"), "utf8");
  const expected = list.trim().split("\n");
  const actual = Array.from(files.keys(), (name) => name.replace(/-[A-Z0-9]{8}\.cjs$/, "-*.cjs"));
  return [
    ...actual.filter((name) => !expected.includes(name)).map((name) => `not expected: ${name}`),
    ...expected.filter((name) => !actual.includes(name)).map((name) => `missing: ${name}`),
  ];
}

interface Text {
  readonly name: string;
  readonly text: string;
}

/** Long enough for any credential, short enough that whoever looks for them looks at all of it. */
const pieceChars = 8_000;
const overlapChars = 500;

function credentialsIn({ name, text }: Text): string[] {
  const pieces = text
    .split("\n")
    .flatMap((line) =>
      Array.from({ length: Math.ceil(line.length / pieceChars) || 1 }, (_, index) =>
        line.slice(Math.max(0, index * pieceChars - overlapChars), (index + 1) * pieceChars),
      ),
    );
  return secretsIn({ before: "", after: pieces.join("\n") }).map(({ what }) => `${what} in ${name}`);
}

function invisibleIn({ name, text }: Text): string[] {
  const marks = toVisibleSegments(text).filter(({ isMark }) => isMark);
  return marks.map((mark) => `${mark.text} in ${name}`);
}
