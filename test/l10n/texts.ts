/**
 * `node test/l10n/texts.ts` writes `l10n/bundle.l10n.json`: every text that the extension shows through `vscode.l10n.t`, for
 * translators, who add `bundle.l10n.<language>.json` beside it. A unit test holds the file against the sources.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");
const sources = path.join(root, "src", "extension");
export const bundleFile = path.join(root, "l10n", "bundle.l10n.json");

const call = /\bl10n\s*\.t\(/g;
const literal = /\bl10n\s*\.t\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/g;

export interface Texts {
  readonly messages: readonly string[];
  /** Files with a call whose message is put together: nobody could translate it. */
  readonly unreadable: readonly string[];
}

export function extractTexts(): Texts {
  const messages = new Set<string>();
  const unreadable: string[] = [];
  for (const name of readdirSync(sources, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(path.join(sources, name), "utf8");
    const found = Array.from(text.matchAll(literal), ([, quoted = '""']) => unquoted(quoted));
    for (const message of found) messages.add(message);
    if (found.length !== Array.from(text.matchAll(call)).length) unreadable.push(name);
  }
  return { messages: Array.from(messages).toSorted(), unreadable };
}

/** As `@vscode/l10n` has it: the message is its own key. */
export function bundleOf(messages: readonly string[]): string {
  return `${JSON.stringify(Object.fromEntries(messages.map((message) => [message, message])), undefined, 2)}\n`;
}

function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  const json = literal.startsWith("'") ? inner.replaceAll("\\'", "'").replaceAll('"', '\\"') : inner;
  return String(JSON.parse(`"${json}"`));
}

if (import.meta.main) {
  const { messages, unreadable } = extractTexts();
  writeFileSync(bundleFile, bundleOf(messages));
  for (const name of unreadable) console.error(`${name}: a message is not one literal`);
  process.exitCode = unreadable.length > 0 ? 1 : 0;
}
