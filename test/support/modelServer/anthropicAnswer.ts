import { randomUUID } from "node:crypto";
import type { AnswerSink, ModelAnswer } from "./modelAnswer.ts";
import type { ModelRequest } from "./modelRequest.ts";

/** An answer in Anthropic's messages format. */
export async function writeAnthropic(request: ModelRequest, answer: ModelAnswer, sink: AnswerSink): Promise<void> {
  const id = () => randomUUID().replaceAll("-", "").slice(0, 20);
  const text = answer.text === "" ? [] : [{ type: "text" as const, text: answer.text }];
  const calls = answer.calls.map(({ name, args }) => ({
    type: "tool_use" as const,
    id: `toolu_${id()}`,
    name,
    input: args,
  }));
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
