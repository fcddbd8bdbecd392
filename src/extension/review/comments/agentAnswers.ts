import { cutText } from "../../../base/markdownQuotes.ts";
import { toVisibleText } from "../../../base/visibleText.ts";
import type { ChatState, Message, ResponsePart } from "../../../protocol/chatState.ts";

/** What became of the round that a comment was last sent with. */
export type RoundAnswer =
  /** Behind what the agent is at. */
  | { readonly kind: "queued" }
  | { readonly kind: "working"; readonly turnId: string }
  | { readonly kind: "stopped"; readonly turnId: string }
  /** `text` is what the agent said to this comment, for the eye; empty when it said nothing at the end. */
  | { readonly kind: "answered"; readonly turnId: string; readonly text: string };

const maxAnswer = 4_000;

/** Of the latest message that brought the comment to the agent; `undefined` where the loaded turns hold none. */
export function answerOf(chat: ChatState, annotationId: string): RoundAnswer | undefined {
  if (chat.queuedMessages?.some(({ message }) => numberIn(message, annotationId) > 0)) return { kind: "queued" };
  const { activeTurn } = chat;
  if (activeTurn && numberIn(activeTurn.message, annotationId) > 0) return { kind: "working", turnId: activeTurn.id };
  const turn = chat.turns.findLast(({ message }) => numberIn(message, annotationId) > 0);
  if (turn === undefined) return undefined;
  if (turn.state !== "complete") return { kind: "stopped", turnId: turn.id };
  const closing = closingWords(turn.responseParts);
  const text = sectionOf(closing, numberIn(turn.message, annotationId)) ?? closing;
  return { kind: "answered", turnId: turn.id, text: cutText(toVisibleText(text.trim()), maxAnswer) };
}

/** The comment's number in a round; 0 where it is not part of it. */
function numberIn({ attachments = [] }: Message, annotationId: string): number {
  for (const attachment of attachments) {
    if (attachment.type !== "annotations") continue;
    const at = attachment.annotationIds?.indexOf(annotationId) ?? -1;
    if (at >= 0) return at + 1;
  }
  return 0;
}

/** What the agent wrote after its last tool call. */
function closingWords(parts: readonly ResponsePart[]): string {
  const words: string[] = [];
  for (const part of parts.toReversed()) {
    if (part.kind === "toolCall") break;
    if (part.kind === "markdown") words.unshift(part.content);
  }
  return words.join("\n");
}

const numbered = /^[ \t>*_#-]*(?:comment\s+)?#?(\d{1,3})[*_]{0,2}[.):][*_]{0,2}[ \t]*/gim;

/** The part of a numbered answer that is about one number; `undefined` where the answer has none. */
function sectionOf(text: string, number: number): string | undefined {
  const heads = Array.from(text.matchAll(numbered));
  const at = heads.findIndex(([, found]) => Number(found) === number);
  const head = heads[at];
  if (head === undefined) return undefined;
  return text.slice(head.index + head[0].length, heads[at + 1]?.index);
}
