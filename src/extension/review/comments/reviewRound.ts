import { cutText, fenceCode, quoteLines } from "../../../base/markdownQuotes.ts";
import { displayPath } from "../reviewUri.ts";
import type { ReviewComment } from "./reviewComment.ts";

const maxQuoted = 4_000;
const commitLength = 10;
const suggestion = /^(`{3,})suggestion[ \t]*$/m;

/**
 * A round of comments as one message to the agent, each with its file, lines and the code that it is about. Code and paths
 * are the agent's own and quoted so that they can pass for nothing else; what the person wrote stands as it was written.
 *
 * @param comments those that have something to send, in the order of their numbers
 */
export function roundText(comments: readonly ReviewComment[]): string {
  const commits = new Set(comments.map(({ place }) => place.commit));
  const [commit] = commits;
  const of = commits.size === 1 && commit !== undefined ? ` of commit ${commit.slice(0, commitLength)}` : "";
  const many = comments.length === 1 ? "one comment" : `${comments.length} comments`;
  const intro = `Review${of}: ${many}. Address each of them, and end with what you did, by its number.`;
  const hasSuggestion = comments.some(({ entries }) =>
    entries.some(({ text, isDraft }) => isDraft && suggestion.test(text)),
  );
  const about = "A `suggestion` block holds the exact lines that shall stand in the place of the quoted ones.";
  return [intro, ...(hasSuggestion ? [about] : []), ...comments.map(commentText)].join("\n\n");
}

function commentText({ place, entries }: ReviewComment, index: number): string {
  const { lines, side, path } = place;
  const where = lines ? `:${lines.from + 1}${lines.to > lines.from ? `-${lines.to + 1}` : ""}` : "";
  const before = side === "before" ? " (as it was before the change)" : "";
  const name = displayPath(path).replaceAll("`", "'");
  const quoted = lines?.quoted === undefined ? [] : [fenceCode(cutText(lines.quoted, maxQuoted), languageOf(path))];
  const earlier = entries.filter(({ isDraft }) => !isDraft).map(({ text }) => text);
  const said = earlier.length === 0 ? [] : [`Said before:\n\n${quoteLines(cutText(earlier.join("\n\n"), maxQuoted))}`];
  const fresh = entries.filter(({ isDraft }) => isDraft).map(({ text }) => text.trim());
  return [`**${index + 1}.** \`${name}${where}\`${before}`, ...quoted, ...said, ...fresh].join("\n\n");
}

/** What a fence takes: the name's ending. */
function languageOf(path: string): string {
  return /\.(\w{1,12})$/.exec(path)?.[1] ?? "";
}

/** The order in which comments are numbered: by file and line, as a reader meets them. */
export function inReadingOrder(comments: readonly ReviewComment[]): readonly ReviewComment[] {
  return comments.toSorted(
    ({ place: a }, { place: b }) =>
      (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || (a.lines?.from ?? -1) - (b.lines?.from ?? -1),
  );
}

/** A comment that proposes other lines, to be written out. */
export function suggestionOf(quoted: string): string {
  return fenceCode(quoted, "suggestion");
}
