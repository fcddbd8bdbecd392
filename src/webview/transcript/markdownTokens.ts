import { signal } from "@preact/signals";
import type { Token } from "marked";
import { isHttpsAddress } from "../../base/httpsAddress.ts";

const lexer = signal<((source: string) => Token[]) | undefined>(undefined);

/** Until the parser has come, texts are shown as they are written. Who draws one is drawn again then. */
export async function loadLexer(): Promise<void> {
  lexer.value = (await import("./markdownLexer.ts")).lex;
}

/** Longer texts, and those that nest deeper, are shown as they are written: no parser sees them. */
export const maxMarkdownChars = 200_000;
export const maxNesting = 32;

/** The top-level blocks of a text, or `undefined` for one that is not (yet) to be parsed. */
export function lexMarkdown(source: string): readonly Token[] | undefined {
  if (source.length > maxMarkdownChars || nestsTooDeep(source)) return undefined;
  try {
    return lexer.value?.(source);
  } catch {
    // A text that defeats the parser is still a text.
    return undefined;
  }
}

/** Before parsing, by what opens a level: quote marks and list markers of one line, indentation, brackets, emphasis. */
function nestsTooDeep(source: string): boolean {
  for (const line of source.split("\n")) {
    const [lead = ""] = /^[\s>*+\-\d.)]*/.exec(line) ?? [];
    const markers = lead.match(/>|[*+-]\s|\d[.)]\s/g)?.length ?? 0;
    const indent = lead.replace(/\S.*/s, "").replaceAll("\t", "    ").length;
    if (markers + indent / 2 > maxNesting && /[>*+\-\d]/.test(line)) return true;
    if (bracketDepth(line) > maxNesting || /(?<![*_~])[*_~]{65,}[^*_~\s]/.test(line)) return true;
  }
  return false;
}

function bracketDepth(line: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of line) {
    if (char === "[") deepest = Math.max(deepest, ++depth);
    else if (char === "]") depth = Math.max(0, depth - 1);
  }
  return deepest;
}

/**
 * The blocks of a text that grows at its end. Blocks before the last one cannot change any more, so only the tail is
 * parsed again and the earlier tokens stay the same objects.
 */
export class GrowingMarkdown {
  #source = "";
  #tokens: readonly Token[] | undefined = [];

  update(source: string): readonly Token[] | undefined {
    if (lexer.value === undefined) return undefined;
    if (source === this.#source) return this.#tokens;
    const settled = source.startsWith(this.#source) && this.#tokens !== undefined ? settledBlocks(this.#tokens) : [];
    const settledChars = settled.reduce((sum, token) => sum + token.raw.length, 0);
    // Line ends are normalised by the lexer, so raw lengths are offsets only where there was nothing to normalise.
    const canReuse = settledChars > 0 && !source.includes("\r") && source.length <= maxMarkdownChars;
    const tail = lexMarkdown(canReuse ? source.slice(settledChars) : source);
    this.#source = source;
    this.#tokens = tail && canReuse ? [...settled, ...tail] : tail;
    return this.#tokens;
  }
}

/** All but the last block and the space after it: text that comes may still belong to that one. */
function settledBlocks(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.findLastIndex((token) => token.type !== "space");
  return tokens.slice(0, Math.max(0, last));
}

/** The address of a link; `undefined` for what is none. */
export function safeHttpsUrl(href: string): URL | undefined {
  return isHttpsAddress(href) && URL.canParse(href) ? new URL(href) : undefined;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The lexer leaves character references as they are written. */
export function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name: string) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? whole) : whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = code >= 0x20 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : "\ufffd";
  });
}
