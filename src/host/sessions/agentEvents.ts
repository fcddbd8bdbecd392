import type { StateAction } from "../../protocol/actions.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { type AgentAbout, fleetMeta } from "../../protocol/fleetMeta.ts";
import { chosenIn } from "../../protocol/sessionChoices.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { terminalUri } from "../../protocol/uris.ts";
import { findToolCall } from "../channels/chatPolicy.ts";
import type { AgentEvent } from "../providers/provider.ts";
import { AgentLogChannel } from "./agentLogChannel.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";

/** What a terminal shows of one command, and what is written for it however often the agent replaces it. */
const maxTerminalLength = 1024 * 1024 + 4_096;
const maxTerminalWritten = 8 * maxTerminalLength;

/** Takes what an agent does to the session's channels. What comes after its turn has ended goes nowhere. */
export class AgentEvents {
  readonly #ports: Pick<SessionPorts, "channels" | "spend">;
  readonly #refs: SessionRefs;
  readonly #terminals = new Map<string, { shown: number; written: number }>();
  readonly #log: AgentLogChannel;
  readonly #onTitle: (title: string) => void;
  readonly #onFilesTouched: () => void;

  constructor(
    ports: Pick<SessionPorts, "channels" | "spend">,
    refs: SessionRefs,
    on: { readonly title: (title: string) => void; readonly filesTouched: () => void },
  ) {
    this.#ports = ports;
    this.#refs = refs;
    this.#log = new AgentLogChannel(ports, refs);
    this.#onTitle = on.title;
    this.#onFilesTouched = on.filesTouched;
  }

  take(event: AgentEvent): void {
    switch (event.channel) {
      case "chat":
        this.#dispatch(this.#refs.chat, event.action);
        if (event.action.type === "chat/toolCallComplete") this.#onFilesTouched();
        return;
      case "terminal":
        this.#toTerminal(event.toolCallId, event.action);
        return;
      case "title":
        this.#onTitle(event.title);
        return;
      case "about":
        return this.#tellAbout(event.about);
      case "log":
        return this.#log.take(event.data);
      case "usage": {
        const { channel: _channel, ...usage } = event;
        return this.#ports.spend.used(this.#refs, usage);
      }
      case "filesTouched":
        this.#onFilesTouched();
        return;
    }
  }

  /** An action replaces the whole bag of the session, so what is not the agent's is repeated. */
  #tellAbout(about: AgentAbout): void {
    const session = this.#ports.channels.state("session", this.#refs.session);
    if (!session) return;
    const ours = { ...fleetMeta("session", session), ...about };
    this.#dispatch(this.#refs.session, {
      type: "session/metaChanged",
      _meta: { ...session._meta, [META_NS]: ours },
    });
    this.#tellChosen(session, about);
  }

  /** A choice of a person holds until the agent says otherwise: it refused it, or has moved on. */
  #tellChosen(session: SessionState, { modes, models }: AgentAbout): void {
    const chosen = chosenIn(session);
    const config = {
      ...(differs(chosen.mode, modes?.current) && { mode: modes?.current }),
      ...(differs(chosen.model, models?.current) && { model: models?.current }),
    };
    if (Object.keys(config).length > 0) {
      this.#dispatch(this.#refs.session, { type: "session/configChanged", config });
    }
  }

  #toTerminal(toolCallId: string, action: StateAction): void {
    const uri = terminalUri(this.#refs.id, toolCallId);
    if (!this.#ports.channels.isLoaded(uri)) this.#openTerminal(uri, toolCallId);
    const told = this.#terminals.get(uri) ?? { shown: 0, written: 0 };
    this.#terminals.set(uri, told);
    const isSpent = told.written >= maxTerminalWritten;
    if (action.type === "terminal/cleared") {
      // What it shows is worth more than nothing, which is all that could still come.
      if (isSpent) return;
      told.shown = 0;
    }
    if (action.type !== "terminal/data") return this.#dispatch(uri, action);
    const room = isSpent ? 0 : maxTerminalLength - told.shown;
    if (room <= 0) return;
    const { length } = action.data;
    told.shown += length;
    told.written += length;
    const isCut = length >= room;
    const data = isCut ? `${action.data.slice(0, room)}\r\n[the rest of the output is not shown]\r\n` : action.data;
    this.#dispatch(uri, { ...action, data });
  }

  #openTerminal(uri: string, toolCallId: string): void {
    const { channels } = this.#ports;
    const chat = channels.state("chat", this.#refs.chat);
    const turnId = chat?.activeTurn?.id;
    const toolCall = chat && turnId !== undefined ? findToolCall(chat, { turnId, toolCallId }) : undefined;
    channels.create(uri, "terminal", {
      title: toolCall === undefined || toolCall.status === "(unknown)" ? "Terminal" : toolCall.displayName,
      content: [],
      lifecycle: { status: "running" },
      claim: { kind: "session", session: this.#refs.session, chat: this.#refs.chat, turnId, toolCallId },
      isPty: false,
    });
  }

  #dispatch(channel: string, action: StateAction): void {
    const { channels } = this.#ports;
    if (!channels.isLoaded(channel)) return;
    if (channel === this.#refs.chat && "turnId" in action) {
      if (channels.state("chat", channel)?.activeTurn?.id !== action.turnId) return;
    }
    channels.dispatch(channel, action);
  }
}

function differs(chosen: string | undefined, told: string | undefined): boolean {
  return chosen !== undefined && told !== undefined && told !== chosen;
}
