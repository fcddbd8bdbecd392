import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { StateAction } from "../protocol/actions.ts";
import type { ChangesetState } from "../protocol/changeset.ts";
import type { ChatState } from "../protocol/chatState.ts";
import type { FleetSessionState } from "../protocol/fleet.ts";
import type { PanelFacts, PanelItem, PanelKind } from "../protocol/panel.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import type { SessionState } from "../protocol/sessionState.ts";
import type { TerminalState } from "../protocol/terminal.ts";
import { type FoldedKind, panelReducers } from "./panelReducers.ts";

export interface TerminalView {
  readonly state: TerminalState;
  /** Characters left out at the start. */
  readonly skipped: number;
}

type Snapshot = Extract<PanelItem, { type: "snapshot" }>;

/** What the page knows of its agent: the mirrored channels, folded with the reducers that host and extension use. */
export class PanelStore {
  readonly #facts = signal<PanelFacts | undefined>(undefined);
  readonly #session = signal<SessionState | undefined>(undefined);
  readonly #chat = signal<ChatState | undefined>(undefined);
  readonly #changeset = signal<ChangesetState | undefined>(undefined);
  readonly #fleet = signal<FleetSessionState | undefined>(undefined);
  readonly #terminals = new Map<string, Signal<TerminalView | undefined>>();
  /** Which kind of channel a URI is was said by its snapshot. */
  readonly #kinds = new Map<string, PanelKind>();

  readonly facts: ReadonlySignal<PanelFacts | undefined> = this.#facts;
  readonly session: ReadonlySignal<SessionState | undefined> = this.#session;
  readonly chat: ReadonlySignal<ChatState | undefined> = this.#chat;
  readonly changeset: ReadonlySignal<ChangesetState | undefined> = this.#changeset;
  readonly fleet: ReadonlySignal<FleetSessionState | undefined> = this.#fleet;

  /** The terminal as far as it has come; `undefined` until somebody watches it. */
  terminal(uri: string): ReadonlySignal<TerminalView | undefined> {
    return this.#terminalSignal(uri);
  }

  /** Folds one push. Whoever looks is drawn once, at the end. */
  apply(items: readonly PanelItem[]): void {
    batch(() => {
      for (const item of items) {
        if (item.type === "facts") this.#facts.value = item.facts;
        else if (item.type === "snapshot") this.#replace(item);
        else this.#fold(item.uri, item.actions);
      }
    });
  }

  #replace(item: Snapshot): void {
    this.#kinds.set(item.uri, item.kind);
    switch (item.kind) {
      case "session":
        this.#session.value = item.state;
        break;
      case "chat":
        this.#chat.value = item.state;
        break;
      case "changeset":
        this.#changeset.value = item.state;
        break;
      case "fleetSession":
        this.#fleet.value = item.state;
        break;
      case "terminal":
        this.#terminalSignal(item.uri).value = { state: item.state, skipped: item.skipped ?? 0 };
        break;
      default:
        break;
    }
  }

  /** Actions of a channel whose snapshot has not come mean nothing; the snapshot that comes will hold them. */
  #fold(uri: string, actions: readonly StateAction[]): void {
    switch (this.#kinds.get(uri)) {
      case "session":
        foldInto("session", this.#session, actions);
        break;
      case "chat":
        foldInto("chat", this.#chat, actions);
        break;
      case "changeset":
        foldInto("changeset", this.#changeset, actions);
        break;
      case "terminal": {
        const view = this.#terminalSignal(uri);
        if (view.value === undefined) break;
        const state = actions.reduce((state, action) => panelReducers.terminal(state, action), view.value.state);
        if (state !== view.value.state) view.value = { ...view.value, state };
        break;
      }
      case "fleetSession":
      case undefined:
        break;
      default:
        break;
    }
  }

  #terminalSignal(uri: string): Signal<TerminalView | undefined> {
    let view = this.#terminals.get(uri);
    if (view === undefined) {
      view = signal<TerminalView | undefined>(undefined);
      this.#terminals.set(uri, view);
    }
    return view;
  }
}

function foldInto<K extends FoldedKind>(
  kind: K,
  target: Signal<ChannelStates[K] | undefined>,
  actions: readonly StateAction[],
): void {
  const before = target.value;
  if (before !== undefined) target.value = actions.reduce(panelReducers[kind], before);
}
