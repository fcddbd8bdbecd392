import path from "node:path";
import * as z from "zod/mini";
import type { OfferedTool } from "./modelRequest.ts";
import type { AbstractCall, PlanItem } from "./scenario.ts";

/** A call as it goes over the wire: JSON arguments, or free text for a tool that takes text. */
export interface WireCall {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly text?: string;
}

type ToolName = AbstractCall["tool"];

/** Names under which agents offer a tool, best first. */
const TOOL_NAMES: Readonly<Record<ToolName, readonly string[]>> = {
  read: ["read_file", "read", "Read", "view"],
  write: ["write_file", "write", "Write", "create_file", "create"],
  edit: ["replace", "edit", "Edit", "edit_file", "str_replace"],
  shell: ["run_shell_command", "exec_command", "shell_command", "shell", "bash", "Bash", "local_shell"],
  plan: ["update_plan", "write_todos", "todowrite", "TodoWrite"],
  ask: ["ask_user", "AskUserQuestion", "question"],
};

/** Names of a tool's parameters, best first; the one that the offered schema has is used. */
const PARAMETER_NAMES = {
  path: ["file_path", "filePath", "absolute_path", "path", "file"],
  content: ["content", "contents", "text", "file_text"],
  old: ["old_string", "oldString", "old_str", "oldText"],
  new: ["new_string", "newString", "new_str", "newText"],
  command: ["command", "cmd", "script"],
  why: ["description", "instruction", "explanation"],
} as const;

/** Does a request offer what a coding agent needs? Requests for titles and the like do not. */
export function isCodingRequest(tools: readonly OfferedTool[]): boolean {
  return tools.some(({ name }) => name === "apply_patch" || TOOL_NAMES.shell.includes(name));
}

/** Translates an action to a tool that the request offers. Throws an `Error` that names the offered tools if none fits. */
export function mapCall(call: AbstractCall, tools: readonly OfferedTool[], cwd: string): WireCall {
  const tool = findTool(call.tool, tools);
  if (tool !== undefined) return { name: tool.name, args: argumentsFor(call, tool, cwd) };
  const patch = tools.find(({ name }) => name === "apply_patch");
  if ((call.tool === "write" || call.tool === "edit") && patch !== undefined) return patchCall(call, patch);
  if (call.tool === "plan" || call.tool === "shell" || call.tool === "ask") {
    throw new Error(`No tool for "${call.tool}" among ${namesOf(tools)}`);
  }
  return mapCall({ tool: "shell", command: asShell(call), why: `${call.tool} ${call.path}` }, tools, cwd);
}

function findTool(name: ToolName, tools: readonly OfferedTool[]): OfferedTool | undefined {
  for (const candidate of TOOL_NAMES[name]) {
    const tool = tools.find((offered) => offered.name === candidate);
    if (tool !== undefined) return tool;
  }
  return undefined;
}

function argumentsFor(call: AbstractCall, tool: OfferedTool, cwd: string): Record<string, unknown> {
  const properties = tool.schema.properties ?? {};
  if (call.tool === "plan") return planArguments(call.items, properties);
  if (call.tool === "ask") return askArguments(call, properties);
  const args: Record<string, unknown> = {};
  for (const [key, names] of Object.entries(PARAMETER_NAMES)) {
    const value = valueOf(call, key, cwd);
    const name = names.find((candidate) => candidate in properties);
    if (value === undefined || name === undefined) continue;
    args[name] = properties[name]?.type === "array" ? ["bash", "-lc", value] : value;
  }
  // Codex hands a command back to the model as unfinished after this time; its default of ten seconds is short on a busy machine.
  if ("yield_time_ms" in properties) args["yield_time_ms"] = 30_000;
  for (const name of tool.schema.required ?? []) args[name] ??= sampleOf(properties[name]?.type);
  return args;
}

function valueOf(call: Exclude<AbstractCall, { tool: "plan" | "ask" }>, key: string, cwd: string): string | undefined {
  if (key === "path" && call.tool !== "shell") return path.resolve(cwd, call.path);
  if (key === "why" && call.tool !== "shell") return `${call.tool} ${call.path}`;
  const value: unknown = Object.entries(call).find(([name]) => name === key)?.[1];
  return typeof value === "string" ? value : undefined;
}

function sampleOf(type: unknown): unknown {
  const name = String(Array.isArray(type) ? type[0] : type).toLowerCase();
  if (name === "boolean") return false;
  if (name === "integer" || name === "number") return 1;
  if (name === "array") return [];
  return name === "object" ? {} : "scripted";
}

function askArguments(
  { question, choices }: Extract<AbstractCall, { tool: "ask" }>,
  properties: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (!("questions" in properties)) return { question, choices };
  const options = choices.map((label) => ({ label, description: `The choice ${label}` }));
  return { questions: [{ question, header: "Choice", multiSelect: false, options }] };
}

const TodoItems = z.looseObject({ items: z.looseObject({ properties: z.record(z.string(), z.unknown()) }) });

function planArguments(
  items: readonly PlanItem[],
  properties: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if ("plan" in properties) return { plan: items.map(({ text, status }) => ({ step: text, status })) };
  const schema = TodoItems.safeParse(properties["todos"]);
  // Gemini refuses properties that it does not know.
  const isKnown = (key: string) => !schema.success || key in schema.data.items.properties;
  const todos = items.map(({ text, status }, index) => {
    const todo = {
      id: String(index + 1),
      content: text,
      description: text,
      activeForm: text,
      priority: "medium",
      status,
    };
    return Object.fromEntries(Object.entries(todo).filter(([key]) => isKnown(key)));
  });
  return { todos };
}

function patchCall(call: Extract<AbstractCall, { tool: "write" | "edit" }>, tool: OfferedTool): WireCall {
  const text = patchText(call);
  if (tool.takesText) return { name: tool.name, args: {}, text };
  const name = ["input", "patch"].find((candidate) => candidate in (tool.schema.properties ?? {})) ?? "input";
  return { name: tool.name, args: { [name]: text } };
}

function patchText(call: Extract<AbstractCall, { tool: "write" | "edit" }>): string {
  const prefixed = (text: string, sign: string) =>
    text
      .replace(/\n$/, "")
      .split("\n")
      .map((line) => sign + line)
      .join("\n");
  const body =
    call.tool === "write"
      ? `*** Add File: ${call.path}\n${prefixed(call.content, "+")}`
      : `*** Update File: ${call.path}\n@@\n${prefixed(call.old, "-")}\n${prefixed(call.new, "+")}`;
  return `*** Begin Patch\n${body}\n*** End Patch`;
}

/** The action for an agent that has only a shell; Codex recognises `apply_patch` there and shows a diff. */
function asShell(call: Exclude<AbstractCall, { tool: "plan" | "shell" | "ask" }>): string {
  if (call.tool === "read") return `cat '${call.path.replaceAll("'", String.raw`'\''`)}'`;
  return `apply_patch <<'EOF'\n${patchText(call)}\nEOF`;
}

function namesOf(tools: readonly OfferedTool[]): string {
  return tools.map(({ name }) => name).join(", ");
}
