import type { ToolInput } from "../../protocol/toolCall.ts";

/** The arguments of a tool call, taken apart for a reader. Nothing is left out: what is no command is a field. */
export interface ToolInputView {
  /** What a shell would run, exactly. */
  readonly command: string | undefined;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** Arguments that are no JSON object, as they came. */
  readonly raw: string | undefined;
}

export function toToolInputView(input: ToolInput | undefined): ToolInputView {
  if (input === undefined || input === "") return { command: undefined, fields: [], raw: undefined };
  if (typeof input !== "string") return { command: undefined, fields: [], raw: input.uri };
  const object = parseObject(input);
  if (object === undefined) return { command: undefined, fields: [], raw: input };
  const command = commandOf(object["command"]);
  const fields = Object.entries(object)
    .filter(([name]) => name !== "command" || command === undefined)
    .map(([name, value]) => ({ name, value: typeof value === "string" ? value : JSON.stringify(value, undefined, 2) }));
  return { command, fields, raw: undefined };
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
