import type { AgentAbout, PlanStep } from "../../../protocol/fleetMeta.ts";
import { compact } from "../../../protocol/schema.ts";
import { type AcpConfigOption, type AcpModes, type AcpUpdate, valuesOf } from "./acpMessages.ts";
import { cut, oneLine } from "./toolOutput.ts";

/** What is told of the agent itself rather than of its turn: commands, modes, models, plan. Bounded, for it is kept in the session. */
const maxEntries = 100;

type CommandsUpdate = Extract<AcpUpdate, { sessionUpdate: "available_commands_update" }>;
type PlanUpdate = Extract<AcpUpdate, { sessionUpdate: "plan" }>;

export function commandsOf({ availableCommands }: CommandsUpdate): Pick<AgentAbout, "commands"> {
  const commands = availableCommands.slice(0, maxEntries).map(({ name, description, input }) =>
    compact({
      name: oneLine(name, 100),
      description: cut(oneLine(description ?? ""), 300),
      hint: input?.hint == null ? undefined : oneLine(input.hint, 200),
    }),
  );
  return { commands };
}

export function planOf({ entries }: PlanUpdate): Pick<AgentAbout, "plan"> {
  const plan = entries
    .slice(0, maxEntries)
    .map(({ content, status, priority }): PlanStep =>
      compact({ content: oneLine(content), status: statusOf(status), priority: priority ?? undefined }),
    );
  return { plan };
}

function statusOf(status: string | null | undefined): PlanStep["status"] {
  return status === "in_progress" || status === "completed" ? status : "pending";
}

/** Modes and models as a conversation offers them: its options where it has them, else the older list of modes. */
export function choicesOf(offered: {
  readonly modes?: AcpModes | null | undefined;
  readonly configOptions?: readonly AcpConfigOption[] | null | undefined;
}): Pick<AgentAbout, "modes" | "models"> {
  const modes = selection(offered.configOptions, "mode") ?? olderModes(offered.modes);
  const models = selection(offered.configOptions, "model");
  return { ...(modes && { modes }), ...(models && { models }) };
}

/** The conversation is in another mode. */
export function inMode(about: AgentAbout, current: string): Pick<AgentAbout, "modes"> {
  return { modes: { available: about.modes?.available ?? [], current } };
}

function olderModes(modes: AcpModes | null | undefined): AgentAbout["modes"] {
  if (!modes) return undefined;
  const available = modes.availableModes
    .slice(0, maxEntries)
    .map(({ id, name }) => ({ id, name: oneLine(name ?? id, 100) }));
  return compact({ current: modes.currentModeId ?? undefined, available });
}

function selection(options: readonly AcpConfigOption[] | null | undefined, category: string): AgentAbout["modes"] {
  const option = options?.find((candidate) => candidate.type === "select" && candidate.category === category);
  if (!option) return undefined;
  const available = valuesOf(option)
    .slice(0, maxEntries)
    .map(({ id, name }) => ({ id, name: oneLine(name, 100) }));
  const { currentValue } = option;
  return compact({ current: typeof currentValue === "string" ? currentValue : undefined, available });
}
