import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import type { SessionState } from "../../protocol/sessionState.ts";

/** The agent's own commands, for a message that begins with a slash and has got no further than the command's name. */
export function commandCompletions(
  session: SessionState | undefined,
  { kind, text, offset }: ParamsOf<"completions">,
): ResultOf<"completions"> {
  const typed = /^\/(\S*)$/.exec(text.slice(0, offset))?.[1]?.toLowerCase();
  if (kind !== "userMessage" || typed === undefined) return { items: [] };
  const commands = fleetMeta("session", session)?.commands ?? [];
  const fitting = commands.filter(({ name }) => name.toLowerCase().startsWith(typed));
  return {
    items: fitting.map(({ name, description }) => ({
      insertText: `/${name} `,
      rangeStart: 0,
      rangeEnd: offset,
      // Editors show an attachment's label; it holds nothing for the agent, which reads the text.
      attachment: { type: "simple" as const, label: `/${name}`, _meta: { muster: { description } } },
    })),
  };
}
