import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { ChannelChange, ChannelHandle, Client } from "../../client/client.ts";
import type { PanelFacts, PanelItem, PanelKind } from "../../protocol/panel.ts";
import type { ChannelStates } from "../../protocol/reduce.ts";
import { fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";
import { defaultChatOf } from "../fleet/agentCommands.ts";
import { chooseChangeset, type SessionChangeset } from "../fleet/changesets.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import type { AgentSignIn } from "../signIn/agentSignIn.ts";
import { toPanelFacts } from "./panelFacts.ts";
import { olderThan, windowOf } from "./panelWindow.ts";

export interface PanelSourceOptions {
  readonly target: AgentTarget;
  readonly connections: Pick<HostConnectionsView, "get" | "onDidChange">;
  readonly fleet: Pick<Fleet, "get" | "onDidChange">;
  readonly signIn: Pick<AgentSignIn, "isNeeded" | "onDidChange">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a panel hears of: a channel's change, or that the facts are others. */
export type SourceChange =
  | { readonly kind: "facts" }
  | {
      readonly kind: "channel";
      readonly channel: PanelKind;
      readonly uri: string;
      readonly change: ChannelChange<unknown>;
    };

interface Opened {
  readonly kind: PanelKind;
  readonly handle: ChannelHandle<ChannelStates[PanelKind]>;
  readonly owned: Disposables;
}

type Snapshot = Extract<PanelItem, { type: "snapshot" }>;

/** Turns of a chat that are asked for at first; a host that keeps more brings them when somebody scrolls there. */
const firstTurns = 60;

/**
 * The channels of one agent, as long as its panel is looked at: session, default chat, the changeset of its work and fleet
 * facts. Follows the host through drops, and through being configured anew.
 */
export class PanelSource implements Disposable {
  readonly #options: PanelSourceOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<SourceChange>;
  readonly onDidChange: Event<SourceChange>;
  readonly #channels = new Map<string, Opened>();
  #client: Client | undefined;
  #chatUri: string | undefined;
  #changeset: SessionChangeset | undefined;
  /** Oldest turn that the page has, by its index in the chat. */
  #firstTurn = 0;
  /** How far the page was sent the chat, and how far it has it. */
  #sentSeq: number | undefined;
  #shownSeq: number | undefined;

  constructor(options: PanelSourceOptions) {
    this.#options = options;
    const { logger, connections, fleet, signIn, target } = options;
    this.#changed = this.#owned.add(
      new Emitter<SourceChange>((error) => logger.error("panel listener failed", { reason: error })),
    );
    this.onDidChange = this.#changed.event;
    const key = agentKey(target.hostId, target.session);
    this.#owned.add(
      connections.onDidChange(({ added, changed, removed }) => {
        if ([...added, ...changed, ...removed].includes(target.hostId)) this.#attach();
      }),
    );
    this.#owned.add(
      fleet.onDidChange(({ added, changed, removed }) => {
        if ([...added, ...changed, ...removed].includes(key)) this.#changed.fire({ kind: "facts" });
      }),
    );
    this.#owned.add(signIn.onDidChange(() => this.#changed.fire({ kind: "facts" })));
    this.#attach();
  }

  get client(): Client | undefined {
    return this.#client;
  }

  get chat(): ChannelHandle<ChannelStates["chat"]> | undefined {
    return this.#chatUri === undefined ? undefined : this.#handle("chat", this.#chatUri);
  }

  get changeset(): ChannelStates["changeset"] | undefined {
    return this.#changeset && this.#handle("changeset", this.#changeset.uri)?.state;
  }

  get session(): ChannelStates["session"] | undefined {
    return this.#handle("session", this.#options.target.session)?.state;
  }

  get fleetSession(): ChannelStates["fleetSession"] | undefined {
    const id = parseSessionUri(this.#options.target.session);
    return id === undefined ? undefined : this.#handle("fleetSession", fleetSessionUri(id))?.state;
  }

  /** What the chat's actions are to be seen as answers to: the state that the page shows. */
  get shownSeq(): number | undefined {
    return this.#shownSeq;
  }

  /** The page is sent all that there is. */
  sent(): void {
    this.#sentSeq = this.chat?.seq;
  }

  /** The page has what was sent. */
  shown(): void {
    this.#shownSeq = this.#sentSeq;
  }

  get uris(): readonly string[] {
    return Array.from(this.#channels.keys());
  }

  snapshot(uri: string): Snapshot | undefined {
    const channel = this.#channels.get(uri);
    const state = channel?.handle.state;
    if (channel === undefined || state === undefined) return undefined;
    switch (channel.kind) {
      case "chat": {
        const { state: window, firstTurn } = windowOf(state as ChannelStates["chat"]);
        if (firstTurn !== this.#firstTurn) {
          this.#firstTurn = firstTurn;
          this.#changed.fire({ kind: "facts" });
        }
        return { type: "snapshot", kind: "chat", uri, state: window };
      }
      case "fleetSession": {
        // The timeline tells what is long.
        const { egress: _egress, acts: _acts, ...shown } = state as ChannelStates["fleetSession"];
        const spend = shown.spend && { ...shown.spend, turns: [] };
        return { type: "snapshot", kind: "fleetSession", uri, state: { ...shown, checkpoints: [], spend } };
      }
      default:
        // The pair (kind, state) was made by `#open`.
        return { type: "snapshot", kind: channel.kind, uri, state } as Snapshot;
    }
  }

  facts(): PanelFacts {
    const { connections, fleet, signIn, target } = this.#options;
    const provider = this.session?.provider;
    return toPanelFacts({
      connection: connections.get(target.hostId),
      agent: fleet.get(agentKey(target.hostId, target.session)),
      chat: this.chat,
      error: this.#handle("session", target.session)?.error ?? this.chat?.error,
      hasOlder: this.#firstTurn > 0 || this.chat?.state?.turnsNextCursor !== undefined,
      needsSignIn: provider !== undefined && signIn.isNeeded(target.hostId, provider),
      changes: this.#changeset,
    });
  }

  /** Whether actions that add older turns fit what the page has: with a gap between, they do not. */
  get isWindowWhole(): boolean {
    return this.#firstTurn === 0;
  }

  /** Turns before the page's first one that are here already. */
  takeOlder(): { uri: string; turns: ReturnType<typeof olderThan>["turns"]; cursor: string | undefined } | undefined {
    const chat = this.chat;
    if (chat?.state === undefined || this.#firstTurn === 0) return undefined;
    const { turns, firstTurn } = olderThan(chat.state, this.#firstTurn);
    this.#firstTurn = firstTurn;
    this.#changed.fire({ kind: "facts" });
    return { uri: chat.uri, turns, cursor: chat.state.turnsNextCursor };
  }

  /** Asks the host for turns that it has kept back; they come as an action of the chat. */
  async fetchOlder(): Promise<void> {
    const cursor = this.chat?.state?.turnsNextCursor;
    if (this.#client === undefined || this.#chatUri === undefined || cursor === undefined) return;
    await this.#client.request("fetchTurns", { channel: this.#chatUri, cursor });
  }

  openTerminal(terminal: string): ChannelHandle<ChannelStates["terminal"]> | undefined {
    return this.#client?.subscribe("terminal", terminal);
  }

  dispose(): void {
    for (const uri of this.uris) this.#close(uri);
    this.#owned.dispose();
  }

  #attach(): void {
    const { connections, target } = this.#options;
    const client = connections.get(target.hostId)?.client;
    if (client !== this.#client) {
      for (const uri of this.uris) this.#close(uri);
      this.#client = client;
      this.#chatUri = undefined;
      this.#changeset = undefined;
      if (client !== undefined) this.#open("session", target.session);
    }
    this.#openFleet();
    this.#changed.fire({ kind: "facts" });
  }

  /** The chat and the changeset are named by the session's state. */
  #followSession(state: ChannelStates["session"] | undefined): void {
    if (state === undefined) return;
    const { session } = this.#options.target;
    const chat = defaultChatOf(session, state);
    if (chat !== this.#chatUri) {
      if (this.#chatUri !== undefined) this.#close(this.#chatUri);
      this.#chatUri = chat;
      this.#firstTurn = 0;
      this.#open("chat", chat);
    }
    const changeset = chooseChangeset(session, state.changesets, this.#hasFleet);
    if (this.#changeset !== undefined && changeset?.uri !== this.#changeset.uri) this.#close(this.#changeset.uri);
    this.#changeset = changeset;
    if (changeset !== undefined) this.#open("changeset", changeset.uri);
    this.#openFleet();
  }

  /** The handshake tells it, and outlives a drop. */
  get #hasFleet(): boolean {
    return this.#client?.hostInfo?.fleet !== undefined;
  }

  #openFleet(): void {
    const id = parseSessionUri(this.#options.target.session);
    if (id !== undefined && this.#hasFleet) this.#open("fleetSession", fleetSessionUri(id));
  }

  #open(kind: PanelKind, uri: string): void {
    if (this.#client === undefined || this.#channels.has(uri)) return;
    const owned = new Disposables();
    const handle: ChannelHandle<ChannelStates[PanelKind]> = owned.add(
      this.#client.subscribe(kind, uri, kind === "chat" ? { turns: firstTurns } : {}),
    );
    // The state is read from the handle; a refusal shows in `error`.
    handle.ready.catch(() => undefined);
    this.#channels.set(uri, { kind, handle, owned });
    owned.add(
      handle.onDidChange((change) => {
        if (kind === "session") this.#followSession(change.state as ChannelStates["session"] | undefined);
        this.#changed.fire({
          kind: "channel",
          channel: kind,
          uri,
          change: kind === "fleetSession" ? whole(change) : change,
        });
        const { applied } = change;
        // Whether there are older turns is a fact, and so is how fresh everything is.
        if (!applied?.length || applied.some(({ type }) => type === "chat/turnsLoaded"))
          this.#changed.fire({ kind: "facts" });
      }),
    );
    if (kind === "session") this.#followSession(handle.state as ChannelStates["session"] | undefined);
    if (handle.state !== undefined) {
      this.#changed.fire({
        kind: "channel",
        channel: kind,
        uri,
        change: { state: handle.state, status: handle.status },
      });
    }
  }

  #close(uri: string): void {
    this.#channels.get(uri)?.owned.dispose();
    this.#channels.delete(uri);
  }

  #handle<K extends PanelKind>(kind: K, uri: string): ChannelHandle<ChannelStates[K]> | undefined {
    const channel = this.#channels.get(uri);
    return channel?.kind === kind ? (channel.handle as ChannelHandle<ChannelStates[K]>) : undefined;
  }
}

/** The page shows little of the fleet plane: what it shows is told as it is, so that the page needs none of its reducers. */
function whole({ state, status, applied }: ChannelChange<unknown>): ChannelChange<unknown> {
  return applied?.length === 0 ? { state, status, applied } : { state, status };
}
