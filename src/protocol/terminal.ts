import * as z from "zod/mini";
import {
  type ActionOf,
  compact,
  defineActions,
  loose,
  openEnum,
  openUnion,
  opt,
  set,
  type UnknownAction,
  Uri,
} from "./schema.ts";

/** Who may type into the terminal and decides its life. */
export const TerminalClaim = openUnion(
  "kind",
  [
    loose({ kind: z.literal("client"), clientId: z.string() }),
    loose({
      kind: z.literal("session"),
      session: Uri,
      chat: opt(Uri),
      turnId: opt(z.string()),
      toolCallId: opt(z.string()),
    }),
  ],
  {},
);
export type TerminalClaim = z.infer<typeof TerminalClaim>;

export const TerminalLifecycle = loose({ status: openEnum(["running", "exited"]), exitCode: opt(z.number()) });
export type TerminalLifecycle = z.infer<typeof TerminalLifecycle>;

export const TerminalPart = openUnion(
  "type",
  [
    loose({ type: z.literal("unclassified"), value: z.string() }),
    loose({
      type: z.literal("command"),
      commandId: z.string(),
      commandLine: z.string(),
      output: z.string(),
      /** Milliseconds since the Unix epoch. */
      timestamp: z.number(),
      isComplete: z.boolean(),
      exitCode: opt(z.number()),
      durationMs: opt(z.number()),
    }),
  ],
  {},
);
export type TerminalPart = z.infer<typeof TerminalPart>;

export const TerminalState = loose({
  title: z.string(),
  cwd: opt(Uri),
  cols: opt(z.number()),
  rows: opt(z.number()),
  content: z.array(TerminalPart),
  lifecycle: opt(TerminalLifecycle),
  claim: TerminalClaim,
  supportsCommandDetection: opt(z.boolean()),
  /** `false`: plain output that nobody can type into, such as the log of a command. */
  isPty: opt(z.boolean()),
});
export type TerminalState = z.infer<typeof TerminalState>;

export const terminalActions = defineActions({
  "terminal/data": { data: z.string() },
  /** Keystrokes: broadcast to every viewer, never folded. */
  "terminal/input": { data: z.string() },
  "terminal/resized": { cols: z.number(), rows: z.number() },
  "terminal/claimed": { claim: TerminalClaim },
  "terminal/titleChanged": { title: z.string() },
  "terminal/cwdChanged": { cwd: Uri },
  "terminal/exited": { exitCode: opt(z.number()) },
  "terminal/cleared": {},
  "terminal/commandDetectionAvailable": {},
  "terminal/commandExecuted": { commandId: z.string(), commandLine: z.string(), timestamp: z.number() },
  "terminal/commandFinished": {
    commandId: z.string(),
    exitCode: opt(z.number()),
    durationMs: opt(z.number()),
  },
});
export type TerminalAction = ActionOf<typeof terminalActions>;

export function reduceTerminal(state: TerminalState, action: TerminalAction | UnknownAction): TerminalState {
  switch (action.type) {
    case "terminal/data":
      return action.data === "" ? state : { ...state, content: appendData(state.content, action.data) };
    case "terminal/resized":
      return set(state, { cols: action.cols, rows: action.rows });
    case "terminal/claimed":
      return set(state, { claim: action.claim });
    case "terminal/titleChanged":
      return set(state, { title: action.title });
    case "terminal/cwdChanged":
      return set(state, { cwd: action.cwd });
    case "terminal/exited":
      return set(state, { lifecycle: compact<TerminalLifecycle>({ status: "exited", exitCode: action.exitCode }) });
    case "terminal/cleared":
      return set(state, { content: [] });
    case "terminal/commandDetectionAvailable":
      return set(state, { supportsCommandDetection: true });
    case "terminal/commandExecuted": {
      const { commandId, commandLine, timestamp } = action;
      const command: TerminalPart = {
        type: "command",
        commandId,
        commandLine,
        output: "",
        timestamp,
        isComplete: false,
      };
      return { ...state, supportsCommandDetection: true, content: [...state.content, command] };
    }
    case "terminal/commandFinished":
      return finishCommand(state, action);
    case "terminal/input":
    case "(unknown)":
    default:
      return state;
  }
}

/** To the last part if it is an open command, else to a trailing unclassified part, else to a fresh one. */
function appendData(content: readonly TerminalPart[], data: string): TerminalPart[] {
  const last = content.at(-1);
  if (last?.type === "command" && !last.isComplete) {
    return [...content.slice(0, -1), { ...last, output: last.output + data }];
  }
  if (last?.type === "unclassified") return [...content.slice(0, -1), { ...last, value: last.value + data }];
  return [...content, { type: "unclassified", value: data }];
}

function finishCommand(
  state: TerminalState,
  action: Extract<TerminalAction, { type: "terminal/commandFinished" }>,
): TerminalState {
  const index = state.content.findLastIndex((part) => part.type === "command" && part.commandId === action.commandId);
  const command = state.content[index];
  if (command?.type !== "command" || command.isComplete) return state;
  const { exitCode, durationMs } = action;
  const finished = compact({ ...command, isComplete: true, exitCode, durationMs });
  return { ...state, content: state.content.with(index, finished) };
}
