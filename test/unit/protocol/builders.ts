import { type ChannelKind, parseAction, type StateAction } from "../../../src/protocol/actions.ts";
import { type ChannelStates, parseState, reduce } from "../../../src/protocol/reduce.ts";

/** Freezes all the way down, so that a reducer that writes into its input throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** An action as it comes from the wire. Throws for one that the schemas refuse. */
export function anAction(action: { readonly type: string; readonly [key: string]: unknown }): StateAction {
  const parsed = parseAction(action);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** The state after the actions; input and results are frozen on the way. */
export function fold<K extends ChannelKind>(
  kind: K,
  state: ChannelStates[K],
  ...actions: readonly { readonly type: string; readonly [key: string]: unknown }[]
): ChannelStates[K] {
  return actions.reduce(
    (before, action) => deepFreeze(reduce(kind, before, deepFreeze(anAction(action)))),
    deepFreeze(state),
  );
}

export const session = "ahp-session:/6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
export const chat = "ahp-chat:/c1";
const at = "2026-01-01T00:00:00.000Z";

const initialStates: { readonly [K in ChannelKind]: Record<string, unknown> } = {
  root: { agents: [] },
  session: { provider: "sample", title: "Title", status: 1, lifecycle: "creating", activeClients: [], chats: [] },
  chat: { resource: chat, title: "Chat", status: 1, modifiedAt: at, turns: [] },
  changeset: { status: "computing", files: [] },
  terminal: { title: "sh", content: [], claim: { kind: "client", clientId: "c1" }, lifecycle: { status: "running" } },
  annotations: { annotations: [] },
  resourceWatch: { root: "file:///w", recursive: true },
  automations: { entries: [] },
  automationRun: {
    resource: "ahp-automation-run:/r1",
    automation: "ahp-automation:/a1",
    origin: { kind: "manual" },
    lifecycle: { status: "pending", createdAt: at },
    sessions: [],
  },
  fleetSession: {
    session,
    provider: "sample",
    createdAt: at,
    repository: "https://git.example/a.git",
    isolation: "none",
    phase: "queued",
    queue: { position: 2 },
    checkpoints: [],
    usage: { inputTokens: 0, outputTokens: 0 },
  },
  fleetConflicts: { repository: "git.example/a", branches: [], pairs: [], mergeOrder: [], at },
  fleetSpend: { rows: [], raised: [] },
  fleetRepository: { repository: "git.example/a", servers: [] },
};

/** A state of the kind, parsed as if it came in a snapshot. */
export function aState<K extends ChannelKind>(kind: K, overrides: Record<string, unknown> = {}): ChannelStates[K] {
  return parseState(kind, { ...initialStates[kind], ...overrides });
}

export const aMessage = (text = "Do it") => ({ text, origin: { kind: "user" } });

export const aTurnStart = (turnId = "t1") => ({
  type: "chat/turnStarted",
  turnId,
  startedAt: "2026-01-01T00:01:00.000Z",
  message: aMessage(),
});

/** The actions that bring a tool call to the point where a person has to approve it. */
type WireAction = { readonly type: string; readonly [key: string]: unknown };

export const aPendingToolCall = (toolCallId = "tc1"): [start: WireAction, ready: WireAction] => [
  { type: "chat/toolCallStart", turnId: "t1", toolCallId, toolName: "bash", displayName: "Run" },
  {
    type: "chat/toolCallReady",
    turnId: "t1",
    toolCallId,
    invocationMessage: "Run: ls",
    toolInput: "ls",
    options: [
      { id: "once", label: "Allow", kind: "approve" },
      { id: "no", label: "Deny", kind: "deny" },
    ],
  },
];
