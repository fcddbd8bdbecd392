import { randomUUID } from "node:crypto";
import * as z from "zod/mini";
import type { AnswerSink, ModelAnswer } from "./modelAnswer.ts";
import { type ModelRequest, mergeAssistant, offered, textOf } from "./modelRequest.ts";
import type { HistoryMessage } from "./scenario.ts";

/** Anthropic's messages format, both ways. */
export const AnthropicBody = z.looseObject({
  model: z.string(),
  stream: z.optional(z.boolean()),
  system: z.optional(z.unknown()),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(z.unknown())]) })),
  tools: z.optional(z.array(z.looseObject({ name: z.string(), input_schema: z.optional(z.unknown()) }))),
});

const ToolResult = z.looseObject({ type: z.literal("tool_result") });

export function fromAnthropic(body: z.infer<typeof AnthropicBody>): ModelRequest {
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
    history: mergeAssistant(messages),
    tools: (body.tools ?? []).map((tool) => offered(tool.name, tool.input_schema, false)),
  };
}

export async function writeAnthropic(request: ModelRequest, answer: ModelAnswer, sink: AnswerSink): Promise<void> {
  const id = () => randomUUID().replaceAll("-", "").slice(0, 20);
  const text = answer.text === "" ? [] : [{ type: "text" as const, text: answer.text }];
  const calls = answer.calls.map(({ name, args }) => ({ type: "tool_use" as const, id: `toolu_${id()}`, name, input: args }));
  const message = { id: `msg_${id()}`, type: "message", role: "assistant", model: request.model, stop_sequence: null };
  const stopReason = calls.length > 0 ? "tool_use" : "end_turn";
  const usage = { input_tokens: answer.inputTokens, output_tokens: answer.outputTokens };
  if (!request.stream) return sink.json({ ...message, content: [...text, ...calls], stop_reason: stopReason, usage });
  const emit = (type: string, fields: object) => sink.event(type, { type, ...fields });
  const cached = { cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const started = { ...usage, ...cached, output_tokens: 1 };
  emit("message_start", { message: { ...message, content: [], stop_reason: null, usage: started } });
  for (const [index, block] of [...text, ...calls].entries()) {
    const delta = (fields: object) => emit("content_block_delta", { index, delta: fields });
    if (block.type === "text") {
      emit("content_block_start", { index, content_block: { ...block, text: "" } });
      for (let at = 0; at < block.text.length; at += answer.chunk) {
        delta({ type: "text_delta", text: block.text.slice(at, at + answer.chunk) });
        await sink.gap();
      }
    } else {
      emit("content_block_start", { index, content_block: { ...block, input: {} } });
      delta({ type: "input_json_delta", partial_json: JSON.stringify(block.input) });
    }
    emit("content_block_stop", { index });
  }
  emit("message_delta", {
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: usage.output_tokens },
  });
  emit("message_stop", {});
}
