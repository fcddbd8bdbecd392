import type { ChannelKind } from "../../../src/protocol/actions.ts";
import { type ChannelStates, parseState } from "../../../src/protocol/reduce.ts";
import { ROOT_URI } from "../../../src/protocol/uris.ts";

/** What a host tells of a working agent, as plain JSON: an action on a channel, or a notification of the list. */
export type Event =
  | { readonly channel: string; readonly action: { readonly type: string } & Record<string, unknown> }
  | { readonly method: string; readonly params: object };

/** A generator of numbers in [0, 1) that gives the same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const words =
  'the parser reads a token stream and returns an error when const value = await read(path) `undefined` => 42 tests/unit/parser.test.ts function if (!done) return; This should fix it: - first "quoted" step\n\n'.split(
    " ",
  );

/** About `length` characters that look like prose with code in it. */
export function prose(random: () => number, length: number): string {
  let text = "";
  while (text.length < length) text += `${words[Math.floor(random() * words.length)] ?? ""} `;
  return text;
}

/** Lines of a test run or a compiler, with colours and Windows line ends as a terminal has them. */
function output(random: () => number, lines: number): string {
  return Array.from({ length: lines }, () => `\u001b[32m✓\u001b[39m ${prose(random, 20 + random() * 60)}\r\n`).join("");
}

/** The channels of one session, with the states in which they start. */
export class SessionTraffic {
  readonly session: string;
  readonly chat: string;
  readonly changeset: string;
  readonly #random: () => number;
  #turns = 0;
  #calls = 0;
  #now = Date.UTC(2026, 0, 1);

  constructor(index: number, random: () => number) {
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    this.session = `ahp-session:/${id}`;
    this.chat = `ahp-chat:/${id}`;
    this.changeset = `${this.session}/changeset/branch`;
    this.#random = random;
  }

  /** States by URI; terminals come with the calls that open them. */
  channels(): { readonly [uri: string]: { readonly kind: ChannelKind; readonly state: ChannelStates[ChannelKind] } } {
    const chat = { resource: this.chat, title: "Fix the parser", status: 8, modifiedAt: this.#at(), turns: [] };
    const session = {
      provider: "sample",
      title: "Fix the parser",
      status: 8,
      lifecycle: "ready",
      activeClients: [],
      chats: [{ resource: chat.resource, title: chat.title, status: 8, modifiedAt: chat.modifiedAt }],
      defaultChat: this.chat,
    };
    return {
      [this.session]: { kind: "session", state: parseState("session", session) },
      [this.chat]: { kind: "chat", state: parseState("chat", chat) },
      [this.changeset]: { kind: "changeset", state: parseState("changeset", { status: "ready", files: [] }) },
      [this.terminal]: { kind: "terminal", state: parseState("terminal", this.#terminalState()) },
    };
  }

  /** One terminal serves all commands: it is cleared in between. */
  get terminal(): string {
    return `ahp-terminal:/${this.session.slice("ahp-session:/".length)}/main`;
  }

  #terminalState(): object {
    return { title: "npm test", content: [], claim: { kind: "session", session: this.session }, isPty: false };
  }

  /**
   * One turn: the agent thinks, writes, and runs `calls` tool calls, each with its output; around them the summary of the
   * session changes as the list shows it. Text arrives in pieces of about 60 characters, as models stream it.
   */
  *turn(calls = 8): Generator<Event> {
    const turnId = `turn-${++this.#turns}`;
    const message = { text: prose(this.#random, 200), origin: { kind: "user" } };
    yield* this.#status(8, "Thinking");
    yield this.#inChat("chat/turnStarted", { turnId, startedAt: this.#at(), message });
    yield* this.#text(turnId, "reasoning", 25);
    for (let call = 0; call < calls; call++) {
      yield* this.#text(turnId, "markdown", 12);
      yield* this.#call(turnId, call === 0);
      yield this.#inChat("chat/usage", { turnId, usage: { inputTokens: 52_311, outputTokens: 1204, model: "sample" } });
    }
    yield* this.#text(turnId, "markdown", 60);
    yield this.#files(20);
    yield this.#inChat("chat/turnComplete", { turnId, duration: 93_412 });
    yield* this.#status(1, null);
  }

  *#text(turnId: string, kind: "reasoning" | "markdown", pieces: number): Generator<Event> {
    const id = `${turnId}-${++this.#calls}`;
    yield this.#inChat("chat/responsePart", { turnId, part: { kind, id, content: "" } });
    const type = kind === "markdown" ? "chat/delta" : "chat/reasoning";
    for (let piece = 0; piece < pieces; piece++) {
      yield this.#inChat(type, { turnId, partId: id, content: prose(this.#random, 20 + this.#random() * 80) });
    }
  }

  *#call(turnId: string, isAsked: boolean): Generator<Event> {
    const toolCallId = `call-${++this.#calls}`;
    const of = { turnId, toolCallId };
    const command = prose(this.#random, 60);
    yield this.#inChat("chat/toolCallStart", { ...of, toolName: "execute", displayName: "Run a command" });
    for (let piece = 0; piece < 4; piece++) {
      yield this.#inChat("chat/toolCallDelta", { ...of, content: command.slice(piece * 15, piece * 15 + 15) });
    }
    const ready = { ...of, invocationMessage: `Run ${command}`, toolInput: command };
    if (isAsked) {
      const options = [
        { id: "once", label: "Allow", kind: "approve" },
        { id: "no", label: "Deny", kind: "deny" },
      ];
      yield this.#inChat("chat/toolCallReady", { ...ready, options });
      yield this.#inSession("session/inputNeededSet", {
        request: { id: toolCallId, kind: "toolConfirmation", chat: this.chat, turnId, toolCall: this.#pending(ready) },
      });
      yield* this.#status(24, "Waits for an approval");
      yield this.#inChat("chat/toolCallConfirmed", { ...of, approved: true, confirmed: "user-action" });
      yield this.#inSession("session/inputNeededRemoved", { id: toolCallId });
    } else {
      yield this.#inChat("chat/toolCallReady", { ...ready, confirmed: "not-needed" });
    }
    yield* this.#status(8, command);
    const terminal = { type: "terminal", resource: this.terminal, title: command, isPty: false };
    yield this.#inChat("chat/toolCallContentChanged", { ...of, content: [terminal] });
    yield { channel: this.terminal, action: { type: "terminal/cleared" } };
    for (let chunk = 0; chunk < 10; chunk++) {
      const data = output(this.#random, 1 + Math.floor(this.#random() * 20));
      yield { channel: this.terminal, action: { type: "terminal/data", data } };
    }
    const result = {
      success: true,
      pastTenseMessage: `Ran ${command}`,
      content: [{ ...terminal, result: { exitCode: 0 } }],
    };
    yield this.#inChat("chat/toolCallComplete", { ...of, result });
    yield this.#files(4);
  }

  #pending(ready: object): object {
    return { ...ready, toolName: "execute", displayName: "Run a command", status: "pending-confirmation" };
  }

  /** What the list and the session's own channel say of the same moment. */
  *#status(status: number, activity: string | null): Generator<Event> {
    this.#now += 1000;
    const changes = { status, activity, modifiedAt: this.#at(), changes: { additions: 120, deletions: 14, files: 4 } };
    yield { method: "root/sessionSummaryChanged", params: { channel: ROOT_URI, session: this.session, changes } };
    yield this.#inSession("session/activityChanged", activity === null ? {} : { activity });
    yield this.#inSession("session/chatUpdated", { chat: this.chat, changes: { status, modifiedAt: this.#at() } });
  }

  #files(count: number): Event {
    const side = (rev: string, index: number) => {
      const uri = `git-blob:/${rev}/src/module${index}/file${index}.ts`;
      return {
        uri: `file:///workspace/src/module${index}/file${index}.ts`,
        content: { uri, contentType: "text/plain" },
      };
    };
    const files = Array.from({ length: count }, (_, index) => ({
      id: `src/module${index}/file${index}.ts`,
      edit: { before: side("a1b2c3", index), after: side("d4e5f6", index), diff: { added: 12, removed: index } },
    }));
    return { channel: this.changeset, action: { type: "changeset/contentChanged", files } };
  }

  #inChat(type: string, members: object): Event {
    return { channel: this.chat, action: { type, ...members } };
  }

  #inSession(type: string, members: object): Event {
    return { channel: this.session, action: { type, ...members } };
  }

  #at(): string {
    return new Date(this.#now).toISOString();
  }
}

/** The event as the text frame that a host sends. */
export function frameOf(event: Event, serverSeq: number): string {
  const { method, params } = "method" in event ? event : { method: "action", params: { ...event, serverSeq } };
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}
