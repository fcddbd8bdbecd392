import * as z from "zod/mini";
import { assertNever } from "../base/appError.ts";
import { CombinedFrom } from "./fleetParts.ts";
import { type ActionOf, defineActions, loose, openEnum, opt, set, Timestamp, upsert, Uri } from "./schema.ts";

/**
 * Why there is a checkpoint: a turn ended, a person asked, the files were about to be replaced (`safety`), have been put back
 * (`restored`), the base branch (`updated`) or a person's own changes (`applied`) were merged into them, or the session began as a copy (`fork`) or as parts of
 * others (`combined`).
 */
export const CheckpointKind = openEnum([
  "turn",
  "asked",
  "safety",
  "restored",
  "updated",
  "applied",
  "fork",
  "combined",
]);
export type CheckpointKind = z.infer<typeof CheckpointKind>;

/** A restorable point of the workspace. `commit` and `tree` are git object ids, the counts are against the base commit. */
export const FleetCheckpoint = loose({
  /** `1`, `2`, ... in the order taken. */
  id: z.string(),
  /** The latest turn that it holds; empty before the first. */
  turnId: z.string(),
  commit: z.string(),
  tree: z.string(),
  createdAt: Timestamp,
  files: z.number(),
  additions: z.number(),
  deletions: z.number(),
  kind: opt(CheckpointKind),
  /** How many turns of the conversation there were. */
  turns: opt(z.number()),
  /** The checkpoint whose files these are, for one of the kind `restored`. */
  restoredFrom: opt(z.string()),
});
export type FleetCheckpoint = z.infer<typeof FleetCheckpoint>;

/** The base commit as a checkpoint: where the session began. */
export const BASE_CHECKPOINT = "0";

/**
 * Where a session began as a copy of another one. `conversation` is known when the agent has started: it took the earlier
 * conversation up itself, it was given the transcript to read, or there was none.
 */
export const ForkedFrom = loose({
  session: Uri,
  checkpoint: z.string(),
  /** The latest turn that came along; empty for none. */
  turnId: z.string(),
  conversation: opt(openEnum(["agent", "transcript", "none"])),
});
export type ForkedFrom = z.infer<typeof ForkedFrom>;

export interface CheckpointsState {
  /** Oldest first. */
  checkpoints: FleetCheckpoint[];
  /** Commit of the last checkpoint whose files differ from those before: what a review looks at and a push names. */
  head?: string | undefined;
  restoring?: { checkpoint: string; safety: string } | undefined;
  forkedFrom?: ForkedFrom | undefined;
  untold?: string[] | undefined;
  baseCommit?: string | undefined;
}

/** Members of `FleetSessionState`. */
export const checkpointMembers = {
  /** The files are being put back. The session's agent starts no turn meanwhile. */
  restoring: opt(loose({ checkpoint: z.string(), safety: z.string() })),
  forkedFrom: opt(ForkedFrom),
  combinedFrom: opt(CombinedFrom),
  /** What happened to the files while the agent did not look: told to it with the next prompt. */
  untold: opt(z.array(z.string())),
};

export const checkpointActions = defineActions({
  /** `note` is for the agent, when these files are not its own doing. */
  "x-fleet/checkpointAdded": { checkpoint: FleetCheckpoint, note: opt(z.string()) },
  /** They were too many; their files are gone. */
  "x-fleet/checkpointsDropped": { ids: z.array(z.string()) },
  "x-fleet/restoreBegan": { checkpoint: z.string(), safety: z.string() },
  /** `note` is for the agent; absent when the files are as they were. */
  "x-fleet/restoreEnded": { note: opt(z.string()) },
  /** The last checkpoint stands on another commit of the base branch than those before; `note` is for the agent. */
  "x-fleet/baseChanged": { baseCommit: z.string(), note: z.string() },
  /** The agent was told everything in `untold`. */
  "x-fleet/agentTold": {},
  "x-fleet/conversationTaken": { conversation: openEnum(["agent", "transcript", "none"]) },
});

export type CheckpointAction = ActionOf<typeof checkpointActions>;

export function reduceCheckpoints<S extends CheckpointsState>(state: S, action: CheckpointAction): S {
  return set<CheckpointsState>(state, changes(state, action)) as S;
}

function changes(state: CheckpointsState, action: CheckpointAction): Partial<CheckpointsState> {
  switch (action.type) {
    case "x-fleet/checkpointAdded": {
      const { checkpoint, note } = action;
      const checkpoints = upsert(state.checkpoints, checkpoint, ({ id }) => id);
      const head = hasNewFiles(state, checkpoint) ? checkpoints.at(-1)?.commit : state.head;
      return { checkpoints, head, untold: told(state, note) };
    }
    case "x-fleet/checkpointsDropped": {
      const dropped = new Set(action.ids);
      return { checkpoints: state.checkpoints.filter(({ id }) => !dropped.has(id)) };
    }
    case "x-fleet/restoreBegan": {
      const { type: _type, ...restoring } = action;
      return { restoring };
    }
    case "x-fleet/restoreEnded":
      return { restoring: undefined, untold: told(state, action.note) };
    case "x-fleet/baseChanged":
      return { baseCommit: action.baseCommit, untold: told(state, action.note) };
    case "x-fleet/agentTold":
      return { untold: undefined };
    case "x-fleet/conversationTaken": {
      const { forkedFrom } = state;
      return { forkedFrom: forkedFrom && set(forkedFrom, { conversation: action.conversation }) };
    }
    default:
      return assertNever(action);
  }
}

function told({ untold }: CheckpointsState, note: string | undefined): string[] | undefined {
  return note === undefined ? untold : [...(untold ?? []), note];
}

/** A turn that only talked leaves what was reviewed and pushed as it is. */
function hasNewFiles({ checkpoints, head }: CheckpointsState, added: FleetCheckpoint): boolean {
  const present = checkpoints.find(({ commit }) => commit === head);
  return present === undefined ? head !== undefined || added.files > 0 : present.tree !== added.tree;
}
