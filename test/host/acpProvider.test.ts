import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { AcpProvider, type AcpProviderOptions } from "../../src/host/providers/acp/acpProvider.ts";
import type { AcpAgent } from "../../src/host/providers/acp/agentCatalogue.ts";
import { markedProcesses } from "../../src/host/offspring.ts";
import type { AgentConnection, AgentContext, AgentEvent } from "../../src/host/providers/provider.ts";
import { systemClock } from "../../src/host/systemClock.ts";
import { makeIsolation } from "../../src/host/isolation/isolation.ts";
import { FakeClock } from "../support/fakeClock.ts";

const script = fileURLToPath(new URL("fixtures/scriptedAcpAgent.ts", import.meta.url));

let directory: string;
let context: AgentContext & { readonly events: AgentEvent[]; readonly abort: AbortController };
let marker: string;
let connections: AgentConnection[];

beforeEach(() => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), "muster-acp-")));
  const workspace = {
    root: path.join(directory, "sessions/s/workspace"),
    home: path.join(directory, "sessions/s/home"),
  };
  mkdirSync(workspace.root, { recursive: true });
  mkdirSync(workspace.home, { recursive: true });
  connections = [];
  context = makeContext(workspace);
});
afterEach(async () => {
  for (const connection of connections) await connection.dispose();
  rmSync(directory, { recursive: true, force: true });
});

function makeContext(workspace: AgentContext["workspace"], extra: Partial<AgentContext> = {}) {
  const events: AgentEvent[] = [];
  const abort = new AbortController();
  const emit = (event: AgentEvent) => void events.push(event);
  return { sessionId: "s", workspace, emit, logger: silentLogger, signal: abort.signal, events, abort, ...extra };
}

function provider(agent: Partial<AcpAgent> = {}, options: Partial<AcpProviderOptions> = {}): AcpProvider {
  marker = randomUUID();
  const isolation = makeIsolation("none", { dataDir: directory, hidden: [], path: "", clock: systemClock });
  const { env, ...rest } = agent;
  return new AcpProvider(
    {
      id: "scripted",
      displayName: "Scripted",
      command: [process.execPath, script],
      env: { NO_COLOR: "1", ...env },
      ...rest,
    },
    {
      isolation,
      clock: systemClock,
      env: { PATH: process.env["PATH"], SECRET_KEY: "hunter2-secret" },
      randomId: () => marker,
      ...options,
    },
  );
}

async function connect(
  agent: Partial<AcpAgent> = {},
  options: Partial<AcpProviderOptions> = {},
): Promise<AgentConnection> {
  const connection = await provider(agent, options).connect(context);
  connections.push(connection);
  return connection;
}

const turn = (text: string, turnId = "turn-1") => ({ turnId, message: { text, origin: { kind: "user" } } });

function said(events: readonly AgentEvent[] = context.events): string {
  return events
    .flatMap((event) => (event.channel === "chat" ? [event.action] : []))
    .map((action) => {
      if (action.type === "chat/delta") return action.content;
      return action.type === "chat/responsePart" && action.part.kind === "markdown" ? action.part.content : "";
    })
    .join("");
}

/** Resolves when the agent has asked; the event comes synchronously with the action. */
function nextQuestion(): Promise<string> {
  return new Promise((resolve) => {
    const { events } = context;
    const push = events.push.bind(events);
    events.push = (...added) => {
      for (const event of added) {
        if (event.channel === "chat" && event.action.type === "chat/toolCallReady" && event.action.options) {
          resolve(event.action.toolCallId);
        }
      }
      return push(...added);
    };
  });
}

describe("what the agent is given", () => {
  it("an environment from scratch, its files, and the workspace as its folder", async () => {
    const connection = await connect({
      command: [process.execPath, script, "--session", "${sessionId}"],
      env: { KEY: "${env:SECRET_KEY}", WHERE: "${workspace}" },
      files: { ".config/agent.json": { home: "${home}" }, "notes.txt": "for ${sessionId}" },
    });
    expect(await connection.send(turn("env"))).toEqual({ stopReason: "complete" });
    const { env, argv, cwd } = JSON.parse(said()) as { env: Record<string, string>; argv: string[]; cwd: string };
    const { root, home } = context.workspace;
    expect(cwd).toBe(root);
    expect(argv).toEqual(["--session", "s"]);
    expect(Object.keys(env).toSorted()).toEqual(
      ["HOME", "KEY", "LANG", "MUSTER_AGENT_PROCESS", "NO_COLOR", "PATH", "TMPDIR", "WHERE"].toSorted(),
    );
    expect(env).toMatchObject({ HOME: home, KEY: "hunter2-secret", WHERE: root, TMPDIR: path.join(home, "tmp") });
    expect(JSON.parse(readFileSync(path.join(home, ".config/agent.json"), "utf8"))).toEqual({ home });
    expect(readFileSync(path.join(home, "notes.txt"), "utf8")).toBe("for s");
  });

  it("no file is written through a link that the agent left in its home", async () => {
    const outside = path.join(directory, "outside");
    mkdirSync(outside);
    writeFileSync(path.join(outside, "victim"), "untouched");
    symlinkSync(outside, path.join(context.workspace.home, ".config"));
    symlinkSync(path.join(outside, "victim"), path.join(context.workspace.home, "notes.txt"));
    await connect({ files: { ".config/agent.json": {}, "notes.txt": "mine" } });
    expect(existsSync(path.join(outside, "agent.json"))).toBe(false);
    expect(readFileSync(path.join(outside, "victim"), "utf8")).toBe("untouched");
  });
});

describe("an agent that can't start says why", () => {
  it("names the command that is missing", async () => {
    await expect(connect({ command: ["no-such-agent", "--acp"] })).rejects.toMatchObject({
      code: "agent.missing",
      message: expect.stringMatching(
        /^Scripted can't start: the command "no-such-agent" was not found on the host\. Install it/,
      ),
    });
  });

  it("names the variable that is missing", async () => {
    await expect(connect({ env: { KEY: "${env:NOT_THERE}" } })).rejects.toMatchObject({
      code: "agent.missing",
      message: expect.stringContaining("NOT_THERE"),
    });
  });

  it("is signed in with the key that it has, if it names it", async () => {
    const env = { AGENT_BEHAVIOUR: "login" };
    await expect(connect({ env })).rejects.toMatchObject({
      message: expect.stringMatching(/^Scripted wants a sign-in or an API key: .*log in first/),
    });
    const connection = await connect({ env: { ...env, SCRIPTED_API_KEY: "${env:SECRET_KEY}" } });
    expect(connection.agentSessionId).toBe("conversation-1");
  });

  it("repeats its last words, without a key", async () => {
    const failing = connect({ env: { AGENT_BEHAVIOUR: "dies", KEY: "${env:SECRET_KEY}" } });
    await expect(failing).rejects.toMatchObject({
      code: "agent.crashed",
      message: "Scripted ended unexpectedly (exit code 3). Its last words: no model configured key was ***",
    });
  });

  it("refuses another version of the protocol", async () => {
    await expect(connect({ env: { AGENT_BEHAVIOUR: "v9" } })).rejects.toMatchObject({ code: "agent.failed" });
    expect(await markedProcesses(marker)).toEqual([]);
  });

  it("gives up on a program that never answers", async () => {
    const starting = connect({ command: ["sleep", "300"] }, { limits: { startTimeoutMs: 300 } });
    await expect(starting).rejects.toMatchObject({ code: "timeout" });
    expect(await markedProcesses(marker)).toEqual([]);
  });

  it("stops starting when it is told to", async () => {
    const starting = connect({ command: ["sleep", "300"] });
    context.abort.abort();
    await expect(starting).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("a conversation", () => {
  it("loses none of a burst of words", async () => {
    const connection = await connect();
    await connection.send(turn("burst"));
    expect(said()).toBe(Array.from({ length: 200 }, (_, word) => `${word} `).join(""));
  });

  it("says that files may have changed when the agent edits", async () => {
    const connection = await connect();
    await connection.send(turn("edit"));
    expect(context.events).toContainEqual({ channel: "filesTouched" });
    expect(readFileSync(path.join(context.workspace.root, "made.txt"), "utf8")).toBe("made\n");
  });

  it.each([
    [
      "yes, with the option that was chosen",
      { approved: true, optionId: "always" },
      { outcome: "selected", optionId: "always" },
    ],
    ["yes, once when no option was chosen", { approved: true }, { outcome: "selected", optionId: "yes" }],
    [
      "no, even if the option named says yes",
      { approved: false, optionId: "yes" },
      { outcome: "selected", optionId: "no" },
    ],
  ])("answers a question: %s", async (_name, answer, outcome) => {
    const connection = await connect();
    const question = nextQuestion();
    const outcomeOfTurn = connection.send(turn("ask"));
    const toolCallId = await question;
    connection.answerPermission("another call", { approved: true });
    connection.answerPermission(toolCallId, answer);
    connection.answerPermission(toolCallId, { approved: true });
    expect(await outcomeOfTurn).toEqual({ stopReason: "complete" });
    expect(JSON.parse(said())).toEqual(outcome);
  });

  it("withdraws the open question when the turn is cancelled", async () => {
    const connection = await connect();
    const question = nextQuestion();
    const sending = connection.send(turn("ask"));
    await question;
    connection.cancel();
    expect(await sending).toEqual({ stopReason: "cancelled" });
    expect(JSON.parse(said())).toEqual({ outcome: "cancelled" });
  });

  it("stops on cancel, and the agent takes the next turn", async () => {
    const connection = await connect();
    const sending = connection.send(turn("wait"));
    connection.cancel();
    expect(await sending).toEqual({ stopReason: "cancelled" });
    expect(await connection.send(turn("edit", "turn-2"))).toEqual({ stopReason: "complete" });
  });

  it("leaves an agent alone that stopped in time, when the same turn goes on", async () => {
    const cancelGraceMs = 1_234;
    const patience = new FakeClock();
    const timersOf = (ms: number) => (ms === cancelGraceMs ? patience : systemClock);
    const setTimeout = (callback: () => void, ms: number) => timersOf(ms).setTimeout(callback, ms);
    const connection = await connect({}, { clock: { ...systemClock, setTimeout }, limits: { cancelGraceMs } });
    const stopped = connection.send(turn("wait"));
    connection.cancel();
    expect(await stopped).toMatchObject({ stopReason: "cancelled" });
    const question = nextQuestion();
    const again = connection.send(turn("ask"));
    const toolCallId = await question;
    await patience.advance(cancelGraceMs);
    connection.answerPermission(toolCallId, { approved: true });
    expect(await again).toMatchObject({ stopReason: "complete" });
  });

  it("ends an agent that does not stop, and says so on the next turn", async () => {
    const connection = await connect({}, { limits: { cancelGraceMs: 200 } });
    const sending = connection.send(turn("stubborn"));
    connection.cancel();
    expect(await sending).toEqual({ stopReason: "cancelled" });
    await expect(connection.send(turn("edit", "turn-2"))).rejects.toMatchObject({ code: "agent.crashed" });
  });

  it.each([
    ["crash", "agent.crashed", "Scripted ended unexpectedly (exit code 7). Its last words: out of cheese"],
    ["fail", "agent.failed", "Scripted reported an error: Internal error: the model said 500"],
    ["login", "agent.failed", expect.stringMatching(/^Scripted wants a sign-in or an API key: .*log in first/)],
  ])("tells a failure: %s", async (text, code, message) => {
    const connection = await connect();
    await expect(connection.send(turn(text))).rejects.toMatchObject({ code, message });
  });
});

describe("taking up an earlier conversation", () => {
  it("by session/fork in a copy, and like any other when that fails", async () => {
    const agent = provider({ env: { AGENT_BEHAVIOUR: "fork" } });
    const connect = async (agentSessionId: string, isCopy: boolean) => {
      const connection = await agent.connect({ ...context, agentSessionId, isCopy });
      connections.push(connection);
      return connection;
    };
    expect(await connect("conversation-1", true)).toMatchObject({
      resumed: true,
      agentSessionId: "conversation-1-copy",
    });
    expect(await connect("conversation-1", false)).toMatchObject({ resumed: true, agentSessionId: "conversation-1" });
    expect(await connect("conversation-2", true)).toMatchObject({ resumed: true, agentSessionId: "conversation-2" });
  });

  it.each(["resume", "load"])("by session/%s, without showing its history again", async (way) => {
    const env = { AGENT_BEHAVIOUR: way };
    const first = await connect({ env });
    await first.send(turn("edit"));
    await first.dispose();
    context = makeContext(context.workspace, { agentSessionId: first.agentSessionId });
    const second = await connect({ env });
    expect(second).toMatchObject({ resumed: true, agentSessionId: "conversation-1" });
    // What it lets people choose is no history.
    expect(context.events.filter(({ channel }) => channel !== "about")).toEqual([]);
    await second.send(turn("history"));
    expect(JSON.parse(said())).toEqual(["edit", "history"]);
  });

  it("begins a fresh one when the agent can't", async () => {
    context = makeContext(context.workspace, { agentSessionId: "earlier" });
    expect(await connect()).toMatchObject({ resumed: false, agentSessionId: "conversation-1" });
  });
});

describe("the end of an agent", () => {
  it("leaves no process behind, not even one that left its group, and emits nothing more", async () => {
    const connection = await connect();
    await connection.send(turn("leak"));
    expect((await markedProcesses(marker)).length).toBeGreaterThanOrEqual(2);
    await connection.dispose();
    expect(await markedProcesses(marker)).toEqual([]);
  });

  it("comes with the signal, in the middle of a turn", async () => {
    const connection = await connect();
    const sending = connection.send(turn("stubborn"));
    context.abort.abort();
    await expect(sending).rejects.toMatchObject({ code: "cancelled" });
    await connection.dispose();
    expect(await markedProcesses(marker)).toEqual([]);
  });
});
