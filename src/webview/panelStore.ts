import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { StateAction } from "../protocol/actions.ts";
import type { ChangesetState } from "../protocol/changeset.ts";
import type { ChatState } from "../protocol/chatState.ts";
import type { FleetSessionState } from "../protocol/fleet.ts";
import type { PanelAbout, PanelFacts, PanelItem, PanelKind } from "../protocol/panel.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import type { SessionState } from "../protocol/sessionState.ts";
import type { LogModel } from "./log/logModel.ts";
import { type FoldedKind, panelReducers } from "./panelReducers.ts";

export type Timeline = Extract<PanelItem, { type: "timeline" }>;
type Snapshot = Extract<PanelItem, { type: "snapshot" }>;

/** What the page knows of its agent: the mirrored channels, folded with the reducers that host and extension use. */
export class PanelStore {
  readonly #facts = signal<PanelFacts | undefined>(undefined);
  readonly #session = signal<SessionState | undefined>(undefined);
  readonly #chat = signal<ChatState | undefined>(undefined);
  readonly #changeset = signal<ChangesetState | undefined>(undefined);
  readonly #fleet = signal<FleetSessionState | undefined>(undefined);
  readonly #about = signal<PanelAbout>({ choices: [], models: [] });
  readonly #timeline = signal<Timeline | undefined>(undefined);
  readonly #logs = new Map<string, LogModel>();
  /** Which kind of channel a URI is was said by its snapshot. */
  readonly #kinds = new Map<string, PanelKind>();

  readonly facts: ReadonlySignal<PanelFacts | undefined> = this.#facts;
  readonly session: ReadonlySignal<SessionState | undefined> = this.#session;
  readonly chat: ReadonlySignal<ChatState | undefined> = this.#chat;
  readonly changeset: ReadonlySignal<ChangesetState | undefined> = this.#changeset;
  readonly fleet: ReadonlySignal<FleetSessionState | undefined> = this.#fleet;

  readonly about: ReadonlySignal<PanelAbout> = this.#about;
  readonly timeline: ReadonlySignal<Timeline | undefined> = this.#timeline;

  /** The part of a log that is here, made when somebody looks at it first. */
  log(log: string, make: () => LogModel): LogModel {
    let model = this.#logs.get(log);
    if (model === undefined) {
      model = make();
      this.#logs.set(log, model);
    }
    return model;
  }

  /** Nobody looks at the log any more. */
  dropLog(log: string): void {
    this.#logs.delete(log);
  }

  /** Folds one push. Whoever looks is drawn once, at the end. */
  apply(items: readonly PanelItem[]): void {
    batch(() => {
      for (const item of items) {
        if (item.type === "facts") this.#facts.value = item.facts;
        else if (item.type === "about") this.#about.value = item.about;
        else if (item.type === "timeline") this.#timeline.value = item;
        else if (item.type === "log") this.#logs.get(item.log)?.apply(item);
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
      case "fleetSession":
      case undefined:
        break;
      default:
        break;
    }
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
