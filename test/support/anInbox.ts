import type { InputRequest } from "../../src/protocol/input.ts";
import type { SessionInputRequest } from "../../src/protocol/sessionState.ts";
import { STATUS } from "../../src/protocol/status.ts";
import type { PendingToolCall } from "../../src/protocol/toolCall.ts";
import { chatUri } from "../../src/protocol/uris.ts";
import { Approvals } from "../../src/extension/inbox/approvals.ts";
import { Inbox } from "../../src/extension/inbox/inbox.ts";
import { RequestDocuments } from "../../src/extension/inbox/requestDocuments.ts";
import { Snoozes } from "../../src/extension/inbox/snoozes.ts";
import { aFleet } from "./aFleet.ts";
import { aSummary } from "./clientOnFakeHost.ts";
import { settle } from "./fakeClock.ts";
import type { FakeHost } from "./fakeHost.ts";

export const sessionOf = (name: string) => `ahp-session:/${name}`;
export const keyOfAgent = (name: string) => `a|${sessionOf(name)}`;

/** A permission request of an agent, to run a command. */
export function asks(name: string, command: string, changes: Partial<PendingToolCall> = {}): SessionInputRequest {
  return {
    id: `ask-${name}`,
    kind: "toolConfirmation",
    chat: chatUri(sessionOf(name)),
    turnId: "turn",
    toolCall: {
      status: "pending-confirmation",
      toolCallId: `call-${name}`,
      toolName: "shell",
      displayName: "Shell",
      invocationMessage: "Runs a command",
      toolInput: JSON.stringify({ command }),
      ...changes,
    },
  };
}

export function questions(name: string, request: InputRequest): SessionInputRequest {
  return { id: `question-${name}`, kind: "chatInput", chat: chatUri(sessionOf(name)), request };
}

/** Lists an agent that waits for this. */
export function putWaiting(host: FakeHost, name: string, requests: readonly SessionInputRequest[]): void {
  const uri = sessionOf(name);
  const status = STATUS.inputNeeded;
  host.sessions.set(uri, aSummary(uri, { title: name, status }));
  host.put(uri, {
    provider: "sample",
    title: name,
    status,
    lifecycle: "ready",
    activeClients: [],
    chats: [],
    inputNeeded: [...requests],
  });
}

/** Lists an agent at rest. */
export function putResting(host: FakeHost, name: string, status: number, changes: object = {}): void {
  const uri = sessionOf(name);
  host.sessions.set(uri, aSummary(uri, { title: name, status, ...changes }));
}

/** Small facts in memory, as several windows share them. */
export class FakeState {
  readonly values = new Map<string, unknown>();

  get(key: string): unknown {
    return this.values.get(key);
  }

  async update(key: string, value: unknown): Promise<void> {
    this.values.set(key, structuredClone(value));
  }
}

/** An inbox over agents on a host in memory. */
export async function anInbox(prepare: (host: FakeHost) => void) {
  const scene = await aFleet((host) => prepare(host));
  const { fleet, clock, host } = scene;
  const state = new FakeState();
  const fail = (error: unknown) => {
    throw error;
  };
  const snoozes = new Snoozes(state, clock, fail);
  const answered: unknown[] = [];
  const opened: string[] = [];
  const presented: unknown[] = [];
  const approvals = new Approvals({
    fleet,
    documents: new RequestDocuments(),
    telemetry: { send: (_event, facts) => void answered.push(facts) },
    clock,
  });
  const inbox = new Inbox(
    {
      fleet,
      approvals,
      snoozes,
      clock,
      presenter: { present: async (error) => void presented.push(error) },
      openPanel: async ({ session }) => void opened.push(session),
    },
    fail,
  );
  /** The actions that came to the host. */
  const sent = () =>
    host.heard.filter(({ method }) => method === "dispatchAction").map(({ params }) => params["action"] as object);
  /** Lets the host's news arrive and be shown. */
  const shown = async () => {
    await settle();
    await clock.advance(60);
    await settle();
  };
  return { ...scene, inbox, snoozes, state, answered, opened, presented, sent, shown };
}
