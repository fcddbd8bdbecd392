import type { ClientActionType } from "../../protocol/dispatchable.ts";
import type { MethodName } from "../../protocol/methods.ts";

/**
 * What a token may be used for; each role may do all that those before it may. docs/access.md says it for people.
 *
 * - viewer: read
 * - operator: bring agents to work and use their terminals
 * - approver: say yes for an agent, and let its work leave the host
 * - admin: everything, in the sessions of everybody
 */
export const ROLES = ["viewer", "operator", "approver", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** The least role for each method. A method without a row does not compile. */
export const METHOD_ROLES = {
  initialize: "viewer",
  reconnect: "viewer",
  ping: "viewer",
  subscribe: "viewer",
  fetchTurns: "viewer",
  listSessions: "viewer",
  resolveSessionConfig: "viewer",
  sessionConfigCompletions: "viewer",
  completions: "viewer",
  resourceRead: "viewer",
  resourceList: "viewer",
  resourceResolve: "viewer",
  resourceRequest: "viewer",
  createResourceWatch: "viewer",
  listAutomationTriggerDefinitions: "viewer",
  fetchAutomationRuns: "viewer",
  createSession: "operator",
  disposeSession: "operator",
  createChat: "operator",
  disposeChat: "operator",
  createTerminal: "operator",
  disposeTerminal: "operator",
  authenticate: "operator",
  runAutomation: "operator",
  resourceWrite: "operator",
  resourceCopy: "operator",
  resourceMove: "operator",
  resourceDelete: "operator",
  resourceMkdir: "operator",
  invokeChangesetOperation: "approver",
  "x-fleet/checkpoint": "operator",
  "x-fleet/restore": "operator",
  "x-fleet/fork": "operator",
  "x-fleet/compare": "viewer",
  "x-fleet/parts": "viewer",
  "x-fleet/combine": "operator",
  "x-fleet/updateFromBase": "operator",
  "x-fleet/startTrain": "operator",
  "x-fleet/stopTrain": "operator",
  "x-fleet/applyPatch": "operator",
  "x-fleet/spend": "viewer",
} as const satisfies Record<MethodName, Role> & Readonly<Record<string, Role>>;

/** The least role for each action that a client may dispatch at all. An action without a row does not compile. */
export const ACTION_ROLES = {
  "root/configChanged": "admin",
  "session/titleChanged": "operator",
  "session/activeClientSet": "operator",
  "session/activeClientRemoved": "operator",
  "session/workingDirectorySet": "operator",
  "session/workingDirectoryRemoved": "operator",
  "session/workingDirectoryReplaced": "operator",
  "session/customizationToggled": "operator",
  "session/mcpServerStartRequested": "operator",
  "session/mcpServerStopRequested": "operator",
  "session/isReadChanged": "operator",
  "session/isArchivedChanged": "operator",
  "session/configChanged": "operator",
  "chat/turnStarted": "operator",
  "chat/turnCancelled": "operator",
  "chat/turnResume": "operator",
  "chat/toolCallConfirmed": "approver",
  "chat/toolCallResultConfirmed": "approver",
  "chat/toolCallComplete": "operator",
  "chat/toolCallContentChanged": "operator",
  "chat/workingDirectorySet": "operator",
  "chat/workingDirectoryRemoved": "operator",
  "chat/pendingMessageSet": "operator",
  "chat/pendingMessageRemoved": "operator",
  "chat/queuedMessagesReordered": "operator",
  "chat/draftChanged": "operator",
  "chat/inputAnswerChanged": "operator",
  "chat/inputCompleted": "operator",
  "chat/truncated": "operator",
  "changeset/filesReviewChanged": "operator",
  "annotations/set": "operator",
  "annotations/updated": "operator",
  "annotations/removed": "operator",
  "annotations/entrySet": "operator",
  "annotations/entryRemoved": "operator",
  "terminal/input": "operator",
  "terminal/resized": "operator",
  "terminal/claimed": "operator",
  "terminal/titleChanged": "operator",
  "terminal/cleared": "operator",
  "automation/createRequested": "operator",
  "automation/updateRequested": "operator",
  "automation/removed": "operator",
  "automationRun/cancelRequested": "operator",
  "x-fleet/budgetSet": "approver",
  "x-fleet/egressDecided": "approver",
  "x-fleet/egressRevoked": "approver",
  "x-fleet/priorityChanged": "operator",
  "x-fleet/timeLimitChanged": "operator",
} as const satisfies Record<ClientActionType, Role>;

export function isRole(text: unknown): text is Role {
  return ROLES.some((role) => role === text);
}

/** Why this role may not, as a sentence; undefined if it may, and for what there is no row: others refuse that. */
export function roleRefusal(role: Role, asked: string): string | undefined {
  const least = leastRole(asked);
  if (least === undefined || ROLES.indexOf(role) >= ROLES.indexOf(least)) return undefined;
  return `Your token is for a ${role}; ${asked} needs the role ${least}. Ask for another token.`;
}

/** Changes nothing: whoever only looks does this. */
export function isReading(asked: string): boolean {
  return leastRole(asked) === "viewer";
}

function leastRole(asked: string): Role | undefined {
  if (Object.hasOwn(METHOD_ROLES, asked)) return METHOD_ROLES[asked as MethodName];
  return Object.hasOwn(ACTION_ROLES, asked) ? ACTION_ROLES[asked as ClientActionType] : undefined;
}
