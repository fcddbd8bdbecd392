import { render } from "@testing-library/preact";
import type { ComponentChild } from "preact";
import type { ChatState } from "../../src/protocol/chatState.ts";
import type { ChangesetState } from "../../src/protocol/changeset.ts";
import type { PanelFacts, PanelInbound, PanelItem, PanelMemory } from "../../src/protocol/panel.ts";
import type { SessionState } from "../../src/protocol/sessionState.ts";
import { type FleetSessionState, initialFleetSession } from "../../src/protocol/fleet.ts";
import { App } from "../../src/webview/App.tsx";
import { PanelContext } from "../../src/webview/kit/panelContext.ts";
import { PanelClient } from "../../src/webview/panelClient.ts";
import { aChat, aSession, chat, session } from "../support/aChat.ts";

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

  /** Requests of one method so far. */
  asked(method: Request["method"]): readonly unknown[] {
    return this.#requests(method).map(({ params }) => params);
  }

  /** Answers the last request of a method, with null or with a sentence that says why not. */
  answer(method: Request["method"], failure?: string): void {
    const id = this.#requests(method).at(-1)?.id ?? 0;
    this.client.receive(
      failure === undefined
        ? { nonce: "n", kind: "response", id, result: null }
        : { nonce: "n", kind: "failure", id, sentence: failure },
    );
  }

  #requests(method: Request["method"]): readonly Request[] {
    return this.posted.filter((message) => message.kind === "request").filter((request) => request.method === method);
  }
}
