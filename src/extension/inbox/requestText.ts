import { toVisibleText } from "../../base/visibleText.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";

/** What a tool call is asked permission for, exactly, cut into lines that a list shows whole. */
export interface RequestText {
  readonly kind: "command" | "call";
  readonly lines: readonly string[];
  /** The same before what cannot be seen was spelled out. */
  readonly text: string;
  /** It would change files: how is shown in the panel. */
  readonly changesFiles: boolean;
  /** The lines only name what there is to judge: it lies elsewhere, or is the result of a call that has run. */
  readonly isElsewhere: boolean;
}

/** As in `wrap`. */
const lineChars = 90;

export function toRequestText({ toolCall }: Extract<SessionInputRequest, { kind: "toolConfirmation" }>): RequestText {
  const input = inputOf(toolCall);
  const command = commandOf(input) ?? (runsCommand(toolCall) && !isJson(input) ? input : undefined);
  const text = command ?? input ?? ("displayName" in toolCall ? toolCall.displayName : "");
  const edits = "edits" in toolCall && toolCall.status === "pending-confirmation" ? (toolCall.edits?.items ?? []) : [];
  const files = edits.map(({ before, after }) => `Changes ${after?.uri ?? before?.uri ?? "a file"}`);
  const whole = [text, ...files].join("\n");
  return {
    kind: command === undefined ? "call" : "command",
    lines: toVisibleText(whole).split("\n").flatMap(wrap),
    text: whole,
    changesFiles: edits.length > 0,
    isElsewhere: toolCall.status !== "pending-confirmation" || typeof inputValue(toolCall) === "object",
  };
}

/** The arguments, or the address where they lie. */
function inputOf(toolCall: ToolCall): string | undefined {
  const input = inputValue(toolCall);
  return typeof input === "object" ? input.uri : input;
}

function inputValue(toolCall: ToolCall) {
  return "toolInput" in toolCall ? toolCall.toolInput : undefined;
}

/** The host says that the call runs a command (VS Code's convention for `_meta`). */
function runsCommand(toolCall: ToolCall): boolean {
  return "_meta" in toolCall && toolCall._meta?.["toolKind"] === "terminal";
}

function isJson(input: string | undefined): boolean {
  return /^\s*[{[]/.test(input ?? "");
}

/** The command, where it is all there is to judge; otherwise every argument has to be shown. */
function commandOf(input: string | undefined): string | undefined {
  try {
    const value: unknown = JSON.parse(input ?? "");
    if (typeof value !== "object" || value === null || Object.keys(value).length !== 1) return undefined;
    const command: unknown = Reflect.get(value, "command");
    return typeof command === "string" ? command : undefined;
  } catch {
    return undefined;
  }
}

function wrap(line: string): readonly string[] {
  if (line.length <= lineChars) return [line];
  return line.match(/.{1,90}/gsu) ?? [];
}
