import { META_NS } from "../../../src/protocol/fleet.ts";
import type { ChannelKind } from "../../../src/protocol/actions.ts";
import type { ChannelState, ChannelStates } from "../../../src/protocol/reduce.ts";
import { annotationsUri, fleetSessionUri, terminalUri } from "../../../src/protocol/uris.ts";
import { refsOf } from "../../../src/host/sessions/sessionRefs.ts";

/** The sessions of the simulation: some are there from the start, others come and go. */
export const sessions: readonly string[] = [0, 1, 2, 3].map((number) => `ahp-session:/session-${number}`);
export const firstSessions: readonly string[] = sessions.slice(0, 2);

/** The channels of one session, by kind. */
export function channelsOf(session: string): { readonly kind: ChannelKind; readonly uri: string }[] {
  const { id, chat, branchChanges } = refsOf(session);
  return [
    { kind: "session", uri: session },
    { kind: "chat", uri: chat },
    { kind: "changeset", uri: branchChanges },
    { kind: "terminal", uri: terminalUri(id, "call") },
    { kind: "annotations", uri: annotationsUri(session) },
    { kind: "fleetSession", uri: fleetSessionUri(id) },
  ];
}

/** A session at its start. `createdAt` tells it from an earlier one of the same address. */
export function startStates(session: string, createdAt: string): ReadonlyMap<string, [ChannelKind, ChannelState]> {
  const { id, chat } = refsOf(session);
  const chatSummary = { resource: chat, title: "Chat", status: 1, modifiedAt: createdAt };
  const states: { [K in ChannelKind]?: ChannelStates[K] } = {
    session: {
      provider: "sample",
      title: `Untitled ${createdAt}`,
      status: 1,
      lifecycle: "ready",
      activeClients: [],
      chats: [chatSummary],
      defaultChat: chat,
      _meta: { [META_NS]: {} },
    },
    chat: { ...chatSummary, turns: [] },
    changeset: { status: "ready", files: [] },
    terminal: { title: "Output", content: [], claim: { kind: "session", session }, isPty: false },
    annotations: { annotations: [] },
    fleetSession: {
      session,
      provider: "sample",
      createdAt,
      repository: `https://example.test/${id}.git`,
      isolation: "none",
      phase: "ready",
      checkpoints: [],
      usage: { inputTokens: 0, outputTokens: 0 },
    },
  };
  const found = new Map<string, [ChannelKind, ChannelState]>();
  for (const { kind, uri } of channelsOf(session)) {
    const state = states[kind];
    if (state !== undefined) found.set(uri, [kind, state]);
  }
  return found;
}
