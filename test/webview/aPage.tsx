import { render } from "@testing-library/preact";
import type { ComponentChild } from "preact";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { ChangesetState } from "../../src/protocol/changeset.ts";
import type { PanelFacts, PanelInbound, PanelItem, PanelMemory } from "../../src/protocol/panel.ts";
import { LogMethods, type LogRow } from "../../src/protocol/panelLog.ts";
import type { SessionState } from "../../src/protocol/sessionState.ts";
import { type FleetSessionState, initialFleetSession } from "../../src/protocol/fleet.ts";
import { App } from "../../src/webview/App.tsx";
import { PanelContext } from "../../src/webview/kit/panelContext.ts";
import { PanelClient } from "../../src/webview/panelClient.ts";
import { loadLexer } from "../../src/webview/transcript/markdownTokens.ts";
import { aChat, aSession, chat, session } from "../support/aChat.ts";

await loadLexer();

type Request = Extract<PanelInbound, { kind: "request" }>;

/** The page of a panel with an extension that records what it is asked, and answers when the test says so. */
export class Page {
  readonly posted: PanelInbound[] = [];
  readonly states: PanelMemory[] = [];
  readonly client: PanelClient;
  readonly #logs = new Map<string, readonly LogRow[]>();
  #seq = 0;

  constructor(memory: Partial<PanelMemory> = {}) {
    this.client = new PanelClient(
      {
        postMessage: (message) => this.#take(message),
        getState: () => memory,
        setState: (state) => this.states.push(state),
      },
      "n",
      memory,
    );
  }

  show(child: ComponentChild = <App />) {
    return render(<PanelContext.Provider value={this.client}>{child}</PanelContext.Provider>);
  }

  push(...items: readonly PanelItem[]): void {
    this.client.receive({ nonce: "n", kind: "push", seq: ++this.#seq, items });
  }

  facts(changes: Partial<PanelFacts> = {}): void {
    const facts = {
      hostName: "farm",
      connection: "live",
      heardAtMs: 0,
      problem: undefined,
      pullRequest: undefined,
      hasOlder: false,
      canShip: true,
      needsSignIn: false,
      canSteer: false,
      methods: [],
      changes: undefined,
    } as const;
    this.push({ type: "facts", facts: { ...facts, ...changes } });
  }

  session(changes: Partial<SessionState> = {}): void {
    this.push({ type: "snapshot", kind: "session", uri: session, state: aSession(changes) });
  }

  chat(changes: Partial<ChatState> = {}): void {
    this.push({ type: "snapshot", kind: "chat", uri: chat, state: aChat(changes) });
  }

  fleet(changes: Partial<FleetSessionState> = {}): void {
    const created = {
      type: "x-fleet/created",
      session,
      provider: "sample",
      createdAt: "2026-01-01T00:00:00Z",
      repository: "https://github.com/acme/widgets",
      isolation: "bubblewrap",
      phase: "ready",
    } as const;
    const state = { ...initialFleetSession(created), ...changes };
    this.push({ type: "snapshot", kind: "fleetSession", uri: "x-fleet-session:/s1", state });
  }

  changeset(state: ChangesetState): void {
    this.push({ type: "snapshot", kind: "changeset", uri: `${session}/changeset/branch`, state });
  }

  /** Tells of a log, one terminal's or the whole, and answers what is read of it. */
  log(log: string, rows: readonly LogRow[]): void {
    this.#logs.set(log, rows);
    this.push({ type: "log", log, version: 1, rows: rows.length, isReading: false });
  }

  /** Requests of one method so far. */
  asked(method: Request["method"]): readonly unknown[] {
    return this.#requests(method).map(({ params }) => params);
  }

  /** Answers the last request of a method, with a result or with a sentence that says why not. */
  answer(method: Request["method"], result: unknown = null): void {
    const id = this.#requests(method).at(-1)?.id ?? 0;
    this.client.receive(
      typeof result === "string"
        ? { nonce: "n", kind: "failure", id, sentence: result }
        : { nonce: "n", kind: "response", id, result },
    );
  }

  #take(message: PanelInbound): void {
    this.posted.push(message);
    if (message.kind !== "request" || message.method !== "readLog") return;
    const { log, from, to } = LogMethods.readLog.parse(message.params);
    const result = { version: 1, rows: this.#logs.get(log)?.slice(from, to) ?? [] };
    queueMicrotask(() => this.client.receive({ nonce: "n", kind: "response", id: message.id, result }));
  }

  #requests(method: Request["method"]): readonly Request[] {
    return this.posted.filter((message) => message.kind === "request").filter((request) => request.method === method);
  }
}
