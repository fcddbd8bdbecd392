import { toLine } from "../../base/visibleText.ts";
import type { ActiveTurn, ChatState, Turn } from "../../protocol/chatState.ts";
import type { FileEdit } from "../../protocol/content.ts";
import type { TerminalState } from "../../protocol/terminal.ts";
import { isToolCallOver, type ToolCall, type ToolContent } from "../../protocol/toolCall.ts";
import type { NamedTerminal } from "./log/panelLog.ts";

/** Of one snapshot, in UTF-16 units of JSON. What is active is sent whatever its size. */
const budgetChars = 200_000;

/** A chat without the turns that are too far back for one message; older ones follow on request. */
export interface ChatWindow {
  readonly state: ChatState;
  /** Index of the oldest turn in the window. */
  readonly firstTurn: number;
}

export function windowOf(chat: ChatState): ChatWindow {
  const firstTurn = startWithin(chat.turns, chat.turns.length);
  return { state: firstTurn === 0 ? chat : { ...chat, turns: chat.turns.slice(firstTurn) }, firstTurn };
}

/** The turns before `end` that fit one message. */
export function olderThan(
  chat: ChatState,
  end: number,
): { readonly turns: readonly Turn[]; readonly firstTurn: number } {
  const firstTurn = startWithin(chat.turns, end);
  return { turns: chat.turns.slice(firstTurn, end), firstTurn };
}

/** Index from which on turns up to `end` fit the budget; at least one does. */
function startWithin(turns: readonly Turn[], end: number): number {
  let start = end;
  let chars = 0;
  while (start > 0) {
    chars += JSON.stringify(turns[start - 1]).length;
    if (chars > budgetChars && start < end) break;
    start -= 1;
  }
  return start;
}

/** Everything that a terminal printed. */
export function terminalText({ content }: Pick<TerminalState, "content">): string {
  return content.map(textOf).join("");
}

function textOf(part: TerminalState["content"][number]): string {
  if (part.type === "command") return `$ ${part.commandLine}\n${part.output}`;
  return part.type === "unclassified" ? part.value : "";
}

/** Every terminal of the conversation, in the order of the calls. A page may ask for no other. */
export function terminalsOf(chat: ChatState): readonly NamedTerminal[] {
  const named = new Map<string, NamedTerminal>();
  for (const { toolCall, item } of contents(chat)) {
    if (item.type !== "terminal" || named.has(item.resource)) continue;
    const title = item.title || ("displayName" in toolCall ? toolCall.displayName : "");
    named.set(item.resource, { uri: item.resource, title: toLine(title, 200), isDone: isToolCallOver(toolCall) });
  }
  return Array.from(named.values());
}

/** Whether the conversation names the content: a page may ask for no other picture. */
export function namesContent(chat: ChatState, uri: string): boolean {
  for (const { item } of contents(chat)) if (item.type === "resource" && item.uri === uri) return true;
  return turnsOf(chat).some(
    ({ message, responseParts }) =>
      message.attachments?.some((each) => each.type === "resource" && each.uri === uri) === true ||
      responseParts.some((part) => part.kind === "contentRef" && part.uri === uri),
  );
}

/** An edit that a tool call tells of, by its place among the call's content. */
export function editOf(chat: ChatState, toolCallId: string, index: number): FileEdit | undefined {
  for (const { toolCall, item, at } of contents(chat)) {
    const isIt = "toolCallId" in toolCall && toolCall.toolCallId === toolCallId && at === index;
    if (isIt && item.type === "fileEdit") return item;
  }
  return undefined;
}

export function turnsOf({
  turns,
  activeTurn,
}: Pick<ChatState, "turns" | "activeTurn">): readonly (Turn | ActiveTurn)[] {
  return activeTurn ? [...turns, activeTurn] : turns;
}

function* contents(chat: ChatState): Generator<{ toolCall: ToolCall; item: ToolContent; at: number }, void, undefined> {
  for (const { responseParts } of turnsOf(chat)) {
    for (const part of responseParts) {
      if (part.kind !== "toolCall" || !("content" in part.toolCall)) continue;
      const { toolCall } = part;
      for (const [at, item] of (toolCall.content ?? []).entries()) yield { toolCall, item, at };
    }
  }
}
