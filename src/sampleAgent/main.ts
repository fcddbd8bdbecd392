/**
 * The sample agent: an ACP agent over stdio that needs no model. What it does is chosen by words of the prompt
 * (sampleBehaviours.ts); all it does is real work on the folder it is given.
 *
 *     node main.ts               MUSTER_SAMPLE_PACE_MS=150 (unit of waiting; 0 = none)
 *                                MUSTER_SAMPLE_PRICE=3 (invented US dollars for a million tokens; 0 = no word of money)
 */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import {
  agent,
  type AgentContext,
  type ContentBlock,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
  type StopReason,
} from "@agentclientprotocol/sdk";
import { chooseBehaviour, titleOf } from "./sampleBehaviours.ts";
import { SampleConversation } from "./sampleConversation.ts";
import { SampleTurn } from "./sampleTurn.ts";

interface Session {
  readonly cwd: string;
  readonly conversation: SampleConversation;
  mode: Mode;
  running?: AbortController;
}

const availableModes = [
  { id: "ask", name: "Ask before deleting" },
  { id: "trust", name: "Never ask" },
] as const;
type Mode = (typeof availableModes)[number]["id"];
const firstMode: Mode = "ask";
const offered = { modes: { currentModeId: firstMode, availableModes: [...availableModes] } };

const directory = path.join(homedir(), ".muster-sample-agent");
const sessions = new Map<string, Session>();

function findSession(sessionId: string): Session {
  const session = sessions.get(sessionId);
  if (session === undefined) throw RequestError.invalidParams({ sessionId }, "no such session");
  return session;
}

async function replay(client: AgentContext, sessionId: string, conversation: SampleConversation): Promise<void> {
  for (const record of conversation.records) {
    if (record.kind !== "user" && record.kind !== "agent") continue;
    const sessionUpdate = record.kind === "user" ? "user_message_chunk" : "agent_message_chunk";
    const content: ContentBlock = { type: "text", text: record.kind === "user" ? record.text : `${record.text}\n\n` };
    await client.notify(methods.client.session.update, { sessionId, update: { sessionUpdate, content } });
  }
}

async function prompt(client: AgentContext, sessionId: string, blocks: readonly ContentBlock[]): Promise<StopReason> {
  const session = findSession(sessionId);
  if (session.running !== undefined) throw RequestError.invalidRequest({ sessionId }, "a turn is already running");
  const text = blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  const running = new AbortController();
  session.running = running;
  const { cwd, conversation } = session;
  const paceMs = Math.max(0, Number(process.env["MUSTER_SAMPLE_PACE_MS"] ?? 150) || 0);
  const usdPerMillion = Math.max(0, Number(process.env["MUSTER_SAMPLE_PRICE"] ?? 3) || 0);
  const { signal } = running;
  const turn = new SampleTurn({
    sessionId,
    cwd,
    client,
    conversation,
    isTrusted: () => session.mode === "trust",
    signal,
    paceMs,
    usdPerMillion,
  });
  try {
    conversation.add({ kind: "user", text });
    if (conversation.title === undefined) await turn.title(titleOf(text));
    await chooseBehaviour(text)(turn);
    return "end_turn";
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return "cancelled";
    throw error;
  } finally {
    session.running = undefined;
    await turn.usage();
  }
}

const connection = agent({ name: "Sample agent" })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: PROTOCOL_VERSION,
    agentInfo: { name: "sample-agent", title: "Sample agent", version: "1.0.0" },
    agentCapabilities: { loadSession: true },
    authMethods: [],
  }))
  .onRequest(methods.agent.session.new, ({ params }) => {
    const sessionId = randomUUID();
    const conversation = SampleConversation.create(directory, sessionId, params.cwd);
    sessions.set(sessionId, { cwd: params.cwd, conversation, mode: firstMode });
    return { sessionId, ...offered };
  })
  .onRequest(methods.agent.session.load, async ({ params, client }) => {
    const conversation = SampleConversation.load(directory, params.sessionId);
    if (conversation === undefined) throw RequestError.resourceNotFound(params.sessionId);
    sessions.set(params.sessionId, { cwd: params.cwd, conversation, mode: firstMode });
    await replay(client, params.sessionId, conversation);
    return offered;
  })
  .onRequest(methods.agent.session.setMode, ({ params }) => {
    const mode = availableModes.find(({ id }) => id === params.modeId);
    if (mode === undefined) throw RequestError.invalidParams({ modeId: params.modeId }, "no such mode");
    findSession(params.sessionId).mode = mode.id;
    return {};
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => ({
    stopReason: await prompt(client, params.sessionId, params.prompt),
  }))
  .onNotification(methods.agent.session.cancel, ({ params }) => {
    sessions.get(params.sessionId)?.running?.abort();
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>));

// A turn that goes on after its client has left would edit a folder that nobody looks at.
connection.closed.then(
  () => process.exit(0),
  () => process.exit(1),
);
