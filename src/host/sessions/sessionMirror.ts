import type { StateAction } from "../../protocol/actions.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import { chatSummaryOf, inputNeededOf } from "../../protocol/summary.ts";
import { headline } from "./wording.ts";

/** The actions that make a session show its chat as it is: its row, and what waits for a person. */
export function mirrorChat(session: SessionState, chat: ChatState): StateAction[] {
  return [...mirrorSummary(session, chat), ...mirrorInputNeeded(session, chat)];
}

function mirrorSummary(session: SessionState, chat: ChatState): StateAction[] {
  const present = session.chats.find((summary) => summary.resource === chat.resource);
  const { status, modifiedAt } = chatSummaryOf(chat);
  // Changes are merged, so an activity that is over is said by an empty one, not by its absence.
  const activity = doingOf(chat) ?? "";
  // A session has one chat here, and a chat's own state has no action that changes its title.
  const { title } = session;
  const isRenamed = present?.title !== title;
  const isOther = (present?.activity ?? "") !== activity;
  const isSame = present?.status === status && present.modifiedAt === modifiedAt;
  if (isSame && !isOther && !isRenamed) return [];
  const changes = { status, modifiedAt, ...(isOther && { activity }), ...(isRenamed && { title }) };
  return [{ type: "session/chatUpdated", chat: chat.resource, changes }];
}

/** What the agent says it does; else the tool that it uses at present. */
export function doingOf(chat: ChatState): string | undefined {
  if (chat.activity !== undefined) return chat.activity;
  const running = chat.activeTurn?.responseParts.findLast(
    (part) => part.kind === "toolCall" && part.toolCall.status === "running",
  );
  if (running?.kind !== "toolCall" || running.toolCall.status !== "running") return undefined;
  const { invocationMessage } = running.toolCall;
  return headline(typeof invocationMessage === "string" ? invocationMessage : invocationMessage.markdown);
}

function mirrorInputNeeded(session: SessionState, chat: ChatState): StateAction[] {
  const present = (session.inputNeeded ?? []).filter((request) => "chat" in request && request.chat === chat.resource);
  const wanted = inputNeededOf(chat);
  const wantedIds = new Set(wanted.map(idOf));
  const presentById = new Map(present.map((request) => [idOf(request), JSON.stringify(request)]));
  const gone = present.filter((request) => !wantedIds.has(idOf(request)));
  const changed = wanted.filter((request) => presentById.get(idOf(request)) !== JSON.stringify(request));
  return [
    ...gone.map((request) => ({ type: "session/inputNeededRemoved" as const, id: idOf(request) })),
    ...changed.map((request) => ({ type: "session/inputNeededSet" as const, request })),
  ];
}

function idOf(request: object): string {
  return "id" in request && typeof request.id === "string" ? request.id : "";
}

/** A person's own title is never replaced by one of the agent's. */
export function isTitledByUser(session: SessionState): boolean {
  return fleetMeta("session", session)?.titleBy === "user";
}

export function titledByUser(session: SessionState): StateAction {
  return withMeta(session, { titleBy: "user" });
}

const maxPromptLength = 400;

/** What the session was first asked to do, for lists that look at one session without its chat. */
export function promptedWith(session: SessionState, prompt: string): StateAction | undefined {
  const isKnown = fleetMeta("session", session)?.prompt !== undefined;
  return isKnown ? undefined : withMeta(session, { prompt: prompt.slice(0, maxPromptLength) });
}

function withMeta(session: SessionState, facts: object): StateAction {
  const ours = { ...fleetMeta("session", session), ...facts };
  return { type: "session/metaChanged", _meta: { ...session._meta, [META_NS]: ours } };
}
