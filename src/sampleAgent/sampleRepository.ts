import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod/mini";

const Manifest = z.looseObject({
  name: z.optional(z.string()),
  scripts: z.optional(z.record(z.string(), z.string())),
});

/** What the sample agent knows of the repository that it works on. All paths are relative, with `/`. */
export interface RepositoryFiles {
  readonly name: string;
  readonly all: readonly string[];
  readonly sources: readonly string[];
  /** The README's own spelling, or `README.md` if there is none. */
  readonly readme: string;
  readonly testFolder: string;
  readonly scripts: Readonly<Record<string, string>>;
}

const SKIPPED = new Set([".git", "node_modules", "dist", "build", "coverage", "test-results"]);
const MAX_FILES = 2_000;

export async function surveyRepository(root: string): Promise<RepositoryFiles> {
  const all: string[] = [];
  await collect(root, "", all);
  const manifest = Manifest.safeParse(await readJson(path.join(root, "package.json")));
  const folders = new Set(all.map((file) => file.split("/")[0] ?? ""));
  return {
    name: (manifest.success ? manifest.data.name : undefined) ?? path.basename(root),
    all,
    sources: all.filter((file) => /\.(?:[cm]?[jt]sx?|py|go|rs)$/.test(file) && !/(?:^|\/)tests?\//.test(file)),
    readme: all.find((file) => /^readme\.md$/i.test(file)) ?? "README.md",
    testFolder: ["test", "tests"].find((folder) => folders.has(folder)) ?? "test",
    scripts: (manifest.success ? manifest.data.scripts : undefined) ?? {},
  };
}

async function collect(root: string, folder: string, into: string[]): Promise<void> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (into.length >= MAX_FILES || SKIPPED.has(entry.name)) continue;
    const file = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) await collect(root, file, into);
    else if (entry.isFile()) into.push(file);
  }
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** The Markdown text with the section `## heading` replaced, or added at its end. */
export function withSection(markdown: string, heading: string, body: string): string {
  const lines = markdown.replace(/(?<!\n)\n*$/, "\n").split("\n");
  const section = [`## ${heading}`, "", ...body.split("\n"), ""];
  const start = lines.indexOf(`## ${heading}`);
  if (start === -1) return [...lines, ...section].join("\n");
  const next = lines.findIndex((line, index) => index > start && /^##? /.test(line));
  return [...lines.slice(0, start), ...section, ...(next === -1 ? [] : lines.slice(next))].join("\n");
}

/** A table of the top-level folders and files, with what each holds. */
export function describeLayout(files: RepositoryFiles): string {
  const byTop = new Map<string, string[]>();
  for (const file of files.all) {
    const [top = "", ...rest] = file.split("/");
    const name = rest.length > 0 ? `${top}/` : top;
    byTop.set(name, [...(byTop.get(name) ?? []), file]);
  }
  const rows = [...byTop].map(([name, members]) => `| \`${name}\` | ${describeMembers(name, members)} |`);
  return ["| Path | What it holds |", "| --- | --- |", ...rows].join("\n");
}

function describeMembers(name: string, members: readonly string[]): string {
  if (!name.endsWith("/")) return describeFile(name);
  const extensions = new Map<string, number>();
  for (const member of members) {
    const extension = path.extname(member).slice(1) || "other";
    extensions.set(extension, (extensions.get(extension) ?? 0) + 1);
  }
  const top = [...extensions].toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  const count = members.length === 1 ? "1 file" : `${members.length} files`;
  return `${count} (${top.map(([extension, number]) => `${number} ${extension}`).join(", ")})`;
}

function describeFile(name: string): string {
  if (/^licen[cs]e/i.test(name)) return "The licence";
  if (/^readme/i.test(name)) return "This file";
  if (name === "package.json") return "The npm manifest: dependencies and scripts";
  if (/lock/.test(name)) return "The exact versions of all dependencies";
  if (name.startsWith(".")) return "Settings of a tool";
  if (/\.md$/i.test(name)) return "Documentation";
  if (/\.json$/i.test(name)) return "Settings";
  return "Source";
}

export function writeContributing(old: string | undefined, files: RepositoryFiles): string {
  const scripts = Object.entries(files.scripts).filter(([name]) =>
    /^(?:test|lint|check|build|format|typecheck)/.test(name),
  );
  const commands = scripts.map(([name, script]) => `- \`npm run ${name}\` runs \`${script}\``);
  const fallback = `- \`node --test ${files.testFolder}\` runs the tests`;
  const body = ["Run these before you open a pull request:", "", ...(commands.length > 0 ? commands : [fallback])];
  return withSection(old ?? `# Contributing to ${files.name}\n`, "Checks", body.join("\n"));
}

/** A test for `node --test` that fails when the README links to a file that does not exist. */
export function writeLinkTest(files: RepositoryFiles): string {
  return `import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../", import.meta.url);
const readme = readFileSync(new URL(${JSON.stringify(files.readme)}, root), "utf8");
const links = [...readme.matchAll(/\\]\\((?!\\w+:|#|\\/\\/)([^)\\s#]+)/g)].map((match) => match[1]);

test("the README exists and says something", () => {
  assert.ok(readme.trim().length > 0);
});

for (const link of new Set(links)) {
  test(\`the README's link to \${link} leads to a file\`, () => {
    assert.ok(existsSync(new URL(link, root)), \`\${link} does not exist\`);
  });
}
`;
}

export function writeSourceNotes(notes: readonly { readonly file: string; readonly note: string }[]): string {
  const rows = notes.map(({ file, note }) => `| \`${file}\` | ${note} |`);
  return ["# Source notes", "", "| File | Note |", "| --- | --- |", ...rows, ""].join("\n");
}
