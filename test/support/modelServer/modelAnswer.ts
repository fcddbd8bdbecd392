import { randomUUID } from "node:crypto";
import { writeAnthropic } from "./anthropicAnswer.ts";
import type { ModelRequest } from "./modelRequest.ts";
import type { WireCall } from "./toolMapping.ts";

/** What the model says, ready for any wire format. */
export interface ModelAnswer {
  readonly thought: string;
  readonly text: string;
  readonly calls: readonly WireCall[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Characters in each streamed piece. */
  readonly chunk: number;
}

/** Where an answer goes. `gap` waits between two pieces. */
export interface AnswerSink {
  json(value: unknown): void;
  event(name: string | undefined, data: unknown): void;
  text(line: string): void;
  gap(): Promise<void>;
}

/** Writes an answer in the format that the request came in, streaming if it asked for that. */
export async function writeAnswer(request: ModelRequest, answer: ModelAnswer, sink: AnswerSink): Promise<void> {
  if (request.format === "responses") await writeResponses(request, answer, sink);
  else if (request.format === "chat") await writeChat(request, answer, sink);
  else if (request.format === "anthropic") await writeAnthropic(request, answer, sink);
  else await writeGemini(request, answer, sink);
}

const newId = (prefix: string) => prefix + randomUUID().replaceAll("-", "").slice(0, 20);

function pieces(text: string, size: number): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, "gu")) ?? [];
}

async function writeResponses(request: ModelRequest, answer: ModelAnswer, sink: AnswerSink): Promise<void> {
  const items: Record<string, unknown>[] = [];
  const content = [{ type: "output_text", text: answer.text, annotations: [] }];
  if (answer.text !== "")
    items.push({ type: "message", id: newId("msg_"), role: "assistant", status: "completed", content });
  for (const { name, args, text } of answer.calls) {
    const call = { id: newId("fc_"), call_id: newId("call_"), name, status: "completed" };
    if (text === undefined) items.push({ type: "function_call", ...call, arguments: JSON.stringify(args) });
    else items.push({ type: "custom_tool_call", ...call, input: text });
  }
  const response = { id: newId("resp_"), object: "response", created_at: nowSeconds(), model: request.model };
  const usage = {
    input_tokens: answer.inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: answer.outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: answer.inputTokens + answer.outputTokens,
  };
  const completed = { ...response, status: "completed", output: items, usage };
  if (!request.stream) return sink.json(completed);
  let sequence = 0;
  const emit = (type: string, fields: object) => sink.event(type, { type, sequence_number: sequence++, ...fields });
  emit("response.created", { response: { ...response, status: "in_progress", output: [] } });
  for (const [index, item] of items.entries()) {
    const place = { output_index: index, item_id: item["id"] };
    emit("response.output_item.added", { output_index: index, item: { ...item, status: "in_progress" } });
    if (item["type"] === "message") {
      for (const delta of pieces(answer.text, answer.chunk)) {
        emit("response.output_text.delta", { ...place, content_index: 0, delta });
        await sink.gap();
      }
      emit("response.output_text.done", { ...place, content_index: 0, text: answer.text });
    } else {
      const isText = item["type"] === "custom_tool_call";
      const kind = isText ? "custom_tool_call_input" : "function_call_arguments";
      const delta = isText ? item["input"] : item["arguments"];
      emit(`response.${kind}.delta`, { ...place, delta });
      emit(`response.${kind}.done`, { ...place, [isText ? "input" : "arguments"]: delta });
    }
    emit("response.output_item.done", { output_index: index, item });
  }
  emit("response.completed", { response: completed });
}

async function writeChat(request: ModelRequest, answer: ModelAnswer, sink: AnswerSink): Promise<void> {
  const base = { id: newId("chatcmpl-"), created: nowSeconds(), model: request.model };
  const usage = {
    prompt_tokens: answer.inputTokens,
    completion_tokens: answer.outputTokens,
    total_tokens: answer.inputTokens + answer.outputTokens,
  };
  const calls = answer.calls.map(({ name, args }, index) => ({
    index,
    id: newId("call_"),
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  if (!request.stream) {
    const message = { role: "assistant", content: answer.text, ...(calls.length > 0 && { tool_calls: calls }) };
    return sink.json({
      ...base,
      object: "chat.completion",
      choices: [{ index: 0, finish_reason: finish, message }],
      usage,
    });
  }
  const emit = (delta: object, finishReason: string | null = null) => {
    const choices = [{ index: 0, delta, finish_reason: finishReason }];
    sink.event(undefined, { ...base, object: "chat.completion.chunk", choices });
  };
  emit({ role: "assistant", content: "" });
  for (const content of pieces(answer.text, answer.chunk)) {
    emit({ content });
    await sink.gap();
  }
  for (const call of calls) emit({ tool_calls: [call] });
  emit({}, finish);
  sink.event(undefined, { ...base, object: "chat.completion.chunk", choices: [], usage });
  sink.text("data: [DONE]\n\n");
}

async function writeGemini(request: ModelRequest, answer: ModelAnswer, sink: AnswerSink): Promise<void> {
  const usageMetadata = {
    promptTokenCount: answer.inputTokens,
    candidatesTokenCount: answer.outputTokens,
    totalTokenCount: answer.inputTokens + answer.outputTokens,
  };
  const wrap = (parts: unknown[], finishReason?: string) => ({
    candidates: [{ index: 0, content: { role: "model", parts }, ...(finishReason !== undefined && { finishReason }) }],
    usageMetadata,
    modelVersion: request.model,
    responseId: newId("r"),
  });
  const calls = answer.calls.map(({ name, args }) => ({ functionCall: { id: newId("call_"), name, args } }));
  if (!request.stream) {
    const parts: unknown[] = [...(answer.text === "" ? [] : [{ text: answer.text }]), ...calls];
    return sink.json(wrap(parts, "STOP"));
  }
  if (answer.thought !== "") sink.event(undefined, wrap([{ text: answer.thought, thought: true }]));
  for (const text of pieces(answer.text, answer.chunk)) {
    sink.event(undefined, wrap([{ text }]));
    await sink.gap();
  }
  sink.event(undefined, wrap(calls.length > 0 ? calls : [{ text: "" }], "STOP"));
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
