import * as z from "zod/mini";
import type { HistoryMessage } from "./scenario.ts";

export type WireFormat = "responses" | "chat" | "gemini" | "anthropic";

/** The parts of a JSON schema that the mapping of tools looks at. */
export const ToolSchema = z.looseObject({
  properties: z.optional(z.record(z.string(), z.looseObject({ type: z.optional(z.unknown()) }))),
  required: z.optional(z.array(z.string())),
});
export type ToolSchema = z.infer<typeof ToolSchema>;

export interface OfferedTool {
  readonly name: string;
  readonly schema: ToolSchema;
  /** OpenAI "custom" tool: takes free text in place of JSON arguments. */
  readonly takesText: boolean;
}

/** A request to the model, the same for all wire formats. */
export interface ModelRequest {
  readonly format: WireFormat;
  readonly model: string;
  readonly stream: boolean;
  readonly system: string;
  /** Runs of assistant items are one message. */
  readonly history: readonly HistoryMessage[];
  readonly tools: readonly OfferedTool[];
}

const Content = z.union([z.string(), z.array(z.unknown()), z.looseObject({}), z.null()]);

const FunctionTool = z.looseObject({ name: z.string(), parameters: z.optional(z.unknown()) });

const ResponsesBody = z.looseObject({
  model: z.string(),
  stream: z.optional(z.boolean()),
  instructions: z.optional(z.nullable(z.string())),
  input: z.union([
    z.string(),
    z.array(
      z.looseObject({
        type: z.optional(z.string()),
        role: z.optional(z.string()),
        content: z.optional(Content),
        output: z.optional(Content),
      }),
    ),
  ]),
  tools: z.optional(z.array(z.looseObject({ type: z.string() }))),
});

const ChatBody = z.looseObject({
  model: z.string(),
  stream: z.optional(z.boolean()),
  messages: z.array(z.looseObject({ role: z.string(), content: z.optional(Content) })),
  tools: z.optional(z.array(z.looseObject({ function: FunctionTool }))),
});

const GeminiBody = z.looseObject({
  systemInstruction: z.optional(z.looseObject({ parts: z.optional(z.array(z.unknown())) })),
  contents: z.array(
    z.looseObject({
      role: z.optional(z.string()),
      parts: z.array(
        z.looseObject({ functionResponse: z.optional(z.looseObject({ response: z.optional(z.unknown()) })) }),
      ),
    }),
  ),
  tools: z.optional(
    z.array(
      z.looseObject({
        functionDeclarations: z.optional(
          z.array(
            z.looseObject({
              name: z.string(),
              parameters: z.optional(z.unknown()),
              parametersJsonSchema: z.optional(z.unknown()),
            }),
          ),
        ),
      }),
    ),
  ),
});

const AnthropicBody = z.looseObject({
  model: z.string(),
  stream: z.optional(z.boolean()),
  system: z.optional(z.unknown()),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(z.unknown())]) })),
  tools: z.optional(z.array(z.looseObject({ name: z.string(), input_schema: z.optional(z.unknown()) }))),
});

const ToolResult = z.looseObject({ type: z.literal("tool_result") });

/** Which format a POST to this path speaks; `undefined` for a path that is no model request. */
export function wireFormatOf(path: string): WireFormat | undefined {
  if (path.endsWith("/chat/completions")) return "chat";
  if (path.endsWith("/responses")) return "responses";
  if (path.endsWith("/messages")) return "anthropic";
  if (/:(?:streamGenerateContent|generateContent)$/.test(path)) return "gemini";
  return undefined;
}

/** @throws z.core.$ZodError when the body is not of the format's shape */
export function parseModelRequest(format: WireFormat, path: string, body: unknown): ModelRequest {
  if (format === "responses") return fromResponses(ResponsesBody.parse(body));
  if (format === "chat") return fromChat(ChatBody.parse(body));
  if (format === "anthropic") return fromAnthropic(AnthropicBody.parse(body));
  return fromGemini(GeminiBody.parse(body), path);
}

function fromResponses(body: z.infer<typeof ResponsesBody>): ModelRequest {
  const items = typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input;
  let system = body.instructions ?? "";
  const messages: HistoryMessage[] = [];
  for (const item of items) {
    const type = "type" in item ? (item.type ?? "") : "";
    if (item.role === "system" || item.role === "developer") system += `\n${textOf(item.content)}`;
    else if (type.endsWith("_output"))
      messages.push({ role: "tool", text: textOf("output" in item ? item.output : "") });
    else if (type !== "reasoning") {
      messages.push({ role: item.role === "user" ? "user" : "assistant", text: textOf(item.content) });
    }
  }
  const tools = (body.tools ?? []).flatMap((tool) => {
    const parsed = FunctionTool.safeParse(tool);
    return parsed.success ? [offered(parsed.data.name, parsed.data.parameters, tool.type === "custom")] : [];
  });
  return {
    format: "responses",
    model: body.model,
    stream: body.stream ?? false,
    system,
    history: merge(messages),
    tools,
  };
}

function fromChat(body: z.infer<typeof ChatBody>): ModelRequest {
  let system = "";
  const messages: HistoryMessage[] = [];
  for (const { role, content } of body.messages) {
    if (role === "system" || role === "developer") system += `${textOf(content)}\n`;
    else messages.push({ role: role === "user" || role === "tool" ? role : "assistant", text: textOf(content) });
  }
  const tools = (body.tools ?? []).map((tool) => offered(tool.function.name, tool.function.parameters, false));
  return {
    format: "chat",
    model: body.model,
    stream: body.stream ?? false,
    system,
    history: merge(messages),
    tools,
  };
}

function fromGemini(body: z.infer<typeof GeminiBody>, path: string): ModelRequest {
  const messages = body.contents.flatMap(({ role, parts }) =>
    parts.map((part): HistoryMessage => {
      if (role === "model") return { role: "assistant", text: textOf(part) };
      if (part.functionResponse === undefined) return { role: "user", text: textOf(part) };
      return { role: "tool", text: JSON.stringify(part.functionResponse.response ?? "") };
    }),
  );
  const declarations = (body.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []);
  return {
    format: "gemini",
    model: /models\/([^:/]+):/.exec(path)?.[1] ?? "scripted",
    stream: path.endsWith(":streamGenerateContent"),
    system: textOf(body.systemInstruction?.parts),
    history: merge(messages),
    tools: declarations.map((tool) => offered(tool.name, tool.parametersJsonSchema ?? tool.parameters, false)),
  };
}

function fromAnthropic(body: z.infer<typeof AnthropicBody>): ModelRequest {
  let system = textOf(body.system);
  const messages: HistoryMessage[] = [];
  for (const { role, content } of body.messages) {
    if (role === "system") {
      system += `\n${textOf(content)}`;
      continue;
    }
    for (const part of typeof content === "string" ? [content] : content) {
      const isResult = ToolResult.safeParse(part).success;
      messages.push({ role: role === "assistant" ? role : isResult ? "tool" : "user", text: textOf(part) });
    }
  }
  return {
    format: "anthropic",
    model: body.model,
    stream: body.stream ?? false,
    system,
    history: merge(messages),
    tools: (body.tools ?? []).map((tool) => offered(tool.name, tool.input_schema, false)),
  };
}

function offered(name: string, schema: unknown, takesText: boolean): OfferedTool {
  const parsed = ToolSchema.safeParse(schema);
  return { name, schema: parsed.success ? parsed.data : {}, takesText };
}

const TextPart = z.looseObject({ text: z.string() });
const Nested = z.looseObject({ content: z.optional(z.unknown()), output: z.optional(z.unknown()) });

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  const part = TextPart.safeParse(content);
  if (part.success) return part.data.text;
  const nested = Nested.safeParse(content);
  return nested.success ? textOf(nested.data.content ?? nested.data.output ?? "") : "";
}

function merge(messages: readonly HistoryMessage[]): HistoryMessage[] {
  const merged: HistoryMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (last?.role === "assistant" && message.role === "assistant") {
      merged[merged.length - 1] = { role: "assistant", text: last.text + message.text };
    } else merged.push(message);
  }
  return merged;
}
