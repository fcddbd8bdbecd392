import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  type AgentContext,
  methods,
  type PermissionOption,
  type PlanEntry,
  type RequestPermissionResponse,
  type SessionUpdate,
  type ToolCallContent,
  type ToolKind,
} from "@agentclientprotocol/sdk";
import type { SampleConversation } from "./sampleConversation.ts";

export interface TurnOptions {
  readonly sessionId: string;
  readonly cwd: string;
  readonly client: AgentContext;
  readonly conversation: SampleConversation;
  /** The person has said that it need not ask. */
  readonly isTrusted: () => boolean;
  /** Aborted by `session/cancel`; every step of the turn then rejects with an `AbortError`. */
  readonly signal: AbortSignal;
  /** The unit of waiting, in milliseconds; 0 for no waiting. */
  readonly paceMs: number;
  /** The invented price of a million tokens. */
  readonly usdPerMillion: number;
}

const PERMISSION_OPTIONS: PermissionOption[] = [
  { optionId: "allow-once", name: "Allow", kind: "allow_once" },
  { optionId: "allow-always", name: "Always allow in this session", kind: "allow_always" },
  { optionId: "reject-once", name: "Reject", kind: "reject_once" },
];

/** What a turn of the sample agent can do: talk, plan, read, write, run commands and ask. All of it is really done. */
export class SampleTurn {
  readonly #options: TurnOptions;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  get cwd(): string {
    return this.#options.cwd;
  }

  get conversation(): SampleConversation {
    return this.#options.conversation;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** Waits for `units` times the configured pace. */
  async pause(units: number): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (this.#options.paceMs > 0)
      await delay(units * this.#options.paceMs, undefined, { signal: this.#options.signal });
  }

  /** Streams a paragraph, a few words at a time. */
  async say(text: string): Promise<void> {
    await this.#stream("agent_message_chunk", `${text}\n\n`);
    this.conversation.add({ kind: "agent", text });
  }

  async think(text: string): Promise<void> {
    await this.#stream("agent_thought_chunk", text);
  }

  async plan(entries: readonly string[], done: number): Promise<void> {
    const list = entries.map((content, index): PlanEntry => {
      const status = index < done ? "completed" : index === done ? "in_progress" : "pending";
      return { content, priority: "medium", status };
    });
    await this.#send({ sessionUpdate: "plan", entries: list });
  }

  async title(title: string): Promise<void> {
    this.conversation.add({ kind: "title", title });
    await this.#send({ sessionUpdate: "session_info_update", title });
  }

  /** Reports usage so far: four characters count as a token. At a price of 0 nothing is said of money. */
  async usage(): Promise<void> {
    const used = 1_200 + Math.ceil(this.conversation.characters / 4);
    const { usdPerMillion } = this.#options;
    const cost = { amount: Math.round(used * usdPerMillion * 0.1) / 100_000, currency: "USD" };
    await this.#send({ sessionUpdate: "usage_update", used, size: 128_000, ...(usdPerMillion > 0 && { cost }) });
  }

  /** Text of a file of the workspace, or `undefined` if there is none. */
  async read(file: string): Promise<string | undefined> {
    const text = await this.#peek(file);
    if (text === undefined) return undefined;
    await this.#toolCall("read", `Read ${file}`, { file, rawInput: { path: file } }, async (finish) => {
      await this.pause(2);
      await finish([textContent(`${text.split("\n").length} lines`)]);
    });
    return text;
  }

  /** Writes a file of the workspace and reports the diff. */
  async write(file: string, newText: string): Promise<void> {
    const oldText = await this.#peek(file);
    if (oldText === newText) return;
    const title = oldText === undefined ? `Create ${file}` : `Edit ${file}`;
    await this.#toolCall("edit", title, { file, rawInput: { path: file } }, async (finish) => {
      await this.pause(3);
      const absolute = path.join(this.cwd, file);
      await mkdir(path.dirname(absolute), { recursive: true });
      await writeFile(absolute, newText);
      this.conversation.add({ kind: "edited", file });
      await finish([{ type: "diff", path: absolute, oldText: oldText ?? null, newText }]);
    });
  }

  /** Runs a command in the workspace, streaming its output. Resolves with the exit code. */
  async run(command: string, args: readonly string[]): Promise<number> {
    const line = [command, ...args].join(" ");
    let exitCode = -1;
    await this.#toolCall("execute", line, { rawInput: { command: line } }, async (finish, progress) => {
      let output = "";
      exitCode = await this.#spawn(command, args, async (chunk) => {
        output += chunk;
        await progress([textContent(output)]);
      });
      await finish([textContent(output)], { exitCode });
    });
    return exitCode;
  }

  /**
   * Asks for permission to run a command, then runs it. Resolves with `"rejected"` if the person said no; a request that
   * was cancelled ends the turn.
   */
  async runWithPermission(command: string, args: readonly string[], why: string): Promise<"done" | "rejected"> {
    const line = [command, ...args].join(" ");
    const toolCallId = randomUUID();
    const call = { toolCallId, title: line, kind: "execute" as const, rawInput: { command: line, reason: why } };
    await this.#send({ sessionUpdate: "tool_call", ...call, status: "pending" });
    if (!this.conversation.isAllowed(line) && !this.#options.isTrusted()) {
      const answer = await this.#askPermission({ ...call, status: "pending", content: [textContent(why)] });
      if (answer === "reject-once") {
        await this.#send({ sessionUpdate: "tool_call_update", toolCallId, status: "failed" });
        return "rejected";
      }
      if (answer === "allow-always") this.conversation.add({ kind: "allowed", command: line });
    }
    await this.#send({ sessionUpdate: "tool_call_update", toolCallId, status: "in_progress" });
    let output = "";
    const exitCode = await this.#spawn(command, args, async (chunk) => {
      output += chunk;
      await this.#send({ sessionUpdate: "tool_call_update", toolCallId, content: [textContent(output)] });
    });
    const status = exitCode === 0 ? "completed" : "failed";
    const content = [textContent(output === "" ? "(no output)" : output)];
    await this.#send({ sessionUpdate: "tool_call_update", toolCallId, status, content, rawOutput: { exitCode } });
    return "done";
  }

  async #askPermission(toolCall: {
    readonly toolCallId: string;
    readonly title: string;
    readonly kind: ToolKind;
    readonly status: "pending";
    readonly rawInput: unknown;
    readonly content: ToolCallContent[];
  }): Promise<string> {
    const { sessionId, client, signal } = this.#options;
    const params = { sessionId, toolCall, options: PERMISSION_OPTIONS };
    const request: Promise<RequestPermissionResponse> = client.request(
      methods.client.session.requestPermission,
      params,
    );
    const { outcome } = await raceAbort(request, signal);
    if (outcome.outcome === "cancelled") throw new DOMException("The permission request was cancelled", "AbortError");
    return outcome.optionId;
  }

  async #toolCall(
    kind: ToolKind,
    title: string,
    details: { readonly file?: string; readonly rawInput: unknown },
    work: (
      finish: (content: ToolCallContent[], rawOutput?: { exitCode: number }) => Promise<void>,
      progress: (content: ToolCallContent[]) => Promise<void>,
    ) => Promise<void>,
  ): Promise<void> {
    const toolCallId = randomUUID();
    const locations = details.file === undefined ? [] : [{ path: path.join(this.cwd, details.file) }];
    const { rawInput } = details;
    await this.#send({
      sessionUpdate: "tool_call",
      toolCallId,
      title,
      kind,
      status: "in_progress",
      locations,
      rawInput,
    });
    try {
      await work(
        async (content, rawOutput) => {
          const status = rawOutput === undefined || rawOutput.exitCode === 0 ? "completed" : "failed";
          await this.#send({ sessionUpdate: "tool_call_update", toolCallId, status, content, rawOutput });
        },
        async (content) => this.#send({ sessionUpdate: "tool_call_update", toolCallId, content }),
      );
    } catch (error) {
      await this.#send({ sessionUpdate: "tool_call_update", toolCallId, status: "failed" });
      throw error;
    }
  }

  async #spawn(command: string, args: readonly string[], onOutput: (chunk: string) => Promise<void>): Promise<number> {
    this.signal.throwIfAborted();
    const executable = command === "node" ? process.execPath : command;
    // The commands of the sample agent are its own; a test runner's variables would change what they print.
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    const child = spawn(executable, args, { cwd: this.cwd, env, stdio, signal: this.signal });
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? -1));
    });
    let reported = Promise.resolve();
    const report = (chunk: Buffer) => {
      reported = reported.then(() => onOutput(chunk.toString("utf8")));
    };
    child.stdout.on("data", report);
    child.stderr.on("data", report);
    const code = await ended;
    await reported;
    return code;
  }

  async #peek(file: string): Promise<string | undefined> {
    return readFile(path.join(this.cwd, file), "utf8").catch(() => undefined);
  }

  async #stream(sessionUpdate: "agent_message_chunk" | "agent_thought_chunk", text: string): Promise<void> {
    const messageId = randomUUID();
    for (const piece of text.match(/(?:\S+\s*){1,3}/g) ?? []) {
      await this.pause(1);
      await this.#send({ sessionUpdate, messageId, content: { type: "text", text: piece } });
    }
  }

  async #send(update: SessionUpdate): Promise<void> {
    await this.#options.client.notify(methods.client.session.update, { sessionId: this.#options.sessionId, update });
  }
}

function textContent(text: string): ToolCallContent {
  return { type: "content", content: { type: "text", text } };
}

async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(new DOMException("The turn was cancelled", "AbortError"));
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
