import * as z from "zod/mini";
import { FleetTrain } from "./fleetTrain.ts";
import {
  type ActionOf,
  defineActions,
  loose,
  openEnum,
  opt,
  set,
  Timestamp,
  type UnknownAction,
  upsert,
  Uri,
} from "./schema.ts";

/**
 * How two lines of work meet, the mildest first: they touch no file in common; the same files in places apart; the same
 * or neighbouring lines, yet git can merge them; git can't.
 */
export const FleetOverlap = openEnum(["none", "sameFile", "sameHunk", "conflict"]);
export type FleetOverlap = z.infer<typeof FleetOverlap>;

const meeting = {
  overlap: FleetOverlap,
  /** The files that make it so, in path order; only the first of many. */
  files: z.array(z.string()),
  /** How many there are. */
  fileCount: z.number(),
};

/** One agent's branch, as of its last checkpoint, and how it meets its base branch as that is at present. */
export const ForecastBranch = loose({
  session: Uri,
  branch: z.string(),
  /** Commit of the checkpoint. */
  head: z.string(),
  baseBranch: z.string(),
  /** Where the base branch is at present. */
  baseHead: z.string(),
  /** Commits that the base branch has got since the agent started from it. */
  behind: z.number(),
  ...meeting,
});
export type ForecastBranch = z.infer<typeof ForecastBranch>;

/** The branches of two sessions, in the order of their URIs. */
export const ForecastPair = loose({ first: Uri, second: Uri, ...meeting });
export type ForecastPair = z.infer<typeof ForecastPair>;

/** Channel `x-fleet-conflicts:/<repository>`: what merging the live branches of one repository would meet. */
export const FleetConflictsState = loose({
  /** Host and path of the repository, as in the channel's address. */
  repository: z.string(),
  branches: z.array(ForecastBranch),
  /** Those that overlap. */
  pairs: z.array(ForecastPair),
  /** Sessions in the order in which merging their branches meets the fewest conflicts. */
  mergeOrder: z.array(Uri),
  /** The latest. */
  train: opt(FleetTrain),
  at: Timestamp,
});
export type FleetConflictsState = z.infer<typeof FleetConflictsState>;

export const fleetConflictsActions = defineActions({
  /** What differs from the forecast before. */
  "x-fleet/conflictsChanged": {
    /** New or changed. */
    branches: z.array(ForecastBranch),
    /** Sessions whose branches are no longer live; their pairs go too. */
    removed: z.array(Uri),
    /** New or changed; one with the overlap `none` is taken away. */
    pairs: z.array(ForecastPair),
    mergeOrder: z.array(Uri),
    at: Timestamp,
  },
  /** Another train, or how far it is. */
  "x-fleet/trainChanged": { train: FleetTrain },
});
export type FleetConflictsAction = ActionOf<typeof fleetConflictsActions>;

export function reduceFleetConflicts(
  state: FleetConflictsState,
  action: FleetConflictsAction | UnknownAction,
): FleetConflictsState {
  switch (action.type) {
    case "x-fleet/conflictsChanged": {
      const removed = new Set(action.removed);
      const branches = action.branches.reduce(
        (list, branch) => upsert(list, branch, ({ session }) => session),
        state.branches.filter(({ session }) => !removed.has(session)),
      );
      const pairs = action.pairs
        .reduce(
          (list, pair) => upsert(list, pair, pairKey),
          state.pairs.filter(({ first, second }) => !removed.has(first) && !removed.has(second)),
        )
        .filter(({ overlap }) => overlap !== "none");
      return set(state, { branches, pairs, mergeOrder: action.mergeOrder, at: action.at });
    }
    case "x-fleet/trainChanged":
      return set(state, { train: action.train });
    case "(unknown)":
    default:
      return state;
  }
}

export function emptyForecast(repository: string, at: string): FleetConflictsState {
  return { repository, branches: [], pairs: [], mergeOrder: [], at };
}

/** The same for the same two sessions. */
export function pairKey({ first, second }: Pick<ForecastPair, "first" | "second">): string {
  return `${first}\n${second}`;
}

/** How many branches of others this session's branch can't be merged with, its base among them. */
export function conflictCount({ branches, pairs }: FleetConflictsState, session: string): number {
  const withBase = branches.filter((branch) => branch.session === session && branch.overlap === "conflict");
  const withOthers = pairs.filter(
    ({ first, second, overlap }) => overlap === "conflict" && (first === session || second === session),
  );
  return withBase.length + withOthers.length;
}
