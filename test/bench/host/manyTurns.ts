import { randomUUID } from "node:crypto";
import type { Channels } from "../../../src/host/channels/channels.ts";
import { initialChanges, initialStates } from "../../../src/host/sessions/newSession.ts";
import { refsOf, type SessionRefs } from "../../../src/host/sessions/sessionRefs.ts";
import { sessionUri } from "../../../src/protocol/uris.ts";

/** Makes the channels of a session whose agent has begun to answer. */
export function addSession(channels: Channels): { readonly refs: SessionRefs; readonly turnId: string } {
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
