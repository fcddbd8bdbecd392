import { toLine } from "../../base/visibleText.ts";
import type { ActiveTurn, ChatState, Turn } from "../../protocol/chatState.ts";
import { type ToolCardView, toolCardView } from "../transcript/toolCardView.ts";

/** One tool call that printed, or may still print, to a terminal. */
export interface ToolLog {
  readonly key: string;
  readonly terminal: string;
  readonly title: string;
  readonly view: ToolCardView;
  readonly preview: string | undefined;
  readonly isDone: boolean;
}

/** Every terminal of the conversation in the order of the calls. */
export function toolLogsOf(chat: ChatState | undefined): readonly ToolLog[] {
  if (chat === undefined) return [];
  const turns: readonly (Turn | ActiveTurn)[] = chat.activeTurn ? [...chat.turns, chat.activeTurn] : chat.turns;
  return turns.flatMap((turn) =>
    turn.responseParts.flatMap((part): ToolLog[] => {
      if (part.kind !== "toolCall" || !("content" in part.toolCall)) return [];
      const { toolCall } = part;
      const view = toolCardView(toolCall);
      return (toolCall.content ?? []).flatMap((item): ToolLog[] =>
        item.type === "terminal"
          ? [
              {
                key: item.resource,
                terminal: item.resource,
                title: toLine(view.summary || view.title || item.title, 200),
                view,
                preview: item.result?.preview,
                isDone: view.tone !== "running",
              },
            ]
          : [],
      );
    }),
  );
}
