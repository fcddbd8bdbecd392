import { randomUUID } from "node:crypto";
import { setImmediate as nextTick } from "node:timers/promises";
import type { Channels } from "../../../src/host/channels/channels.ts";
import { initialChanges, initialStates } from "../../../src/host/sessions/newSession.ts";
import { mirrorChat } from "../../../src/host/sessions/sessionMirror.ts";
import { refsOf, type SessionRefs } from "../../../src/host/sessions/sessionRefs.ts";
import { sessionUri } from "../../../src/protocol/uris.ts";

/** A turn whose agent has begun to answer. */
export interface BegunTurn {
  readonly refs: SessionRefs;
  readonly turnId: string;
}

/** Sessions that ran to the end of one turn of so many actions. */
export async function fillSessions(channels: Channels, sessions: number, actionsEach: number): Promise<void> {
  for (let index = 0; index < sessions; index++) {
    const turn = addSession(channels);
    writeText(channels, turn, actionsEach - 3);
    endTurn(channels, turn);
    const session = channels.state("session", turn.refs.session);
    const chat = channels.state("chat", turn.refs.chat);
    if (session && chat) for (const action of mirrorChat(session, chat)) channels.dispatch(turn.refs.session, action);
    if (index % 50 === 0) await nextTick();
  }
}

export function writeText(channels: Channels, { refs, turnId }: BegunTurn, pieces: number): void {
  const content = "a few words of an answer, ";
  for (let done = 0; done < pieces; done++) {
    channels.dispatch(refs.chat, { type: "chat/delta", turnId, partId: "answer", content });
  }
}

export function endTurn(channels: Channels, { refs, turnId }: BegunTurn): void {
  channels.dispatch(refs.chat, { type: "chat/turnComplete", turnId, duration: 60_000 });
}

/** Makes the channels of a session whose agent has begun to answer. */
export function addSession(channels: Channels): BegunTurn {
  const refs = refsOf(sessionUri(randomUUID()));
  const config = { repository: "https://git.example/acme/widgets.git", baseBranch: "main" };
  const wanted = { provider: "sample", config, model: undefined, workingDirectories: undefined };
  const at = { createdAt: "2026-01-01T00:00:00.000Z", isolation: "none", owner: "owner" } as const;
  const { fleet, session, chat } = initialStates(refs, wanted, at);
  channels.create(refs.fleet, "fleetSession", { ...fleet, phase: "ready" });
  channels.create(refs.chat, "chat", chat);
  channels.create(refs.branchChanges, "changeset", initialChanges());
  channels.create(refs.session, "session", { ...session, lifecycle: "ready" });
  const turnId = randomUUID();
  const message = { text: "Fix the parser", origin: { kind: "user" } } as const;
  channels.dispatch(refs.chat, { type: "chat/turnStarted", turnId, startedAt: at.createdAt, message });
  const part = { kind: "markdown", id: "answer", content: "" } as const;
  channels.dispatch(refs.chat, { type: "chat/responsePart", turnId, part });
  return { refs, turnId };
}
