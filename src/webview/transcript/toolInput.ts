import type { ToolCall, ToolInput } from "../../protocol/toolCall.ts";

/** The arguments of a tool call, taken apart for a reader. Nothing is left out: what is no command is a field. */
export interface ToolInputView {
  /** What a shell would run, exactly. */
  readonly command: string | undefined;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** Arguments that are no JSON object, as they came. */
  readonly raw: string | undefined;
}

/** @param isCommand arguments that are no JSON object are what a shell would run. */
export function toToolInputView(input: ToolInput | undefined, isCommand = false): ToolInputView {
  if (input === undefined || input === "") return { command: undefined, fields: [], raw: undefined };
  if (typeof input !== "string") return { command: undefined, fields: [], raw: input.uri };
  const object = parseObject(input);
  if (object === undefined) {
    return isCommand ? { command: input, fields: [], raw: undefined } : { command: undefined, fields: [], raw: input };
  }
  const command = commandOf(object["command"]);
  const fields = Object.entries(object)
    .filter(([name]) => name !== "command" || command === undefined)
    .map(([name, value]) => ({ name, value: typeof value === "string" ? value : JSON.stringify(value, undefined, 2) }));
  return { command, fields, raw: undefined };
}

/** All of it, as it is shown. */
export function textOf({ command, raw, fields }: ToolInputView): string {
  return [command ?? "", raw ?? "", ...fields.flatMap(({ name, value }) => [name, value])].join("\n");
}

/** Whether the host says that the call runs a command (VS Code's convention for `_meta`). */
export function runsCommand(toolCall: ToolCall): boolean {
  return "_meta" in toolCall && toolCall._meta?.["toolKind"] === "terminal";
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function commandOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || !value.every((word): word is string => typeof word === "string")) return undefined;
  return value.map(quoted).join(" ");
}

/** A word of an argument list as a shell would have to be told it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
