import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod/mini";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import type { Scenario } from "../support/modelServer/scenario.ts";

const GREETING: Scenario = {
  name: "greeting",
  fallback: "Nothing left to say.",
  turns: [
    {
      match: /hello/i,
      steps: [
        { text: "Hello from {{cwd}}.", calls: [{ tool: "shell", command: "ls {{cwd}}", why: "Look" }] },
        { text: "Bye.", usage: { input: 7, output: 3 } },
      ],
    },
    { match: /be patient/i, steps: [{ text: "Thank you.", failure: { status: 429, retryAfterSeconds: 1 } }] },
  ],
};

const SHELL_TOOL = {
  type: "function",
  function: {
    name: "bash",
    parameters: {
      type: "object",
      properties: { command: { type: "string" }, timeout: { type: "number" } },
      required: ["command"],
    },
  },
};

const Completion = z.looseObject({
  choices: z.array(
    z.looseObject({
      message: z.looseObject({
        content: z.string(),
        tool_calls: z.optional(
          z.array(z.looseObject({ function: z.looseObject({ name: z.string(), arguments: z.string() }) })),
        ),
      }),
    }),
  ),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }),
});

let server: ModelServer;

beforeEach(async () => {
  server = await startModelServer({ scenarios: [GREETING, ...CODING_SCENARIOS] });
});

afterEach(() => server.close());

interface ChatMessage {
  readonly role: "user" | "assistant" | "tool" | "system";
  readonly content: string;
}

async function post(
  messages: readonly ChatMessage[],
  session = "",
  extra: object = { tools: [SHELL_TOOL] },
): Promise<Response> {
  const prefix = session === "" ? "" : `/s/${session}`;
  const body = JSON.stringify({ model: "m", messages, ...extra });
  return fetch(`${server.url}${prefix}/v1/chat/completions`, { method: "POST", body });
}

async function chat(messages: readonly ChatMessage[], session?: string): Promise<z.infer<typeof Completion>> {
  return Completion.parse(await (await post(messages, session)).json());
}

const HELLO: ChatMessage = { role: "user", content: "Hello. Working directory: /srv/work" };

test("the prompt chooses the turn and the tool calls use what is offered", async () => {
  const { choices } = await chat([HELLO]);
  expect(choices[0]?.message.content).toBe("Hello from /srv/work.");
  const call = choices[0]?.message.tool_calls?.[0]?.function;
  expect(call?.name).toBe("bash");
  expect(JSON.parse(call?.arguments ?? "")).toEqual({ command: "ls /srv/work" });
});

test("the position follows from the history, so the same request gives the same answer again", async () => {
  const history: ChatMessage[] = [HELLO, { role: "assistant", content: "…" }, { role: "tool", content: "file" }];
  const first = await chat(history);
  const again = await chat(history);
  expect(first.choices[0]?.message.content).toBe("Bye.");
  expect(again.choices).toEqual(first.choices);
  expect(first.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 3 });
  expect(server.requests.at(-1)).toMatchObject({ position: "greeting/0/1", toolResult: "file" });
});

test("a registration limits a session to one scenario and gives it variables", async () => {
  server.register("one", { scenario: "greeting", vars: { cwd: "/elsewhere" } });
  expect((await chat([HELLO], "one")).choices[0]?.message.content).toBe("Hello from /elsewhere.");
  const unknown = await chat([{ role: "user", content: "Fix the add function" }], "one");
  expect(unknown.choices[0]?.message.content).toBe("Nothing left to say.");
});

test("a failure is answered as often as the scenario says, for each session", async () => {
  const prompt: ChatMessage[] = [{ role: "user", content: "Be patient" }];
  const refused = await post(prompt, "a");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect((await post(prompt, "a")).status).toBe(200);
  expect((await post(prompt, "b")).status).toBe(429);
});

test("a request without coding tools does not move the conversation on", async () => {
  const answer = await post([HELLO], "", {});
  expect(Completion.parse(await answer.json()).choices[0]?.message.content).toBe("Scripted session");
  expect(server.requests.at(-1)?.position).toBe("side");
});

test("a streamed answer carries the same text in pieces and ends with its usage", async () => {
  const text = await (await post([HELLO], "", { stream: true, tools: [SHELL_TOOL] })).text();
  const events = text.split("\n\n").filter((event) => event.startsWith("data: {"));
  const deltas = events.map((event) => /"content":"((?:[^"\\]|\\.)*)"/.exec(event)?.[1] ?? "");
  expect(deltas.join("")).toBe("Hello from /srv/work.");
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
});
