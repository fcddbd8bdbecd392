import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import {
  client,
  type ClientConnection,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptResponse,
  type RequestPermissionRequest,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import type { AgentConfig } from "./realAgents.ts";

/** Everything an agent said, in the order of arrival. */
export type AgentMessage =
  | { readonly kind: "update"; readonly update: SessionUpdate }
  | { readonly kind: "permission"; readonly request: RequestPermissionRequest; readonly answer: string };

export interface AcpDriverOptions {
  readonly config: AgentConfig;
  readonly cwd: string;
  /** The agent's own home folder; `config.files` are written into it. */
  readonly home: string;
  /** Stands in for `${sessionId}` in the agent's configuration. */
  readonly name: string;
  /** Loads this conversation instead of starting one. */
  readonly load?: string;
  /** Chooses a permission option by its kind. Default: the one that allows once. */
  readonly onPermission?: (request: RequestPermissionRequest) => "allow_once" | "reject_once";
  readonly onUpdate?: (update: SessionUpdate) => void;
}

/** Drives one agent process over stdio the way a host does, for tests of agents and of the model server behind them. */
export class AcpDriver {
  readonly messages: AgentMessage[] = [];
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  #connection: ClientConnection | undefined;
  #sessionId = "";
  #stderr = "";

  private constructor(process: ChildProcess) {
    this.process = process;
    this.exited = new Promise((resolve) => process.once("exit", resolve));
    process.stderr?.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString("utf8")));
  }

  static async start(options: AcpDriverOptions): Promise<AcpDriver> {
    const expand = (text: string) => text.replaceAll("${home}", options.home).replaceAll("${sessionId}", options.name);
    await writeFiles(options.home, options.config.files, expand);
    const [command = "", ...args] = options.config.command.map(expand);
    const env = Object.fromEntries(Object.entries(options.config.env).map(([key, value]) => [key, expand(value)]));
    const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    const driver = new AcpDriver(child);
    await driver.#connect(child, options);
    return driver;
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** All text that the agent streamed. */
  get text(): string {
    return this.messages
      .flatMap(({ ...message }) => (message.kind === "update" ? [message.update] : []))
      .flatMap((update) => (update.sessionUpdate === "agent_message_chunk" ? [update.content] : []))
      .map((content) => (content.type === "text" ? content.text : ""))
      .join("");
  }

  /** Tool calls and their updates, of one kind or all. */
  get toolUpdates(): Extract<SessionUpdate, { sessionUpdate: "tool_call" | "tool_call_update" }>[] {
    return this.messages.flatMap((message) =>
      message.kind === "update" &&
      (message.update.sessionUpdate === "tool_call" || message.update.sessionUpdate === "tool_call_update")
        ? [message.update]
        : [],
    );
  }

  get permissions(): RequestPermissionRequest[] {
    return this.messages.flatMap((message) => (message.kind === "permission" ? [message.request] : []));
  }

  async prompt(text: string): Promise<PromptResponse> {
    return this.#agent.request(methods.agent.session.prompt, {
      sessionId: this.#sessionId,
      prompt: [{ type: "text", text }],
    });
  }

  async cancel(): Promise<void> {
    await this.#agent.notify(methods.agent.session.cancel, { sessionId: this.#sessionId });
  }

  async close(): Promise<void> {
    this.#connection?.close();
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill("SIGKILL");
    await this.exited;
  }

  get #agent(): ClientConnection["agent"] {
    if (this.#connection === undefined) throw new Error("The agent is not connected");
    return this.#connection.agent;
  }

  async #connect(child: ChildProcess, options: AcpDriverOptions): Promise<void> {
    if (child.stdin === null || child.stdout === null) throw new Error("The agent has no stdio");
    const output = Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>;
    this.#connection = client({ name: "muster-test" })
      .onNotification(methods.client.session.update, ({ params }) => {
        this.messages.push({ kind: "update", update: params.update });
        options.onUpdate?.(params.update);
      })
      .onRequest(methods.client.session.requestPermission, ({ params }) => {
        const kind = options.onPermission?.(params) ?? "allow_once";
        const option = params.options.find((candidate) => candidate.kind === kind);
        this.messages.push({ kind: "permission", request: params, answer: option?.optionId ?? "cancelled" });
        if (option === undefined) return { outcome: { outcome: "cancelled" } };
        return { outcome: { outcome: "selected", optionId: option.optionId } };
      })
      .connect(ndJsonStream(Writable.toWeb(child.stdin), output));
    await this.#agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: { name: "muster-test", version: "1.0.0" },
      clientCapabilities: {},
    });
    const { cwd } = options;
    if (options.load === undefined) {
      this.#sessionId = (await this.#agent.request(methods.agent.session.new, { cwd, mcpServers: [] })).sessionId;
      return;
    }
    this.#sessionId = options.load;
    await this.#agent.request(methods.agent.session.load, { sessionId: options.load, cwd, mcpServers: [] });
  }
}

async function writeFiles(home: string, files: AgentConfig["files"], expand: (text: string) => string): Promise<void> {
  await mkdir(home, { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    const file = path.join(home, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, expand(typeof value === "string" ? value : JSON.stringify(value)));
  }
}
