import { render, waitFor } from "@testing-library/preact";
import type { ComponentChild } from "preact";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { ChangesetState } from "../../src/protocol/changeset.ts";
import type { PanelFacts, PanelInbound, PanelItem, PanelMemory } from "../../src/protocol/panel.ts";
import type { LogChange, LogRow } from "../../src/protocol/panelLog.ts";
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
  #seq = 0;

  constructor(memory: Partial<PanelMemory> = {}) {
    this.client = new PanelClient(
      {
        postMessage: (message) => this.posted.push(message),
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

  /** Tells of a log of one terminal, or of the whole, and answers what is read of it. */
  async log(log: string, rows: readonly LogRow[], change: Partial<LogChange> = {}): Promise<void> {
    this.push({ type: "log", log, version: 1, rows: rows.length, isReading: false, ...change });
    await waitFor(() => {
      if (this.asked("readLog").length === 0) throw new Error("nothing was read");
    });
    const { from, to } = this.asked("readLog").at(-1) as { from: number; to: number };
    this.answer("readLog", { version: change.version ?? 1, rows: rows.slice(from, to) });
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

  #requests(method: Request["method"]): readonly Request[] {
    return this.posted.filter((message) => message.kind === "request").filter((request) => request.method === method);
  }
}
