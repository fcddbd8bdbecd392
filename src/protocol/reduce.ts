import type * as z from "zod/mini";
import { AppError, assertNever } from "../base/appError.ts";
import type { ChannelKind, StateAction } from "./actions.ts";
import { type AnnotationsAction, AnnotationsState, reduceAnnotations } from "./annotations.ts";
import { type AutomationRunAction, AutomationRunState, reduceAutomationRun } from "./automationRun.ts";
import { type AutomationAction, AutomationsState, reduceAutomations } from "./automations.ts";
import { type ChangesetAction, ChangesetState, reduceChangeset } from "./changeset.ts";
import { hasTurn, reduceChat } from "./chat.ts";
import type { ChatAction } from "./chatActions.ts";
import { ChatState } from "./chatState.ts";
import { decode } from "./decode.ts";
import { type FleetSessionAction, FleetSessionState, reduceFleetSession } from "./fleet.ts";
import { type FleetConflictsAction, FleetConflictsState, reduceFleetConflicts } from "./fleetConflicts.ts";
import { type FleetSpendAction, FleetSpendState, reduceFleetSpend } from "./fleetLedger.ts";
import { type FleetRepositoryAction, FleetRepositoryState, reduceFleetRepository } from "./fleetRepository.ts";
import { reduceResourceWatch, type ResourceWatchAction, ResourceWatchState } from "./resourceWatch.ts";
import { reduceRoot, type RootAction, RootState } from "./root.ts";
import { reduceSession, type SessionAction } from "./session.ts";
import { SessionState } from "./sessionState.ts";
import { reduceTerminal, type TerminalAction, TerminalState } from "./terminal.ts";
import { isBeforeOne } from "./versions.ts";

/** The state of a channel by its kind. */
export interface ChannelStates {
  root: RootState;
  session: SessionState;
  chat: ChatState;
  changeset: ChangesetState;
  terminal: TerminalState;
  annotations: AnnotationsState;
  resourceWatch: ResourceWatchState;
  automations: AutomationsState;
  automationRun: AutomationRunState;
  fleetSession: FleetSessionState;
  fleetConflicts: FleetConflictsState;
  fleetSpend: FleetSpendState;
  fleetRepository: FleetRepositoryState;
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
  "ahp-automations": "automations",
  "ahp-automation-run": "automationRun",
  "x-fleet-session": "fleetSession",
  "x-fleet-conflicts": "fleetConflicts",
  "x-fleet-spend": "fleetSpend",
  "x-fleet-repository": "fleetRepository",
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

/** Channels that carry messages alone: subscribing to one brings no snapshot, and no action is ever of it. */
export type StatelessKind = "otlp" | "mcp";

const statelessSchemes: Readonly<Record<string, StatelessKind | undefined>> = { "ahp-otlp": "otlp", mcp: "mcp" };

export function statelessKind(uri: string): StatelessKind | undefined {
  const [scheme] = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(uri) ?? [];
  return scheme !== undefined && Object.hasOwn(statelessSchemes, scheme) ? statelessSchemes[scheme] : undefined;
}

/** What a snapshot of each kind of channel holds. */
export const stateSchemas = {
  root: RootState,
  session: SessionState,
  chat: ChatState,
  changeset: ChangesetState,
  terminal: TerminalState,
  annotations: AnnotationsState,
  resourceWatch: ResourceWatchState,
  automations: AutomationsState,
  automationRun: AutomationRunState,
  fleetSession: FleetSessionState,
  fleetConflicts: FleetConflictsState,
  fleetSpend: FleetSpendState,
  fleetRepository: FleetRepositoryState,
} satisfies Record<ChannelKind, unknown>;

/** The state of a snapshot. Throws `request.invalid` for one of a wrong shape. */
export function parseState<K extends ChannelKind>(kind: K, value: unknown): ChannelStates[K] {
  const schema: z.core.$ZodType<ChannelState> = stateSchemas[kind];
  const decoded = decode(schema, value);
  if (!decoded.ok) {
    const where = decoded.error || "as a whole";
    throw new AppError("request.invalid", `The host sent a ${kind} state that cannot be read (${where}).`);
  }
  return decoded.value as ChannelStates[K];
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
    case "automations":
      return reduceAutomations(state as AutomationsState, action as AutomationAction);
    case "automationRun":
      return reduceAutomationRun(state as AutomationRunState, action as AutomationRunAction);
    case "fleetSession":
      return reduceFleetSession(state as FleetSessionState, action as FleetSessionAction);
    case "fleetConflicts":
      return reduceFleetConflicts(state as FleetConflictsState, action as FleetConflictsAction);
    case "fleetSpend":
      return reduceFleetSpend(state as FleetSpendState, action as FleetSpendAction);
    case "fleetRepository":
      return reduceFleetRepository(state as FleetRepositoryState, action as FleetRepositoryAction);
    default:
      return assertNever(kind);
  }
}

export type Reduce = typeof reduce;

/**
 * How the peers of a connection fold, by the version that they agreed on. They differ in one place: 1.0 made
 * `chat/turnStarted` idempotent, where 0.9 starts the turn afresh.
 */
export function reducerOf(protocolVersion: string): Reduce {
  return isBeforeOne(protocolVersion) ? reduce : reduceStartingOnce;
}

function reduceStartingOnce<K extends ChannelKind>(
  kind: K,
  state: ChannelStates[K],
  action: StateAction,
): ChannelStates[K] {
  return kind === "chat" && action.type === "chat/turnStarted" && hasTurn(state as ChatState, action.turnId)
    ? state
    : reduce(kind, state, action);
}
