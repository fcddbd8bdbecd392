import { toVisibleText } from "../../base/visibleText.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import type { ToolCall } from "../../protocol/toolCall.ts";

/** What a tool call is asked permission for, exactly, cut into lines that a list shows whole. */
export interface RequestText {
  readonly question: string;
  readonly lines: readonly string[];
}

const lineChars = 90;

export function toRequestText(request: Extract<SessionInputRequest, { kind: "toolConfirmation" }>): RequestText {
  const { toolCall } = request;
  const input = inputOf(toolCall);
  const command = commandOf(input) ?? (runsCommand(toolCall) && !isJson(input) ? input : undefined);
  const question = command === undefined ? "Allow this tool call?" : "Allow this command to run?";
  const text = command ?? input ?? ("displayName" in toolCall ? toolCall.displayName : "");
  return { question, lines: toVisibleText(text).split("\n").flatMap(wrap) };
}

function inputOf(toolCall: ToolCall): string | undefined {
  if (!("toolInput" in toolCall) || toolCall.toolInput === undefined) return undefined;
  return typeof toolCall.toolInput === "string" ? toolCall.toolInput : toolCall.toolInput.uri;
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
  return line.match(new RegExp(`.{1,${lineChars}}`, "gsu")) ?? [];
}
