import * as z from "zod/mini";
import { decode } from "./decode.ts";
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
  upsert,
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
});
export type FleetAdvertisement = z.infer<typeof FleetAdvertisement>;

export const FleetPhase = openEnum(["queued", "provisioning", "ready", "working", "failed", "disposed"]);
export type FleetPhase = z.infer<typeof FleetPhase>;

/** A restorable point of the workspace. `commit` and `tree` are git object ids, the counts are against the base commit. */
export const FleetCheckpoint = loose({
  id: z.string(),
  turnId: z.string(),
  commit: z.string(),
  tree: z.string(),
  createdAt: Timestamp,
  files: z.number(),
  additions: z.number(),
  deletions: z.number(),
});
export type FleetCheckpoint = z.infer<typeof FleetCheckpoint>;

export const FleetPush = loose({ branch: z.string(), commit: z.string(), at: Timestamp });
export type FleetPush = z.infer<typeof FleetPush>;

/** Totals of the session. `costUsd` is absent while no provider has told a price. */
export const FleetUsage = loose({ inputTokens: z.number(), outputTokens: z.number(), costUsd: opt(z.number()) });
export type FleetUsage = z.infer<typeof FleetUsage>;

/** `createSession.config` of a host of ours. The prompt is the first turn of the session's default chat. */
export const FleetSessionConfig = loose({
  /** An https, http, ssh or file URL, or an absolute path; the host's configuration decides which are allowed. */
  repository: z.string(),
  baseBranch: opt(z.string()),
  title: opt(z.string()),
  model: opt(z.string()),
});
export type FleetSessionConfig = z.infer<typeof FleetSessionConfig>;

/** `position` counts from 1. */
const queue = opt(loose({ position: z.number() }));

const initial = {
  session: Uri,
  provider: z.string(),
  createdAt: Timestamp,
  /** URL or absolute path of the repository, without credentials. */
  repository: z.string(),
  /** As asked for; the repository's default branch takes its place when the workspace is ready. */
  baseBranch: opt(z.string()),
  isolation: openEnum(Isolation.options),
  /** The user who made the session; absent where there is but one. */
  owner: opt(z.string()),
};

export const FleetSessionState = loose({
  ...initial,
  /** `agent/<slug>-<id8>`, where the work will be pushed to. */
  branch: opt(z.string()),
  baseCommit: opt(z.string()),
  /** Commit of the last checkpoint: what a review looks at and a push names. */
  head: opt(z.string()),
  phase: FleetPhase,
  queue,
  /** What provisioning is busy with, for people. */
  stage: opt(z.string()),
  /** The agent's own id for the conversation, by which it may resume it. */
  agentSessionId: opt(z.string()),
  /** Oldest first. */
  checkpoints: z.array(FleetCheckpoint),
  pushed: opt(FleetPush),
  usage: FleetUsage,
});
export type FleetSessionState = z.infer<typeof FleetSessionState>;

export const fleetSessionActions = defineActions({
  /** The first action of the channel. */
  "x-fleet/created": { ...initial, branch: opt(z.string()), phase: FleetPhase, queue, stage: opt(z.string()) },
  /** `queue` and `stage` describe the phase: absent clears them. */
  "x-fleet/phaseChanged": { phase: FleetPhase, queue, stage: opt(z.string()) },
  "x-fleet/workspaceReady": { branch: z.string(), baseBranch: z.string(), baseCommit: z.string() },
  "x-fleet/agentSession": { agentSessionId: z.string() },
  "x-fleet/checkpointAdded": { checkpoint: FleetCheckpoint },
  "x-fleet/pushed": { branch: z.string(), commit: z.string(), at: Timestamp },
  /** What one turn used, to be added to the totals. */
  "x-fleet/usageAdded": {
    inputTokens: opt(z.number()),
    outputTokens: opt(z.number()),
    costUsd: opt(z.number()),
  },
  "x-fleet/disposed": {},
});
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
      return set(state, { agentSessionId: action.agentSessionId });
    case "x-fleet/checkpointAdded": {
      const checkpoints = upsert(state.checkpoints, action.checkpoint, (checkpoint) => checkpoint.id);
      return set(state, { checkpoints, head: checkpoints.at(-1)?.commit });
    }
    case "x-fleet/pushed": {
      const { branch, commit, at } = action;
      return set(state, { pushed: { branch, commit, at } });
    }
    case "x-fleet/usageAdded":
      return set(state, { usage: addUsage(state.usage, action) });
    case "x-fleet/disposed":
      return set(state, { phase: "disposed", queue: undefined, stage: undefined });
    case "(unknown)":
    default:
      return state;
  }
}

function addUsage(total: FleetUsage, added: Partial<FleetUsage>): FleetUsage {
  const isPriced = added.costUsd !== undefined || total.costUsd !== undefined;
  return set(total, {
    inputTokens: total.inputTokens + (added.inputTokens ?? 0),
    outputTokens: total.outputTokens + (added.outputTokens ?? 0),
    costUsd: isPriced ? (total.costUsd ?? 0) + (added.costUsd ?? 0) : undefined,
  });
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
  needs: opt(FleetNeed),
  isolation: opt(openEnum(Isolation.options)),
  /** US dollars, where the agent tells a price. */
  costUsd: opt(z.number()),
});
export type FleetSummaryMeta = z.infer<typeof FleetSummaryMeta>;

/** Notifications of a host of ours. */
export const FleetNotifications = {
  /**
   * The host closes the connection next, on purpose. A client waits at least so long before it tries again, which spreads
   * the returns of many clients.
   */
  "x-fleet/goingAway": loose({ channel: Uri, retryAfterMs: opt(z.number()) }),
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
