import type { TerminalPart } from "../../protocol/terminal.ts";

export interface ScrollbackLimits {
  /** Characters that a terminal's state may hold. */
  readonly max: number;
  /** Characters that are left when it holds more. The further below `max`, the seldomer anything is sent twice. */
  readonly kept: number;
}

export const scrollbackLimits: ScrollbackLimits = { max: 1024 * 1024, kept: 256 * 1024 };

const note = "\x1b[0m\x1b[2m[earlier output was left out]\x1b[0m\r\n";

/**
 * What a terminal is to show in place of `content` when that has outgrown the limits: a note, `modes`, and the end of its
 * output from the start of a line. Undefined while it has not. Told as `terminal/cleared` and `terminal/data`, so whoever
 * folds the channel ends with the same text.
 */
export function shortened(
  content: readonly TerminalPart[],
  modes: string,
  { max, kept }: ScrollbackLimits = scrollbackLimits,
): string | undefined {
  const texts = content.map((part) =>
    part.type === "command" ? part.output : part.type === "unclassified" ? part.value : "",
  );
  if (texts.reduce((sum, text) => sum + text.length, 0) <= max) return undefined;
  const all = texts.join("");
  return note + modes + all.slice(startOfLine(all, all.length - kept));
}

/** The first line that starts at or after `at`; without one near, the next whole character. */
function startOfLine(text: string, at: number): number {
  const newline = text.indexOf("\n", at - 1);
  if (newline !== -1 && newline < text.length - 1) return newline + 1;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}
