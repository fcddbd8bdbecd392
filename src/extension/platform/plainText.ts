import { toLine } from "../../base/visibleText.ts";

/**
 * A peer's text for a place where VS Code reads `$(name)` as an icon (tree and quick pick labels, the status bar,
 * buttons of a notification). The zero-width space that stands between `$` and `(` is ours, and the only one.
 */
export function toLabel(text: string, maxLength = 120): string {
  return toLine(text, maxLength).replaceAll("$(", "$\u200b(");
}

/** A peer's text inside a `MarkdownString`: nothing in it is read as markdown, html or an icon. */
export function toMarkdownText(text: string, maxLength = 2000): string {
  return toLine(text, maxLength).replaceAll(/[\\`*_{}[\]()#+\-.!|~<>&$:@/]/g, (char) => `&#${char.charCodeAt(0)};`);
}
