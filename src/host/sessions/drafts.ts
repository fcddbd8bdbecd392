import { AppError } from "../../base/appError.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { ParamsOf } from "../../protocol/methods.ts";
import { compact } from "../../protocol/schema.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { FormsApi } from "../gateway/hostApi.ts";
import {
  initialChanges,
  initialChat,
  initialSession,
  initialStates,
  type NewSessionRules,
  type Origin,
  parseNewSession,
  UNTITLED,
} from "./newSession.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import { failureOfTurn } from "./turnEnds.ts";

/*
 * A draft is a session that an editor makes before its first message: it is in nobody's list, has no workspace and no
 * fleet channel, and its configuration may still change. It is nothing but its channels, so it costs nothing to leave it
 * behind and survives a restart. The first message makes a session of it.
 */

export interface NewDraft {
  readonly provider: string;
  readonly params: ParamsOf<"createSession">;
  readonly forms: FormsApi;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly owner: string;
}

export function createDraft(channels: Channels, refs: SessionRefs, draft: NewDraft): void {
  const { provider, params, forms, createdAt, owner } = draft;
  const { config, workingDirectories } = params;
  const workingDirectory = workingDirectories?.[0];
  const chat = initialChat(refs, UNTITLED, createdAt);
  channels.create(refs.chat, "chat", chat);
  channels.create(refs.branchChanges, "changeset", initialChanges());
  channels.create(refs.session, "session", {
    ...initialSession(refs, provider, chat),
    // There is nothing to wait for before the first message.
    lifecycle: "ready",
    config: forms.resolveSessionConfig({ channel: ROOT_URI, provider, config, workingDirectory }),
    ...(workingDirectories && { workingDirectories }),
    _meta: { [META_NS]: { draft: true, owner } },
  });
}

/**
 * Makes the draft whose chat has got a message a session. What it lacks for that ends the turn with a sentence that says
 * so; the turn can be resumed. The channels must be loaded. True when there is a session.
 */
export function beginDraft(
  channels: Channels,
  refs: SessionRefs,
  rules: NewSessionRules,
  at: Omit<Origin, "owner">,
): boolean {
  const session = channels.state("session", refs.session);
  const turn = channels.state("chat", refs.chat)?.activeTurn;
  if (!turn || !session || !isDraft(session)) return false;
  try {
    const owner = fleetMeta("session", session)?.owner ?? OWNER;
    const states = initialStates(refs, parseNewSession(paramsOf(refs, session), rules), { ...at, owner });
    channels.create(refs.fleet, "fleetSession", states.fleet);
    channels.dispatch(refs.session, { type: "session/metaChanged", _meta: states.session._meta });
    return true;
  } catch (error) {
    channels.dispatch(refs.chat, failureOfTurn(turn.id, 0, AppError.from(error, "The session could not be made")));
    return false;
  }
}

/** Ends a draft that nobody wants. False when there is none. */
export async function discardDraft(channels: Channels, refs: SessionRefs): Promise<boolean> {
  if (!(await channels.load(refs.session)) || !isDraft(channels.state("session", refs.session))) return false;
  for (const uri of [refs.session, refs.chat, refs.branchChanges]) {
    await channels.load(uri);
    channels.remove(uri);
  }
  return true;
}

function isDraft(session: SessionState | undefined): boolean {
  return fleetMeta("session", session)?.draft === true;
}

function paramsOf(refs: SessionRefs, session: SessionState): ParamsOf<"createSession"> {
  const { provider, workingDirectories } = session;
  // What a picker clears is empty.
  const config = Object.fromEntries(Object.entries(session.config?.values ?? {}).filter(([, value]) => value !== ""));
  return compact({ channel: refs.session, provider, config, workingDirectories });
}
