import { reduceChat } from "../../../../../src/protocol/chat.ts";
import type { ChatState } from "../../../../../src/protocol/chatState.ts";
import { reduceTerminal, type TerminalState } from "../../../../../src/protocol/terminal.ts";
import { AcpPermissionRequest, parseSessionUpdate } from "../../../../../src/host/providers/acp/acpMessages.ts";
import {
  beginTurn,
  endTurn,
  initialMapState,
  mapAnswer,
  mapPermission,
  mapUpdate,
  type MapState,
} from "../../../../../src/host/providers/acp/mapUpdate.ts";
import type { AgentEvent } from "../../../../../src/host/providers/provider.ts";

/** Folds what the mapping emits into the channels that a host would hold, with the real reducers. */
export class Conversation {
  map: MapState = beginTurn(initialMapState("session-1", "/w"), "turn-0001-long");
  readonly events: AgentEvent[] = [];
  readonly terminals = new Map<string, TerminalState>();
  #nowMs = 1_000;
  chat: ChatState = reduceChat(
    { resource: "c", title: "", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [] },
    {
      type: "chat/turnStarted",
      turnId: "turn-0001-long",
      startedAt: "2026-01-01T00:00:00Z",
      message: { text: "go", origin: { kind: "user" } },
    },
  );

  update(update: Record<string, unknown>): this {
    const parsed = parseSessionUpdate({ sessionId: "agent", update });
    if (parsed?.update) this.#take(mapUpdate(this.map, parsed.update, (this.#nowMs += 10)));
    return this;
  }

  tool(sessionUpdate: "tool_call" | "tool_call_update", fields: Record<string, unknown>): this {
    return this.update({ sessionUpdate, toolCallId: "call-1", ...fields });
  }

  say(text: string, messageId?: string): this {
    return this.update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text }, messageId });
  }

  ask(toolCall: Record<string, unknown> = {}): string | undefined {
    const request = AcpPermissionRequest.parse({
      sessionId: "agent",
      toolCall: { toolCallId: "call-1", ...toolCall },
      options: [
        { optionId: "proceed_once", name: "Yes", kind: "allow_once" },
        { optionId: "proceed_always", name: "Always", kind: "allow_always" },
        { optionId: "cancel", name: "No", kind: "reject_once" },
      ],
    });
    const mapped = mapPermission(this.map, request, this.#nowMs);
    this.#take(mapped);
    return mapped.toolCallId;
  }

  /** What the host does when a person answers. */
  answer(toolCallId: string, approved: boolean): this {
    const ids = { type: "chat/toolCallConfirmed", turnId: "turn-0001-long", toolCallId } as const;
    this.chat = reduceChat(
      this.chat,
      approved ? { ...ids, approved, confirmed: "user-action" } : { ...ids, approved, reason: "denied" },
    );
    this.map = mapAnswer(this.map, toolCallId, approved);
    return this;
  }

  end(isComplete = true): this {
    this.#take(endTurn(this.map, isComplete, (this.#nowMs += 10)));
    return this;
  }

  get parts() {
    return this.chat.activeTurn?.responseParts ?? [];
  }

  get call() {
    const part = this.parts.find(({ kind }) => kind === "toolCall");
    return part?.kind === "toolCall" ? part.toolCall : undefined;
  }

  #take(mapped: { state: MapState; events: readonly AgentEvent[] }): void {
    this.map = mapped.state;
    for (const event of mapped.events) {
      this.events.push(event);
      if (event.channel === "chat" && event.action.type.startsWith("chat/")) {
        this.chat = reduceChat(this.chat, event.action as Parameters<typeof reduceChat>[1]);
      }
      if (event.channel === "terminal") {
        const fresh: TerminalState = { title: "", content: [], claim: { kind: "client", clientId: "x" } };
        const before = this.terminals.get(event.toolCallId) ?? fresh;
        this.terminals.set(
          event.toolCallId,
          reduceTerminal(before, event.action as Parameters<typeof reduceTerminal>[1]),
        );
      }
    }
  }
}
