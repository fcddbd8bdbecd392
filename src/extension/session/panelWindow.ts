import type { ChatState, Turn } from "../../protocol/chatState.ts";
import type { TerminalState } from "../../protocol/terminal.ts";
import type { ToolContent } from "../../protocol/toolCall.ts";

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

/** A terminal with the end of its output only, from the start of a line. */
export function terminalTail(terminal: TerminalState): { readonly state: TerminalState; readonly skipped: number } {
  const text = terminal.content.map(textOf).join("");
  if (text.length <= budgetChars) return { state: terminal, skipped: 0 };
  const cut = text.length - budgetChars;
  const lineStart = text.indexOf("\n", cut) + 1;
  const from = lineStart === 0 ? cut : lineStart;
  return { state: { ...terminal, content: [{ type: "unclassified", value: text.slice(from) }] }, skipped: from };
}

function textOf(part: TerminalState["content"][number]): string {
  if (part.type === "command") return `$ ${part.commandLine}\n${part.output}`;
  return part.type === "unclassified" ? part.value : "";
}

/** Everything that a terminal printed, for a document. */
export function terminalText(terminal: TerminalState): string {
  return terminal.content.map(textOf).join("");
}

/** Whether the conversation names the terminal: a page may ask for no other. */
export function namesTerminal(chat: ChatState, terminal: string): boolean {
  const turns = chat.activeTurn ? [...chat.turns, chat.activeTurn] : chat.turns;
  const isIt = (item: ToolContent) => item.type === "terminal" && item.resource === terminal;
  return turns.some((turn) =>
    turn.responseParts.some(
      (part) => part.kind === "toolCall" && "content" in part.toolCall && (part.toolCall.content?.some(isIt) ?? false),
    ),
  );
}
