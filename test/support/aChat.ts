import type { ActiveTurn, ChatState, ResponsePart, Turn } from "../../src/protocol/chatState.ts";
import type { SessionState } from "../../src/protocol/sessionState.ts";
import type { ToolCall } from "../../src/protocol/toolCall.ts";
import { chatUri } from "../../src/protocol/uris.ts";

export const session = "ahp-session:/s1";
export const chat = chatUri(session);

export function aSession(changes: Partial<SessionState> = {}): SessionState {
  return {
    provider: "sample",
    title: "Fix the parser",
    status: 1,
    lifecycle: "ready",
    activeClients: [],
    chats: [],
    defaultChat: chat,
    ...changes,
  };
}

export function aTurn(id: string, parts: readonly ResponsePart[] = [], changes: Partial<Turn> = {}): Turn {
  return {
    id,
    startedAt: "2026-01-01T00:00:00Z",
    duration: 1500,
    message: { text: `Prompt ${id}`, origin: { kind: "user" } },
    responseParts: [...parts],
    state: "complete",
    ...changes,
  };
}

export function anActiveTurn(id: string, parts: readonly ResponsePart[] = []): ActiveTurn {
  return {
    id,
    startedAt: "2026-01-01T00:00:00Z",
    message: { text: `Prompt ${id}`, origin: { kind: "user" } },
    responseParts: [...parts],
  };
}

export function aChat(changes: Partial<ChatState> = {}): ChatState {
  return { resource: chat, title: "", status: 1, modifiedAt: "2026-01-01T00:00:00Z", turns: [], ...changes };
}

export function markdown(content: string, id = "m1"): ResponsePart {
  return { kind: "markdown", id, content };
}

export function toolPart(toolCall: ToolCall): ResponsePart {
  return { kind: "toolCall", toolCall };
}

export function pendingCall(toolInput: string, toolCallId = "call-1"): ToolCall {
  return {
    status: "pending-confirmation",
    toolCallId,
    toolName: "shell",
    displayName: "Shell",
    invocationMessage: "Run a command",
    toolInput,
    options: [
      { id: "once", label: "Allow once", kind: "approve" },
      { id: "never", label: "Reject", kind: "deny" },
    ],
  };
}

export function terminalCall(terminal: string, toolCallId = "call-2"): ToolCall {
  return {
    status: "completed",
    toolCallId,
    toolName: "shell",
    displayName: "Shell",
    invocationMessage: "Run the tests",
    confirmed: "not-needed",
    success: true,
    pastTenseMessage: "Ran the tests",
    toolInput: '{"command":"npm test"}',
    content: [{ type: "terminal", resource: terminal, title: "npm test", isPty: false, result: { exitCode: 0 } }],
  };
}
