import { AppError, assertNever } from "../base/appError.ts";
import type { ChannelKind, StateAction } from "./actions.ts";
import { type AnnotationsAction, AnnotationsState, reduceAnnotations } from "./annotations.ts";
import { type ChangesetAction, ChangesetState, reduceChangeset } from "./changeset.ts";
import { reduceChat } from "./chat.ts";
import type { ChatAction } from "./chatActions.ts";
import { ChatState } from "./chatState.ts";
import { type FleetSessionAction, FleetSessionState, reduceFleetSession } from "./fleet.ts";
import { reduceResourceWatch, type ResourceWatchAction, ResourceWatchState } from "./resourceWatch.ts";
import { reduceRoot, type RootAction, RootState } from "./root.ts";
import { reduceSession, type SessionAction } from "./session.ts";
import { SessionState } from "./sessionState.ts";
import { reduceTerminal, type TerminalAction, TerminalState } from "./terminal.ts";

/** The state of a channel by its kind. */
export interface ChannelStates {
  root: RootState;
  session: SessionState;
  chat: ChatState;
  changeset: ChangesetState;
  terminal: TerminalState;
  annotations: AnnotationsState;
  resourceWatch: ResourceWatchState;
  fleetSession: FleetSessionState;
}
export type ChannelState = ChannelStates[ChannelKind];

const bySchemes: Readonly<Record<string, ChannelKind | undefined>> = {
  "ahp-root": "root",
  "ahp-session": "session",
  "ahp-chat": "chat",
  "ahp-changeset": "changeset",
  "ahp-terminal": "terminal",
  "agenthost-terminal": "terminal",
  "ahp-resource-watch": "resourceWatch",
  "x-fleet-session": "fleetSession",
};

/** Schemes of content and of channels without a reducer: never a session, whatever their path looks like. */
const otherScheme = /^(?:file|https?|wss?|data|mcp|git-blob|ahp-.*|x-.*|vscode.*)$/;

/**
 * What kind of channel a URI names; `undefined` for one that holds no state that we know. Other hosts' sessions are
 * `<provider>:/<id>`, so an unknown scheme with a one-segment path counts as a session.
 */
export function channelKind(uri: string): ChannelKind | undefined {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/(.*)$/i.exec(uri) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const kind = Object.hasOwn(bySchemes, scheme) ? bySchemes[scheme] : undefined;
  if (kind === undefined && otherScheme.test(scheme)) return undefined;
  if (kind !== undefined && kind !== "session") return kind;
  if (/^[^/]+\/changeset\/./.test(rest)) return "changeset";
  if (/^[^/]+\/annotations$/.test(rest)) return "annotations";
  return /^[^/]+$/.test(rest) ? "session" : undefined;
}

const stateSchemas = {
  root: RootState,
  session: SessionState,
  chat: ChatState,
  changeset: ChangesetState,
  terminal: TerminalState,
  annotations: AnnotationsState,
  resourceWatch: ResourceWatchState,
  fleetSession: FleetSessionState,
} satisfies Record<ChannelKind, unknown>;

/** The state of a snapshot. Throws `request.invalid` for one of a wrong shape. */
export function parseState<K extends ChannelKind>(kind: K, value: unknown): ChannelStates[K] {
  const parsed = stateSchemas[kind].safeParse(value);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".");
    throw new AppError("request.invalid", `The host sent a ${kind} state that cannot be read (${path ?? "root"}).`);
  }
  return parsed.data as ChannelStates[K];
}

/**
 * The state after an action; the same object when the action means nothing to the channel. Pure: never throws, never
 * changes its input, has no clock.
 */
export function reduce<K extends ChannelKind>(kind: K, state: ChannelStates[K], action: StateAction): ChannelStates[K];
export function reduce(kind: ChannelKind, state: ChannelState, action: StateAction): ChannelState {
  // The pair (kind, state) belongs together by the signature above; an action of another channel folds to no change.
  switch (kind) {
    case "root":
      return reduceRoot(state as RootState, action as RootAction);
    case "session":
      return reduceSession(state as SessionState, action as SessionAction);
    case "chat":
      return reduceChat(state as ChatState, action as ChatAction);
    case "changeset":
      return reduceChangeset(state as ChangesetState, action as ChangesetAction);
    case "terminal":
      return reduceTerminal(state as TerminalState, action as TerminalAction);
    case "annotations":
      return reduceAnnotations(state as AnnotationsState, action as AnnotationsAction);
    case "resourceWatch":
      return reduceResourceWatch(state as ResourceWatchState, action as ResourceWatchAction);
    case "fleetSession":
      return reduceFleetSession(state as FleetSessionState, action as FleetSessionAction);
    default:
      return assertNever(kind);
  }
}
