import { randomUUID } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AcpProvider } from "../../src/host/providers/acp/acpProvider.ts";
import type { AcpAgent } from "../../src/host/providers/acp/agentCatalogue.ts";
import { markedProcesses } from "../../src/host/offspring.ts";
import type { AgentConnection, AgentEvent } from "../../src/host/providers/provider.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { GitWorkspaces } from "../../src/host/workspaces/gitWorkspaces.ts";
import { type IsolationKind, makeIsolation } from "../../src/host/isolation/isolation.ts";
import { noCredentials, type Workspace } from "../../src/host/workspaces/workspace.ts";
import { reduceChat } from "../../src/protocol/chat.ts";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { ToolCall } from "../../src/protocol/toolCall.ts";
import { hasBubblewrap } from "./isolationFixture.ts";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import { ensureRealAgents } from "../support/realAgents/realAgents.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";
import { sampleAgentConfig } from "../support/sampleAgent/sampleAgentConfig.ts";

const isolations: IsolationKind[] = hasBubblewrap ? ["none", "bubblewrap"] : ["none"];

let server: ModelServer;
let directory: string;
let repository: TestRepository;
let workspace: Workspace;
let stage: Stage;

beforeAll(async () => {
  server = await startModelServer({ scenarios: CODING_SCENARIOS });
});
afterAll(() => server.close());
beforeEach(async () => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-agents-")));
  repository = await makeRepository("broken", directory);
  const workspaces = await GitWorkspaces.create({
    dataDir: path.join(directory, "data"),
    allowLocal: [directory],
    clock: systemClock,
    logger: silentLogger,
    path: process.env["PATH"] ?? "",
  });
  workspace = await workspaces.provision({
    sessionId: randomUUID(),
    repository: repository.path,
    branch: "agent/work-12345678",
    credentials: noCredentials,
    onStage: () => {},
    signal: new AbortController().signal,
  });
});
afterEach(async () => {
  await stage.dispose();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** One agent in the workspace, and the chat that its events make. */
class Stage {
  readonly #provider: AcpProvider;
  readonly #markers: string[] = [];
  readonly #answers: boolean;
  readonly events: AgentEvent[] = [];
  readonly asked: string[] = [];
  connection: AgentConnection | undefined;
  chat: ChatState = { resource: "c", title: "", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] };

  constructor(agent: AcpAgent, isolation: IsolationKind, answers = true) {
    this.#answers = answers;
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

  async connect(agentSessionId?: string): Promise<AgentConnection> {
    const sessionId = path.basename(path.dirname(workspace.paths.root));
    this.connection = await this.#provider.connect({
      sessionId,
      workspace: workspace.paths,
      ...(agentSessionId !== undefined && { agentSessionId }),
      emit: (event) => this.#take(event),
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    return this.connection;
  }

  /** A turn as the host runs it. */
  async send(text: string, turnId = randomUUID()) {
    const message = { text, origin: { kind: "user" } };
    this.chat = reduceChat(this.chat, { type: "chat/turnStarted", turnId, startedAt: "2026-01-01T00:00:00Z", message });
    const outcome = await this.connection?.send({ turnId, message });
    this.chat = reduceChat(this.chat, { type: "chat/turnComplete", turnId, duration: 1 });
    return outcome;
  }

  get text(): string {
    const parts = this.chat.turns.at(-1)?.responseParts ?? [];
    return parts.map((part) => (part.kind === "markdown" ? part.content : "")).join("");
  }

  get calls(): ToolCall[] {
    return (
      this.chat.turns.at(-1)?.responseParts.flatMap((part) => (part.kind === "toolCall" ? [part.toolCall] : [])) ?? []
    );
  }

  async dispose(): Promise<void> {
    await this.connection?.dispose();
    for (const marker of this.#markers) expect(await markedProcesses(marker)).toEqual([]);
  }

  #take(event: AgentEvent): void {
    this.events.push(event);
    if (event.channel !== "chat") return;
    const { action } = event;
    this.chat = reduceChat(this.chat, action as Parameters<typeof reduceChat>[1]);
    if (action.type !== "chat/toolCallReady" || !action.options) return;
    const { turnId, toolCallId } = action;
    this.asked.push(toolCallId);
    // As a person would: after the event has been taken in.
    queueMicrotask(() => {
      const ids = { type: "chat/toolCallConfirmed", turnId, toolCallId } as const;
      const approved = this.#answers;
      this.chat = reduceChat(
        this.chat,
        approved ? { ...ids, approved, confirmed: "user-action" } : { ...ids, approved: false, reason: "denied" },
      );
      this.connection?.answerPermission(toolCallId, { approved });
    });
  }
}

async function changedPaths(): Promise<string[]> {
  const changes = await workspace.changes(workspace.baseCommit, await workspace.snapshot());
  return changes.map((change) => change.path);
}

describe.each(isolations)("the sample agent, isolation %s", (isolation) => {
  it("works, runs a command whose output goes to a terminal, and its result can be pushed", async () => {
    stage = new Stage(sampleAgentConfig(), isolation);
    await stage.connect();
    expect(await stage.send("Work on the documentation")).toMatchObject({ stopReason: "complete" });
    expect(stage.text).toContain("ready for review");
    expect(stage.calls.length).toBeGreaterThan(3);
    expect(stage.calls.every(({ status }) => status === "completed")).toBe(true);
    const run = stage.calls.find((call) => call.displayName === "Run");
    expect(run).toMatchObject({ content: [{ type: "terminal", isPty: false }] });
    const data = stage.events.flatMap((event) =>
      event.channel === "terminal" && event.action.type === "terminal/data" ? [event.action.data] : [],
    );
    expect(data.join("")).toContain("pass 1");
    expect(stage.events).toContainEqual(expect.objectContaining({ channel: "title" }));

    const checkpoint = await workspace.checkpoint("Turn 1");
    const pushed = await workspace.push({
      branch: workspace.branch,
      commit: checkpoint?.commit ?? "",
      title: "Documentation",
      credentials: noCredentials,
    });
    expect(await repository.git("rev-parse", workspace.branch)).toContain(pushed.commit);
  });

  it("asks, and takes no for an answer", async () => {
    stage = new Stage(sampleAgentConfig(), isolation, false);
    await stage.connect();
    await stage.send("Ask me before you delete");
    expect(stage.asked).toHaveLength(1);
    expect(stage.calls.at(-1)).toMatchObject({ status: "cancelled", reason: "denied" });
    expect(stage.text).toContain("left the build output alone");
  });

  it("takes up its conversation after its process is gone", async () => {
    stage = new Stage(sampleAgentConfig(), isolation);
    const first = await stage.connect();
    await stage.send("Finish quickly");
    await first.dispose();
    const second = await stage.connect(first.agentSessionId);
    expect(second.resumed).toBe(true);
    await stage.send("What did you do?");
    expect(stage.text).toContain("CONTRIBUTING.md");
  });
});

describe.each(isolations)("published agents, isolation %s", (isolation) => {
  it.each(["codex", "gemini"] as const)("%s fixes the broken function and asks before it acts", async (name) => {
    const agents = await ensureRealAgents({ modelServerUrl: server.url });
    stage = new Stage(agents[name], isolation);
    await stage.connect();
    expect(await stage.send("Please fix the add function")).toMatchObject({ stopReason: "complete" });
    expect(stage.text).toContain("the tests pass");
    expect(await changedPaths()).toEqual(["CHANGES.md", "src/math.mjs"]);
    expect(stage.asked.length).toBeGreaterThanOrEqual(1);
    expect(stage.calls.every(({ status }) => status === "completed")).toBe(true);
    const run = stage.calls.find((call) => call.displayName === "Run" && JSON.stringify(call).includes("node --test"));
    expect(run).toMatchObject({ status: "completed" });
    const output = stage.events.flatMap((event) =>
      event.channel === "terminal" && event.action.type === "terminal/data" ? [event.action.data] : [],
    );
    // Gemini tells its model what a command printed, and the client nothing.
    if (name === "codex") expect(output.join("")).toMatch(/fail 0/);
  });

  it.each(["codex", "gemini"] as const)("%s does not do what it was denied", async (name) => {
    const agents = await ensureRealAgents({ modelServerUrl: server.url });
    stage = new Stage(agents[name], isolation, false);
    await stage.connect();
    await stage.send("Please fix the add function");
    expect(await changedPaths()).toEqual([]);
    expect(stage.calls.some(({ status }) => status === "cancelled")).toBe(true);
  });
});
