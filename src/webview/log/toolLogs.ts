import { toLine } from "../../base/visibleText.ts";
import type { ActiveTurn, ChatState, Turn } from "../../protocol/chatState.ts";
import { type ToolCardView, toolCardView } from "../transcript/toolCardView.ts";

/** One tool call that printed, or may still print, to a terminal. */
export interface ToolLog {
  readonly terminal: string;
  readonly turnId: string;
  readonly title: string;
  readonly view: ToolCardView;
}

/** Turns that are over do not change, so what was found in them is kept. */
const found = new WeakMap<Turn | ActiveTurn, readonly ToolLog[]>();

/** Every terminal of the conversation in the order of the calls. */
export function toolLogsOf(chat: ChatState | undefined): readonly ToolLog[] {
  if (chat === undefined) return [];
  const turns: readonly (Turn | ActiveTurn)[] = chat.activeTurn ? [...chat.turns, chat.activeTurn] : chat.turns;
  return turns.flatMap((turn) => {
    const known = found.get(turn);
    if (known !== undefined) return known;
    const logs = logsOf(turn);
    found.set(turn, logs);
    return logs;
  });
}

function logsOf(turn: Turn | ActiveTurn): readonly ToolLog[] {
  return turn.responseParts.flatMap((part): ToolLog[] => {
    if (part.kind !== "toolCall" || !("content" in part.toolCall)) return [];
    const { toolCall } = part;
    const terminals = (toolCall.content ?? []).filter((item) => item.type === "terminal");
    if (terminals.length === 0) return [];
    const view = toolCardView(toolCall);
    return terminals.map(({ resource, title }) => ({
      terminal: resource,
      turnId: turn.id,
      title: toLine(view.summary || view.title || title, 200),
      view,
    }));
  });
}
