/**
 * `node test/l10n/texts.ts` writes `l10n/bundle.l10n.json`: every text that the extension and its pages show through
 * `vscode.l10n.t` or a `t` that stands for it, and what failures say, for translators, who add `bundle.l10n.<language>.json`
 * beside it. A unit test holds the file against the sources.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ACTION_TITLES } from "../../src/extension/platform/presentError.ts";

const root = path.resolve(import.meta.dirname, "../..");
const sources = ["base", "client", "extension", "webview"].map((name) => path.join(root, "src", name));
export const bundleFile = path.join(root, "l10n", "bundle.l10n.json");

const quotes = String.raw`("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`;
const translate = String.raw`(?<![\w#.$])(?:(?:vscode\s*\.)?l10n\s*\.)?t\(\s*`;
const call = new RegExp(translate, "g");
const literal = new RegExp(`${translate}${quotes}`, "g");
/** Texts that are their own keys where they are shown: what a failure says, what was attempted, and the buttons. */
const keys = [
  String.raw`new AppError\(\s*(?:"[\w.]+"|\w+(?:\.\w+)*),\s*${quotes}\s*[,)]`,
  // What a command does, wherever its name stands: when it is registered, or in a list of such.
  String.raw`(?:"muster\.[\w.]+"|\bid),\s*("[a-z][a-z']* [^"]*")`,
  String.raw`\bpresent\(\s*(?:\w+,\s*)?${quotes}`,
  String.raw`\bsentence(?::| =)\s*${quotes}`,
  String.raw`\b(?:invalid|beyondLimit|unusable)\(\s*${quotes}`,
  String.raw`\bgiveUp\(\s*"[\w.]+",\s*${quotes}`,
].map((pattern) => new RegExp(pattern, "g"));

export interface Texts {
  readonly messages: readonly string[];
  /** Files with a call whose message is put together: nobody could translate it. */
  readonly unreadable: readonly string[];
}

export function extractTexts(): Texts {
  const messages = new Set<string>();
  const unreadable: string[] = [];
  for (const file of sources.flatMap(filesIn)) {
    const text = readFileSync(file, "utf8");
    const found = textsIn(text, literal);
    for (const message of [...found, ...keys.flatMap((key) => textsIn(text, key))]) messages.add(message);
    if (found.length !== Array.from(text.matchAll(call)).length) unreadable.push(path.relative(root, file));
  }
  for (const title of Object.values(ACTION_TITLES)) messages.add(title);
  return { messages: Array.from(messages).toSorted(), unreadable };
}

function filesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /\.tsx?$/.test(name)).map((name) => path.join(folder, name));
}

function textsIn(text: string, pattern: RegExp): readonly string[] {
  return Array.from(text.matchAll(pattern), ([, quoted = '""']) => unquoted(quoted));
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
