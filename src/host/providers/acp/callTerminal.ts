import type { TerminalAction } from "../../../protocol/terminal.ts";
import type { AcpToolCall } from "./acpMessages.ts";
import { leftOutInWords } from "./outputFlow.ts";
import { commandOutput, cut, exitCodeOf, outputDelta } from "./toolOutput.ts";

/** The terminal channel of one command, as far as it has been told. */
export interface CallTerminal {
  /** What the channel has been given, to tell a continuation from a replacement. */
  readonly text: string;
  /** Output came piece by piece: the whole that follows only repeats it. */
  readonly isStreamed: boolean;
  /** Line ends in what was told and is not kept. */
  readonly leftOut: number;
  readonly startedAtMs: number;
}

export interface Told {
  readonly terminal: CallTerminal;
  readonly actions: readonly TerminalAction[];
}

export interface CommandResult {
  readonly exitCode?: number;
  readonly preview?: string;
  readonly truncated?: boolean;
}

const maxText = 1024 * 1024;
const maxCommandLine = 4_000;
const previewLength = 500;
const cutNote = "\r\n… (the rest of the output is not kept)\r\n";

export function openTerminal(commandId: string, title: string, commandLine: string, nowMs: number): Told {
  return {
    terminal: { text: "", isStreamed: false, leftOut: 0, startedAtMs: nowMs },
    actions: [
      { type: "terminal/titleChanged", title },
      { type: "terminal/commandExecuted", commandId, commandLine: cut(commandLine, maxCommandLine), timestamp: nowMs },
    ],
  };
}

/** What this update adds to the output, or puts in its place. */
export function feedTerminal(terminal: CallTerminal, update: AcpToolCall): Told {
  const delta = outputDelta(update);
  if (delta !== undefined) {
    const room = Math.max(0, maxText - terminal.text.length);
    const leftOut = terminal.leftOut + countLines(delta.slice(room));
    return append({ ...terminal, isStreamed: true, leftOut }, delta);
  }
  const whole = terminal.isStreamed ? undefined : commandOutput(update);
  if (whole === undefined || terminal.text.startsWith(whole)) return { terminal, actions: [] };
  const told = { ...terminal, leftOut: countLines(whole.slice(maxText)) };
  if (whole.startsWith(terminal.text)) return append(told, whole.slice(terminal.text.length));
  const fresh = append({ ...told, text: "" }, whole);
  return { ...fresh, actions: [{ type: "terminal/cleared" }, ...fresh.actions] };
}

export function finishTerminal(
  terminal: CallTerminal,
  call: AcpToolCall,
  commandId: string,
  nowMs: number,
): { readonly actions: readonly TerminalAction[]; readonly result: CommandResult } {
  const exitCode = exitCodeOf(call);
  const exit = exitCode === undefined ? {} : { exitCode };
  const durationMs = Math.max(0, nowMs - terminal.startedAtMs);
  const isCut = terminal.text.length > previewLength;
  const preview = isCut ? `…${terminal.text.slice(-previewLength)}` : terminal.text;
  const { leftOut } = terminal;
  const rest = `\r\n${leftOutInWords({ lines: leftOut, bytes: 0 })}\r\n`;
  return {
    actions: [
      ...(leftOut > 0 ? [{ type: "terminal/data" as const, data: rest }] : []),
      { type: "terminal/commandFinished", commandId, ...exit, durationMs },
      { type: "terminal/exited", ...exit },
    ],
    result: { ...exit, ...(preview !== "" && { preview }), ...(isCut && { truncated: true }) },
  };
}

function append(terminal: CallTerminal, data: string): Told {
  const room = maxText - terminal.text.length;
  if (data === "" || room <= 0) return { terminal, actions: [] };
  const kept = data.slice(0, room);
  return {
    terminal: { ...terminal, text: terminal.text + kept },
    actions: [{ type: "terminal/data", data: kept.length === data.length ? data : kept + cutNote }],
  };
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
