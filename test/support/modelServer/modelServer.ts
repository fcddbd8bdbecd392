import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type AnswerSink, writeAnswer } from "./modelAnswer.ts";
import { type ModelRequest, parseModelRequest, type WireFormat, wireFormatOf } from "./modelRequest.ts";
import { type AbstractCall, pickStep, type Scenario, type Step } from "./scenario.ts";
import { isCodingRequest, mapCall, type WireCall } from "./toolMapping.ts";

export interface ModelServerOptions {
  /** Tried in this order for a session that is not registered. */
  readonly scenarios: readonly Scenario[];
  readonly port?: number;
}

/** What `requests` keeps of each request to the model. */
export interface RecordedRequest {
  /** `NAME` of `/s/NAME/…`, or "" without one. */
  readonly session: string;
  readonly format: WireFormat;
  readonly model: string;
  readonly tools: readonly string[];
  /** Where the answer came from: `scenario/turn/step`, `none`, or `side` for a request without coding tools. */
  readonly position: string;
  /** The latest user message. */
  readonly prompt: string;
  /** What the agent's tools answered last, "" if the conversation ends in something else. */
  readonly toolResult: string;
  /** Set if the script could not be followed; the agent was told the same. */
  readonly scriptError?: string;
}

export interface SessionRegistration {
  /** Name of the one scenario that this session may use. Default: all. */
  readonly scenario?: string;
  /** Values of `{{name}}` in texts and calls. `cwd` is guessed from the prompt if it is not given. */
  readonly vars?: Readonly<Record<string, string>>;
}

export interface ModelServer {
  /** `http://127.0.0.1:PORT`; append `/s/NAME` for a session of its own. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** Optional: a session that nobody registered is answered by its prompt alone. */
  register(name: string, registration: SessionRegistration): void;
  close(): Promise<void>;
}

/** Starts a scripted model on loopback. It speaks OpenAI responses, OpenAI chat completions, Anthropic messages and Gemini. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const state = new ModelServerState(options.scenarios);
  const server = createServer((request, response) => {
    state.handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: String(error) } }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The model server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests: state.requests,
    register: (name, registration) => state.registrations.set(name, registration),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

class ModelServerState {
  readonly requests: RecordedRequest[] = [];
  readonly registrations = new Map<string, SessionRegistration>();
  readonly #scenarios: readonly Scenario[];
  /** How many injected failures have been answered, by session and position. */
  readonly #failures = new Map<string, number>();

  constructor(scenarios: readonly Scenario[]) {
    this.#scenarios = scenarios;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const [, session = "", path = pathname] = /^\/s\/([\w.-]+)(\/.*)$/.exec(pathname) ?? [];
    const body = await readBody(request);
    const format = request.method === "POST" ? wireFormatOf(path) : undefined;
    if (format === undefined) return answerOther(path, response);
    const modelRequest = parseModelRequest(format, path, JSON.parse(body));
    const { step, position } = this.#pick(session, modelRequest);
    const cwd = this.registrations.get(session)?.vars?.["cwd"] ?? sniffCwd(modelRequest) ?? ".";
    const fill = filler({ ...this.registrations.get(session)?.vars, cwd });
    const { calls, scriptError } = mapCalls(step.calls ?? [], modelRequest, cwd, fill);
    this.requests.push({
      session,
      format,
      model: modelRequest.model,
      tools: modelRequest.tools.map(({ name }) => name),
      position,
      prompt: modelRequest.history.findLast(({ role }) => role === "user")?.text ?? "",
      toolResult: lastToolResult(modelRequest),
      ...(scriptError !== undefined && { scriptError }),
    });
    if (step.delayMs !== undefined) await delay(step.delayMs);
    if (this.#answerFailure(step, `${session}/${position}`, response)) return;
    const text = fill(scriptError === undefined ? (step.text ?? "") : `SCRIPT ERROR: ${scriptError}`);
    const answer = {
      thought: fill(step.thought ?? ""),
      text,
      calls,
      inputTokens: step.usage?.input ?? Math.ceil(body.length / 4),
      outputTokens: step.usage?.output ?? Math.ceil((text.length + JSON.stringify(calls).length) / 4),
      chunk: step.chunk ?? 24,
    };
    await writeAnswer(modelRequest, answer, sinkOf(response, step.gapMs ?? 0));
    if (!response.writableEnded) response.end();
  }

  #pick(session: string, request: ModelRequest): { step: Step; position: string } {
    // Titles, summaries and the like: they offer no tools, and their prompts quote the user's.
    if (!isCodingRequest(request.tools)) return { step: { text: "Scripted session" }, position: "side" };
    const name = this.registrations.get(session)?.scenario;
    const scenarios = name === undefined ? this.#scenarios : this.#scenarios.filter((known) => known.name === name);
    return pickStep(scenarios, request.history);
  }

  #answerFailure(step: Step, key: string, response: ServerResponse): boolean {
    const { failure } = step;
    const used = this.#failures.get(key) ?? 0;
    if (failure === undefined || used >= (failure.times ?? 1)) return false;
    this.#failures.set(key, used + 1);
    const { status, retryAfterSeconds } = failure;
    const code = status === 429 ? "rate_limit_exceeded" : "server_error";
    const headers = { ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }) };
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { code, type: code, status: code, message: `scripted ${status}` } }));
    return true;
  }
}

function mapCalls(
  calls: readonly AbstractCall[],
  request: ModelRequest,
  cwd: string,
  fill: (text: string) => string,
): { calls: WireCall[]; scriptError?: string } {
  try {
    return { calls: calls.map((call) => mapCall(fillDeep(call, fill), request.tools, cwd)) };
  } catch (error) {
    return { calls: [], scriptError: error instanceof Error ? error.message : String(error) };
  }
}

function fillDeep(call: AbstractCall, fill: (text: string) => string): AbstractCall {
  const entries = Object.entries(call).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === "string" ? fill(value) : value,
  ]);
  return Object.fromEntries(entries) as AbstractCall;
}

function lastToolResult(request: ModelRequest): string {
  const last = request.history.at(-1);
  return last?.role === "tool" ? last.text : "";
}

function filler(vars: Readonly<Record<string, string>>): (text: string) => string {
  return (text) => text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => vars[name] ?? whole);
}

/** The working folder as the agents tell it to the model: Codex in an environment block, the others in a sentence or a list. */
function sniffCwd(request: ModelRequest): string | undefined {
  const texts = [request.system, ...request.history.filter(({ role }) => role === "user").map(({ text }) => text)];
  const patterns = [
    /<cwd>\s*(\/[^<\s]+)/i,
    /workspace directories:?\**:?\s*-\s*(\/[^\s`"'<>)]+)/i,
    /working (?:in the )?directory:?\s*[`"']?(\/[^\s`"'<>)]+)/i,
  ];
  for (const pattern of patterns) {
    const found = pattern.exec(texts.join("\n"))?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

function sinkOf(response: ServerResponse, gapMs: number): AnswerSink {
  const text = (line: string) => {
    if (!response.headersSent)
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.write(line);
  };
  return {
    json: (value) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    },
    event: (name, data) => text(`${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`),
    text,
    gap: async () => {
      if (gapMs > 0) await delay(gapMs);
    },
  };
}

function answerOther(path: string, response: ServerResponse): void {
  const isModelList = path.endsWith("/models");
  const isCount = path.endsWith(":countTokens") || path.endsWith("/count_tokens");
  const status = isModelList || isCount ? 200 : 404;
  response.writeHead(status, { "content-type": "application/json" });
  if (isModelList) response.end(JSON.stringify({ object: "list", data: [], models: [] }));
  else if (isCount) response.end(JSON.stringify({ totalTokens: 100, input_tokens: 100 }));
  else response.end(JSON.stringify({ error: { message: `nothing at ${path}`, type: "not_found_error" } }));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
