import type { ChatState } from "../../protocol/chatState.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ForkedFrom } from "../../protocol/fleetCheckpoints.ts";
import type { Channels } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { SessionRun } from "./sessionRun.ts";

/**
 * May the agent of a copy take up the conversation of its source? Agents keep it in their home, which is copied as it is:
 * so it must be the same agent for the same person, at rest, and nothing must have been said since the checkpoint.
 */
export function hasConversation(
  source: { readonly fleet: FleetSessionState; readonly chat: ChatState },
  { turnId }: ForkedFrom,
  copy: { readonly provider: string; readonly owner: string },
): boolean {
  const { fleet, chat } = source;
  const isSame = fleet.provider === copy.provider && (fleet.owner ?? OWNER) === copy.owner;
  const isLatest = chat.activeTurn === undefined && chat.turns.at(-1)?.id === turnId;
  return isSame && isLatest && turnId !== "" && fleet.agentSessionId !== undefined;
}

/** The agent's id for it, once the agent that had it is at rest. `source` is the session that the copy was made of. */
export async function conversationOf(
  channels: Channels,
  source: SessionRun | undefined,
  from: ForkedFrom,
  { provider, owner = OWNER }: FleetSessionState,
): Promise<string | undefined> {
  if (source) await channels.load(source.refs.chat);
  const fleet = source && channels.state("fleetSession", source.refs.fleet);
  const chat = source && channels.state("chat", source.refs.chat);
  if (!source || !fleet || !chat || !hasConversation({ fleet, chat }, from, { provider, owner })) return undefined;
  return await source.alone({}, async () => fleet.agentSessionId).catch(() => undefined);
}
