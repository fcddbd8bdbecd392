import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AcpProvider } from "../../src/host/providers/acp/acpProvider.ts";
import type { AgentConnection, AgentEvent } from "../../src/host/providers/provider.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { makeIsolation } from "../../src/host/isolation/isolation.ts";
import { reduceChat } from "../../src/protocol/chat.ts";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { AgentAbout } from "../../src/protocol/fleetMeta.ts";
import type { InputRequest } from "../../src/protocol/input.ts";
import { hasBubblewrap } from "./isolationFixture.ts";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import type { AgentConfig } from "../support/realAgents/realAgents.ts";
import { WIDER_AGENTS, type WiderAgent } from "../support/realAgents/widerAgents.ts";
import { makeRepository } from "../support/repositories/repositories.ts";
import type { TestRepository } from "../support/repositories/testRepository.ts";

/** opencode and claude-agent-acp: two more vendors, two more formats of the model's wire. One start costs seconds. */
let server: ModelServer;
let directory: string;
let repository: TestRepository;
let connection: AgentConnection | undefined;
const configs = new Map<WiderAgent, AgentConfig>();
const reasons = new Map<WiderAgent, string>();

beforeAll(async () => {
  server = await startModelServer({ scenarios: CODING_SCENARIOS });
  for (const name of ["opencode", "claude"] as const) {
    try {
      configs.set(name, await WIDER_AGENTS[name]({ modelServerUrl: server.url }));
    } catch (error) {
      reasons.set(name, String(error));
    }
  }
}, 300_000);
afterAll(() => server.close());
beforeEach(async () => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-wider-")));
  repository = await makeRepository("broken", directory);
});
afterEach(async () => {
  await connection?.dispose();
  connection = undefined;
  await repository.dispose();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

class Conversation {
  readonly events: AgentEvent[] = [];
  readonly asked: string[] = [];
  readonly questions: InputRequest[] = [];
  readonly #sessionId = randomUUID();
  /** What every question of the agent is answered with. */
  isAllowed = true;
  chat: ChatState = { resource: "c", title: "", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] };

  async connect(config: AgentConfig, agentSessionId?: string): Promise<AgentConnection> {
    const home = path.join(directory, "home");
    const place = {
      dataDir: path.join(directory, "data"),
      hidden: [],
      path: process.env["PATH"] ?? "",
      clock: systemClock,
    };
    // As a host would run them, where it can.
    const isolation = makeIsolation(hasBubblewrap ? "bubblewrap" : "none", place);
    const provider = new AcpProvider(config, {
      isolation,
      clock: systemClock,
      env: process.env,
      randomId: randomUUID,
    });
    mkdirSync(home, { recursive: true });
    connection = await provider.connect({
      sessionId: this.#sessionId,
      workspace: { root: repository.path, home },
      ...(agentSessionId !== undefined && { agentSessionId }),
      emit: (event) => this.#take(event),
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    return connection;
  }

  async send(text: string) {
    const turnId = randomUUID();
    const message = { text, origin: { kind: "user" } };
    this.chat = reduceChat(this.chat, { type: "chat/turnStarted", turnId, startedAt: "2026-01-01T00:00:00Z", message });
    const outcome = await connection?.send({ turnId, message });
    this.chat = reduceChat(this.chat, { type: "chat/turnComplete", turnId, duration: 1 });
    return outcome;
  }

  get text(): string {
    return (this.chat.turns.at(-1)?.responseParts ?? [])
      .map((part) => (part.kind === "markdown" ? part.content : ""))
      .join("");
  }

  get calls() {
    const parts = this.chat.turns.at(-1)?.responseParts ?? [];
    return parts.flatMap((part) => (part.kind === "toolCall" ? [part.toolCall] : []));
  }

  get about(): AgentAbout {
    return Object.assign({}, ...this.events.flatMap((event) => (event.channel === "about" ? [event.about] : [])));
  }

  #take(event: AgentEvent): void {
    this.events.push(event);
    if (event.channel !== "chat") return;
    const { action } = event;
    this.chat = reduceChat(this.chat, action as Parameters<typeof reduceChat>[1]);
    if (action.type === "chat/inputRequested") {
      this.questions.push(action.request);
      this.#answerFirst(action.request);
    }
    if (action.type !== "chat/toolCallReady" || !action.options) return;
    const { turnId, toolCallId } = action;
    this.asked.push(toolCallId);
    queueMicrotask(() => {
      const ids = { type: "chat/toolCallConfirmed", turnId, toolCallId } as const;
      const approved = this.isAllowed;
      this.chat = reduceChat(
        this.chat,
        approved ? { ...ids, approved, confirmed: "user-action" } : { ...ids, approved: false, reason: "denied" },
      );
      connection?.answerPermission(toolCallId, { approved });
    });
  }

  /** As a person who takes the first choice of everything. */
  #answerFirst(request: InputRequest): void {
    const answers = (request.questions ?? []).flatMap((question) => {
      if (question.kind !== "single-select") return [];
      const value = { kind: "selected" as const, value: question.options[0]?.id ?? "" };
      return [[question.id, { state: "submitted" as const, value }] as const];
    });
    queueMicrotask(() =>
      connection?.answerInput(request.id, { response: "accept", answers: Object.fromEntries(answers) }),
    );
  }
}

/** The agent's configuration; without it the test is skipped, and says why. */
function configOf(name: WiderAgent, skip: (note: string) => void): AgentConfig {
  const config = configs.get(name);
  if (config) return config;
  const note = `${name} can't be had here: ${reasons.get(name) ?? "unknown"}`;
  process.stderr.write(`SKIPPED: ${note}\n`);
  skip(note);
  throw new Error(note);
}

describe.each(["opencode", "claude"] as const)("%s", (name) => {
  it("asks, edits, runs the tests, tells its cost, goes on in a new process, and takes no for an answer", async ({
    skip,
  }) => {
    const config = configOf(name, skip);
    const stage = new Conversation();
    const first = await stage.connect(config);
    const outcome = await stage.send("Please fix the add function");
    expect(outcome).toMatchObject({ stopReason: "complete", usage: { inputTokens: expect.any(Number) } });
    expect(stage.text).toContain("the tests pass");
    expect(stage.asked.length).toBeGreaterThanOrEqual(3);
    expect(await repository.git("status", "--porcelain")).toBe("M src/math.mjs\n?? CHANGES.md");
    expect(stage.calls.map(({ status }) => status)).toEqual(stage.calls.map(() => "completed"));
    const edit = stage.calls.find((call) => call.displayName === "Edit");
    expect(edit?._meta).toMatchObject({ muster: { locations: [{ path: "src/math.mjs" }] } });
    const output = stage.events.flatMap((event) =>
      event.channel === "terminal" && event.action.type === "terminal/data" ? [event.action.data] : [],
    );
    expect(output.join("")).toMatch(/fail 0/);
    const cost = stage.events.flatMap((event) => (event.channel === "usage" ? [event.costUsd ?? 0] : []));
    expect(cost.reduce((sum, usd) => sum + usd, 0)).toBeGreaterThan(0);
    expect(stage.about.models?.available.length).toBeGreaterThan(0);
    expect(stage.about.commands?.length).toBeGreaterThan(0);

    await first.dispose();
    const second = await stage.connect(config, first.agentSessionId);
    expect(second.resumed).toBe(true);
    await stage.send("What did you change?");
    expect(stage.text).toContain("I fixed `add`");

    stage.isAllowed = false;
    await repository.write("build/out.js", "1\n");
    await stage.send("Clean the build output");
    expect(stage.calls.map(({ status }) => status)).toEqual(["cancelled"]);
    expect(await repository.git("status", "--porcelain", "--ignored")).not.toContain("CLEANED.md");
  }, 180_000);
});

it("claude asks a person a question with choices, and is told the answer", async ({ skip }) => {
  const stage = new Conversation();
  await stage.connect(configOf("claude", skip));
  await stage.send("Ask me for a colour");
  expect(stage.questions).toMatchObject([
    { questions: [{ kind: "single-select", options: [{ label: "Red" }, { label: "Blue" }] }, expect.anything()] },
  ]);
  expect(server.requests.at(-1)?.toolResult).toContain("Red");
});
