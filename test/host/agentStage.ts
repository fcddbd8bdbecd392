import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { type IsolationKind, makeIsolation } from "../../src/host/isolation/isolation.ts";
import { markedProcesses } from "../../src/host/offspring.ts";
import type { AcpAgent } from "../../src/host/providers/acp/agentCatalogue.ts";
import { AcpProvider } from "../../src/host/providers/acp/acpProvider.ts";
import type { AgentConnection, AgentEvent, TurnOutcome } from "../../src/host/providers/provider.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { reduceChat } from "../../src/protocol/chat.ts";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { AgentAbout } from "../../src/protocol/fleetMeta.ts";
import type { InputRequest } from "../../src/protocol/input.ts";
import type { ToolCall } from "../../src/protocol/toolCall.ts";
import { makeRepository, type RepositoryKind } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";

/**
 * One agent in a workspace as the host runs it, without the host: the chat that its events make, and a person who says yes
 * or no to everything and takes the first choice of every question.
 */
export class AgentStage {
  readonly directory: string;
  readonly repository: TestRepository;
  readonly events: AgentEvent[] = [];
  /** Tool calls that the person was asked about. */
  readonly asked: string[] = [];
  readonly questions: InputRequest[] = [];
  /** What the person answers. */
  isAllowed = true;
  /** Told of every event once it is in the chat. */
  onEvent: () => void = () => {};
  connection: AgentConnection | undefined;
  chat: ChatState = { resource: "c", title: "", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] };
  readonly #provider: AcpProvider;
  readonly #sessionId = randomUUID();
  readonly #markers: string[] = [];

  private constructor(directory: string, repository: TestRepository, agent: AcpAgent, isolation: IsolationKind) {
    this.directory = directory;
    this.repository = repository;
    this.#provider = new AcpProvider(agent, {
      isolation: makeIsolation(isolation, {
        dataDir: path.join(directory, "data"),
        hidden: [],
        path: process.env["PATH"] ?? "",
        clock: systemClock,
      }),
      clock: systemClock,
      env: process.env,
      randomId: () => {
        const id = randomUUID();
        this.#markers.push(id);
        return id;
      },
    });
  }

  static async make(
    agent: AcpAgent,
    isolation: IsolationKind,
    repository: RepositoryKind = "broken",
  ): Promise<AgentStage> {
    const directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-agents-")));
    return new AgentStage(directory, await makeRepository(repository, directory), agent, isolation);
  }

  /** A process of the agent, with its conversation of before if that is given. */
  async connect(agentSessionId?: string): Promise<AgentConnection> {
    const home = path.join(this.directory, "home");
    mkdirSync(home, { recursive: true });
    this.connection = await this.#provider.connect({
      sessionId: this.#sessionId,
      workspace: { root: this.repository.path, home },
      ...(agentSessionId !== undefined && { agentSessionId }),
      emit: (event) => this.#take(event),
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    return this.connection;
  }

  /** A turn as the host runs it. */
  async send(text: string): Promise<TurnOutcome | undefined> {
    const turnId = randomUUID();
    const message = { text, origin: { kind: "user" } };
    this.chat = reduceChat(this.chat, { type: "chat/turnStarted", turnId, startedAt: "2026-01-01T00:00:00Z", message });
    try {
      return await this.connection?.send({ turnId, message });
    } finally {
      this.chat = reduceChat(this.chat, { type: "chat/turnComplete", turnId, duration: 1 });
    }
  }

  /** What the agent has said in its last turn, or says in the one that runs. */
  get text(): string {
    return this.#parts.map((part) => (part.kind === "markdown" ? part.content : "")).join("");
  }

  get calls(): ToolCall[] {
    return this.#parts.flatMap((part) => (part.kind === "toolCall" ? [part.toolCall] : []));
  }

  /** What its commands have printed, in all turns. */
  get output(): string {
    return this.events
      .flatMap((event) =>
        event.channel === "terminal" && event.action.type === "terminal/data" ? [event.action.data] : [],
      )
      .join("");
  }

  get about(): AgentAbout {
    return Object.assign({}, ...this.events.flatMap((event) => (event.channel === "about" ? [event.about] : [])));
  }

  /** Ends the agent; no process of it may be left. */
  async dispose(): Promise<void> {
    await this.connection?.dispose();
    for (const marker of this.#markers) expect(await markedProcesses(marker)).toEqual([]);
    await this.repository.dispose();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  get #parts() {
    return (this.chat.activeTurn ?? this.chat.turns.at(-1))?.responseParts ?? [];
  }

  #take(event: AgentEvent): void {
    this.events.push(event);
    if (event.channel === "chat") {
      const { action } = event;
      this.chat = reduceChat(this.chat, action as Parameters<typeof reduceChat>[1]);
      // As a person would: after the event has been taken in.
      if (action.type === "chat/inputRequested") queueMicrotask(() => this.#answerFirst(action.request));
      if (action.type === "chat/toolCallReady" && action.options) {
        const { turnId, toolCallId } = action;
        queueMicrotask(() => this.#decide(turnId, toolCallId));
      }
    }
    this.onEvent();
  }

  #decide(turnId: string, toolCallId: string): void {
    this.asked.push(toolCallId);
    const ids = { type: "chat/toolCallConfirmed", turnId, toolCallId } as const;
    const approved = this.isAllowed;
    this.chat = reduceChat(
      this.chat,
      approved ? { ...ids, approved, confirmed: "user-action" } : { ...ids, approved: false, reason: "denied" },
    );
    this.connection?.answerPermission(toolCallId, { approved });
  }

  #answerFirst(request: InputRequest): void {
    this.questions.push(request);
    const answers = (request.questions ?? []).flatMap((question) => {
      if (question.kind !== "single-select") return [];
      const value = { kind: "selected" as const, value: question.options[0]?.id ?? "" };
      return [[question.id, { state: "submitted" as const, value }] as const];
    });
    this.connection?.answerInput(request.id, { response: "accept", answers: Object.fromEntries(answers) });
  }
}
