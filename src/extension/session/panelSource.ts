import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { ChannelChange, ChannelHandle, Client } from "../../client/client.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { PanelFacts, PanelItem, PanelKind } from "../../protocol/panel.ts";
import type { ChannelStates } from "../../protocol/reduce.ts";
import { fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";
import { defaultChatOf } from "../fleet/agentCommands.ts";
import { chooseChangeset, type SessionChangeset } from "../fleet/changesets.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey } from "../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import type { AgentTarget } from "../ids.ts";
import { sentenceOf } from "../platform/presentError.ts";
import type { AgentSignIn } from "../signIn/agentSignIn.ts";
import { namesTerminal, olderThan, terminalTail, windowOf } from "./panelWindow.ts";

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
  | { readonly kind: "channel"; readonly uri: string; readonly change: ChannelChange<unknown> };

interface Opened {
  readonly kind: PanelKind;
  readonly handle: ChannelHandle<ChannelStates[PanelKind]>;
  readonly owned: Disposables;
}

type Snapshot = Extract<PanelItem, { type: "snapshot" }>;

/**
 * The channels of one agent, as long as its panel is looked at: session, default chat, the changeset of its work, fleet
 * facts, and the terminals that the page watches. Follows the host through drops, and through being configured anew.
 */
export class PanelSource implements Disposable {
  readonly #options: PanelSourceOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<SourceChange>;
  readonly onDidChange: Event<SourceChange>;
  readonly #channels = new Map<string, Opened>();
  readonly #watched = new Map<string, number>();
  #client: Client | undefined;
  #chatUri: string | undefined;
  #changeset: SessionChangeset | undefined;
  /** Oldest turn that the page has, by its index in the chat. */
  #firstTurn = 0;

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
        const { spend: _spend, egress: _egress, ...shown } = state as ChannelStates["fleetSession"];
        return { type: "snapshot", kind: "fleetSession", uri, state: { ...shown, checkpoints: [] } };
      }
      case "terminal":
        return { type: "snapshot", kind: "terminal", uri, ...terminalTail(state as ChannelStates["terminal"]) };
      default:
        // The pair (kind, state) was made by `#open`.
        return { type: "snapshot", kind: channel.kind, uri, state } as Snapshot;
    }
  }

  facts(): PanelFacts {
    const { connections, fleet, signIn, target } = this.#options;
    const connection = connections.get(target.hostId);
    const provider = this.session?.provider;
    const agent = fleet.get(agentKey(target.hostId, target.session));
    return {
      hostName: connection?.host.name ?? "an unknown host",
      connection: connection === undefined ? "offline" : connectionOf(connection.state),
      heardAtMs: this.chat?.asOf ?? connection?.client.lastHeardAt,
      problem: this.#problem(connection?.state),
      pullRequest: agent?.pullRequest && { number: agent.pullRequest.number, url: agent.pullRequest.url },
      hasOlder: this.#firstTurn > 0,
      canShip: this.#hasFleet,
      needsSignIn: provider !== undefined && signIn.isNeeded(target.hostId, provider),
      changes: changesOf(this.#changeset),
    };
  }

  /** Whether actions that add older turns fit what the page has: with a gap between, they do not. */
  get isWindowWhole(): boolean {
    return this.#firstTurn === 0;
  }

  /** The turns before the page's first one. */
  takeOlder(): { uri: string; turns: ReturnType<typeof olderThan>["turns"]; cursor: string | undefined } | undefined {
    const chat = this.chat;
    if (chat?.state === undefined || this.#firstTurn === 0) return undefined;
    const { turns, firstTurn } = olderThan(chat.state, this.#firstTurn);
    this.#firstTurn = firstTurn;
    this.#changed.fire({ kind: "facts" });
    return { uri: chat.uri, turns, cursor: chat.state.turnsNextCursor };
  }

  /** Whether the conversation names the terminal: a page may ask for no other. */
  names(terminal: string): boolean {
    const chat = this.chat?.state;
    return chat !== undefined && namesTerminal(chat, terminal);
  }

  /** False for a terminal that the conversation does not name. */
  watch(terminal: string): boolean {
    if (this.#client === undefined || !this.names(terminal)) return false;
    const watchers = this.#watched.get(terminal) ?? 0;
    this.#watched.set(terminal, watchers + 1);
    if (watchers === 0) this.#open("terminal", terminal);
    return true;
  }

  unwatch(terminal: string): void {
    const watchers = (this.#watched.get(terminal) ?? 0) - 1;
    if (watchers > 0) {
      this.#watched.set(terminal, watchers);
      return;
    }
    this.#watched.delete(terminal);
    if (this.#channels.get(terminal)?.kind === "terminal") this.#close(terminal);
  }

  /** The page forgot what it watched. */
  unwatchAll(): void {
    for (const terminal of Array.from(this.#watched.keys())) {
      this.#watched.delete(terminal);
      this.#close(terminal);
    }
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
      this.#watched.clear();
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
    const handle: ChannelHandle<ChannelStates[PanelKind]> = owned.add(this.#client.subscribe(kind, uri));
    // The state is read from the handle; a refusal shows in `error`.
    handle.ready.catch(() => undefined);
    this.#channels.set(uri, { kind, handle, owned });
    owned.add(
      handle.onDidChange((change) => {
        if (kind === "session") this.#followSession(change.state as ChannelStates["session"] | undefined);
        this.#changed.fire({ kind: "channel", uri, change: kind === "fleetSession" ? whole(change) : change });
        if (change.applied === undefined || change.applied.length === 0) this.#changed.fire({ kind: "facts" });
      }),
    );
    if (kind === "session") this.#followSession(handle.state as ChannelStates["session"] | undefined);
    if (handle.state !== undefined) {
      this.#changed.fire({ kind: "channel", uri, change: { state: handle.state, status: handle.status } });
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

  #problem(state: ConnectionState | undefined): string | undefined {
    if (state === undefined) return "The host of this agent is not configured any more. Add it again to see the agent.";
    if (state.kind === "refused") return sentenceOf(state.error);
    const error = this.#handle("session", this.#options.target.session)?.error ?? this.chat?.error;
    return error && sentenceOf(error);
  }
}

function connectionOf({ kind }: ConnectionState): PanelFacts["connection"] {
  switch (kind) {
    case "live":
      return "live";
    case "opening":
    case "handshaking":
    case "resuming":
      return "connecting";
    case "waiting":
    case "refused":
    case "offline":
    default:
      return "offline";
  }
}

function changesOf(changeset: SessionChangeset | undefined): PanelFacts["changes"] {
  if (changeset?.label === undefined) return undefined;
  return { label: changeset.label, description: changeset.description };
}

/** The page shows little of the fleet plane: what it shows is told as it is, so that the page needs none of its reducers. */
function whole({ state, status, applied }: ChannelChange<unknown>): ChannelChange<unknown> {
  return applied?.length === 0 ? { state, status, applied } : { state, status };
}
