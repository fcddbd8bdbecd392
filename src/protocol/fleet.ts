import * as z from "zod/mini";
import { decode } from "./decode.ts";
import { reduceSetup, setupActions, setupMembers } from "./fleetSetup.ts";
import {
  checkpointActions,
  checkpointMembers,
  FleetCheckpoint,
  ForkedFrom,
  reduceCheckpoints,
} from "./fleetCheckpoints.ts";
import { actActions, actMembers, reduceActs } from "./fleetActs.ts";
import { egressActions, egressMembers, reduceEgress } from "./fleetEgress.ts";
import { FleetPriority, FleetQueue, queueActions, queueMembers, reduceQueue } from "./fleetQueue.ts";
import { BudgetShare, forgetConversationCost, reduceSpend, spendActions, spendMembers } from "./fleetSpend.ts";
import {
  type ActionOf,
  defineActions,
  loose,
  type Meta,
  openEnum,
  opt,
  set,
  Timestamp,
  type UnknownAction,
  Uri,
} from "./schema.ts";

/**
 * The fleet plane: what AHP has no field for, on channels, methods and action types with AHP's reserved `x-` prefix and
 * in `_meta` under `META_NS`. Only the host dispatches these actions. A peer that does not know them still sees every
 * fact in a standard field (activity, status, changeset operation).
 */
export const META_NS = "muster";
export const FLEET_VERSION = 1;

export const Isolation = z.enum(["none", "bubblewrap"]);
export type Isolation = z.infer<typeof Isolation>;

/** `InitializeResult._meta[META_NS]`: its presence tells a client that the host is one of ours. */
export const FleetAdvertisement = loose({
  version: z.number(),
  /** Changes when the host's log is another one than before: sequence numbers of another epoch mean nothing. */
  epoch: z.string(),
  methods: z.array(z.string()),
  channels: z.array(z.string()),
  isolation: openEnum(Isolation.options),
  /** Whose token the connection has. */
  user: opt(z.string()),
  /** How many agents work at the same time; more wait in the queue. */
  limits: opt(loose({ concurrentSessions: opt(z.number()) })),
});
export type FleetAdvertisement = z.infer<typeof FleetAdvertisement>;

export const FleetPhase = openEnum(["queued", "provisioning", "ready", "working", "failed", "disposed"]);
export type FleetPhase = z.infer<typeof FleetPhase>;

export const FleetPush = loose({ branch: z.string(), commit: z.string(), at: Timestamp });
export type FleetPush = z.infer<typeof FleetPush>;

/** One of several sessions with the same prompt, of which a person keeps the best. The client mints the id. */
export const FleetGroup = loose({
  id: z.string(),
  /** From 1. */
  index: z.number(),
  count: z.number(),
});
export type FleetGroup = z.infer<typeof FleetGroup>;

/** `createSession.config` of a host of ours. The prompt is the first turn of the session's default chat. */
export const FleetSessionConfig = loose({
  /** An https, http, ssh or file URL, or an absolute path; the host's configuration decides which are allowed. */
  repository: z.string(),
  baseBranch: opt(z.string()),
  title: opt(z.string()),
  model: opt(z.string()),
  /** Default `normal`. */
  priority: opt(FleetPriority),
  /** What the session may cost, in US dollars; else the host's configuration decides. */
  budgetUsd: opt(z.number()),
  /** How long its agent may work in all; else the host's configuration decides. */
  timeLimitMinutes: opt(z.number()),
  group: opt(FleetGroup),
});
export type FleetSessionConfig = z.infer<typeof FleetSessionConfig>;

const queue = opt(FleetQueue);

const initial = {
  session: Uri,
  provider: z.string(),
  createdAt: Timestamp,
  /** URL or absolute path of the repository, without credentials. */
  repository: z.string(),
  /** As asked for; the repository's default branch takes its place when the workspace is ready. */
  baseBranch: opt(z.string()),
  isolation: openEnum(Isolation.options),
  /** What the host's machine cannot do of it, each as a part of a sentence; absent where it can do everything. */
  isolationLacks: opt(z.array(z.string())),
  /** The user who made the session; absent where there is but one. */
  owner: opt(z.string()),
  priority: opt(FleetPriority),
  group: opt(FleetGroup),
};

export const FleetSessionState = loose({
  ...initial,
  /** `agent/<slug>-<id8>`, where the work will be pushed to. */
  branch: opt(z.string()),
  baseCommit: opt(z.string()),
  /** Commit of the last checkpoint whose files differ from those before: what a review looks at and a push names. */
  head: opt(z.string()),
  phase: FleetPhase,
  queue,
  /** What provisioning is busy with, for people. */
  stage: opt(z.string()),
  ...queueMembers,
  /** The agent's own id for the conversation, by which it may resume it. */
  agentSessionId: opt(z.string()),
  /** Oldest first. */
  checkpoints: z.array(FleetCheckpoint),
  ...checkpointMembers,
  ...setupMembers,
  pushed: opt(FleetPush),
  ...spendMembers,
  ...egressMembers,
  ...actMembers,
});
export type FleetSessionState = z.infer<typeof FleetSessionState>;

export const fleetSessionActions = {
  ...defineActions({
    /** The first action of the channel. */
    "x-fleet/created": {
      ...initial,
      branch: opt(z.string()),
      phase: FleetPhase,
      queue,
      stage: opt(z.string()),
      forkedFrom: opt(ForkedFrom),
    },
    /** `queue` and `stage` describe the phase: absent clears them. */
    "x-fleet/phaseChanged": { phase: FleetPhase, queue, stage: opt(z.string()) },
    "x-fleet/workspaceReady": { branch: z.string(), baseBranch: z.string(), baseCommit: z.string() },
    "x-fleet/agentSession": { agentSessionId: z.string() },
    "x-fleet/pushed": { branch: z.string(), commit: z.string(), at: Timestamp },
    "x-fleet/disposed": {},
  }),
  ...checkpointActions,
  ...setupActions,
  ...queueActions,
  ...spendActions,
  ...egressActions,
  ...actActions,
};
export type FleetSessionAction = ActionOf<typeof fleetSessionActions>;

/** The state that the channel starts with. */
export function initialFleetSession(
  action: Extract<FleetSessionAction, { type: "x-fleet/created" }>,
): FleetSessionState {
  const { type: _type, ...fields } = action;
  return { ...fields, checkpoints: [], usage: { inputTokens: 0, outputTokens: 0 } };
}

export function reduceFleetSession(
  state: FleetSessionState,
  action: FleetSessionAction | UnknownAction,
): FleetSessionState {
  switch (action.type) {
    case "x-fleet/created":
      // Replaying a log from its start must not forget what a snapshot already holds.
      return state;
    case "x-fleet/phaseChanged": {
      const { phase, queue, stage } = action;
      return set(state, { phase, queue, stage });
    }
    case "x-fleet/workspaceReady": {
      const { branch, baseBranch, baseCommit } = action;
      return set(state, { branch, baseBranch, baseCommit });
    }
    case "x-fleet/agentSession":
      return set(forgetConversationCost(state), { agentSessionId: action.agentSessionId });
    case "x-fleet/checkpointAdded":
    case "x-fleet/checkpointsDropped":
    case "x-fleet/restoreBegan":
    case "x-fleet/restoreEnded":
    case "x-fleet/baseChanged":
    case "x-fleet/agentTold":
    case "x-fleet/conversationTaken":
      return reduceCheckpoints(state, action);
    case "x-fleet/setupChanged":
      return reduceSetup(state, action);
    case "x-fleet/pushed": {
      const { branch, commit, at } = action;
      return set(state, { pushed: { branch, commit, at } });
    }
    case "x-fleet/usageAdded":
    case "x-fleet/machineUsed":
    case "x-fleet/budgetSet":
    case "x-fleet/budgetReached":
    case "x-fleet/paused":
    case "x-fleet/resumed":
      return reduceSpend(state, action);
    case "x-fleet/priorityChanged":
    case "x-fleet/timeUsed":
    case "x-fleet/timeLimitChanged":
    case "x-fleet/agentChanged":
      return reduceQueue(state, action);
    case "x-fleet/egressRefused":
    case "x-fleet/egressDecided":
    case "x-fleet/egressRevoked":
      return reduceEgress(state, action);
    case "x-fleet/acted":
      return reduceActs(state, action);
    case "x-fleet/disposed":
      return set(state, { phase: "disposed", queue: undefined, stage: undefined });
    case "(unknown)":
    default:
      return state;
  }
}

export const FleetNeed = openEnum(["approval", "question", "failure", "review"]);
export type FleetNeed = z.infer<typeof FleetNeed>;

/** `SessionSummary._meta[META_NS]`: the few facts that a list of thousands of sessions shows. */
export const FleetSummaryMeta = loose({
  phase: FleetPhase,
  repository: z.string(),
  branch: opt(z.string()),
  head: opt(z.string()),
  /** Position in the queue, from 1. */
  queue: opt(z.number()),
  priority: opt(FleetPriority),
  needs: opt(FleetNeed),
  isolation: opt(openEnum(Isolation.options)),
  /** US dollars, as far as known. */
  costUsd: opt(z.number()),
  /** How much is used of the budget that will be reached first, 0.8 for 80 %; told from a half on. */
  budgetShare: opt(z.number()),
  /** It waits for somebody to say how it goes on past its budget. */
  isPaused: opt(z.boolean()),
  /** Branches that this one can't be merged with, its base among them. */
  conflicts: opt(z.number()),
  /** Comments on its changes that nobody has resolved. */
  openComments: opt(z.number()),
  group: opt(FleetGroup),
  /** The session that this one began as a copy of. */
  forkedFrom: opt(Uri),
});
export type FleetSummaryMeta = z.infer<typeof FleetSummaryMeta>;

/** Notifications of a host of ours. */
export const FleetNotifications = {
  /**
   * The host closes the connection next, on purpose. A client waits at least so long before it tries again, which spreads
   * the returns of many clients.
   */
  "x-fleet/goingAway": loose({ channel: Uri, retryAfterMs: opt(z.number()) }),
  /** A budget is used by half, by 80 or by 100 %; `channel` is the session that told of it. */
  "x-fleet/budgetReached": loose({ channel: Uri, share: BudgetShare, message: z.string() }),
} as const;

/** The fleet facts of a summary; `undefined` for a host that is not one of ours, or whose facts we cannot read. */
export function fleetMetaOf(summary: { _meta?: Meta | undefined }): FleetSummaryMeta | undefined {
  const meta = summary._meta?.[META_NS];
  if (meta === undefined) return undefined;
  const decoded = decode(FleetSummaryMeta, meta);
  return decoded.ok ? decoded.value : undefined;
}

/** What an `InitializeResult._meta` says of the fleet plane. */
export function fleetAdvertisementOf(result: { _meta?: Meta | undefined }): FleetAdvertisement | undefined {
  const decoded = decode(FleetAdvertisement, result._meta?.[META_NS]);
  return decoded.ok ? decoded.value : undefined;
}
