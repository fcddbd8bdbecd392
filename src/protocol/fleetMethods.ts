import * as z from "zod/mini";
import { FleetCheckpoint } from "./fleetCheckpoints.ts";
import { SpendReport } from "./fleetLedger.ts";
import { PartsFile, PartsPick, PickProblem } from "./fleetParts.ts";
import { FleetTrain } from "./fleetTrain.ts";
import { loose, Meta, openEnum, opt, Uri } from "./schema.ts";

/** Every request is about one channel: the session's own, or `ahp-root://` for the host. */
const onChannel = { channel: Uri, _meta: opt(Meta) };

/**
 * Requests of the fleet plane, by hosts that name them in `FleetAdvertisement.methods`. A new one is an entry here and its
 * handler in the host's `FleetHandlers`.
 */
export const FleetMethods = {
  /** Records the session's files as they are: the last checkpoint if nothing has changed since. */
  "x-fleet/checkpoint": {
    params: loose(onChannel),
    result: loose({ checkpoint: FleetCheckpoint }),
  },
  /**
   * Puts the session's files back to a checkpoint. The present ones become a checkpoint of their own first, `safety`, so
   * restoring that undoes it. While a turn runs it is refused, unless `cancelTurn` says to end the turn.
   */
  "x-fleet/restore": {
    params: loose({
      ...onChannel,
      checkpoint: z.string(),
      cancelTurn: opt(z.boolean()),
      /** For `root/progress`, in per cent. */
      progressToken: z.optional(z.unknown()),
    }),
    result: loose({ checkpoint: FleetCheckpoint, safety: z.string() }),
  },
  /** Makes a session that begins where a checkpoint of this one stands. The answer comes before its files are there. */
  "x-fleet/fork": {
    params: loose({
      ...onChannel,
      /** The URI of the session to be, which the client mints. */
      session: Uri,
      /** The files as they are when absent; the last checkpoint while a turn runs. */
      checkpoint: opt(z.string()),
      title: opt(z.string()),
      /** The same as the session's when absent. */
      provider: opt(z.string()),
      model: opt(z.string()),
    }),
    result: loose({
      checkpoint: z.string(),
      /** What is tried; `ForkedFrom.conversation` tells what became of it. */
      conversation: openEnum(["agent", "transcript", "none"]),
      message: z.string(),
    }),
  },
  /** What differs between two checkpoints, or the ends of two turns, by their ids. */
  "x-fleet/compare": {
    params: loose({ ...onChannel, from: z.string(), to: z.string() }),
    /** `changeset` is a channel; it may list fewer files than there are. */
    result: loose({ changeset: Uri, files: z.number(), additions: z.number(), deletions: z.number() }),
  },
  /**
   * What the session's branch and `others` of the same repository change, counted from the latest of the commits that
   * they began from. Hunks are told of text files that more than one of them modifies.
   */
  "x-fleet/parts": {
    params: loose({
      ...onChannel,
      others: z.array(Uri),
      /** Only the files that more than one of them touches. */
      isShared: opt(z.boolean()),
    }),
    result: loose({
      base: z.string(),
      heads: z.array(loose({ session: Uri, head: z.string() })),
      files: z.array(PartsFile),
      /** How many there are: only the first of many are told. */
      fileCount: z.number(),
    }),
  },
  /**
   * Makes a session whose branch is `base` with the picked parts and nothing else, or says of each pick why it does not
   * apply and makes nothing. `isPreview` makes nothing either way. The answer comes before the session's files are there.
   */
  "x-fleet/combine": {
    params: loose({
      ...onChannel,
      /** The URI of the session to be, which the client mints. */
      session: Uri,
      base: z.string(),
      picks: z.array(PartsPick),
      isPreview: opt(z.boolean()),
      title: opt(z.string()),
      /** The same as the session's when absent. */
      provider: opt(z.string()),
      model: opt(z.string()),
    }),
    result: loose({
      problems: z.array(PickProblem),
      files: z.number(),
      additions: z.number(),
      deletions: z.number(),
      /** A unified diff against the base, of a preview; its beginning, if it is long. */
      patch: opt(z.string()),
    }),
  },
  /**
   * Merges what the base branch has got since into the session's files: it then begins from there. The present files
   * become a checkpoint first, `safety`, so restoring that undoes it. Refused with the code `conflict` while a turn runs,
   * unless `cancelTurn` says to end it, and for files that git can't merge (`details.files`), unless `leaveConflicts` says
   * to leave both sides in them, between git's marks, for the agent to mend.
   */
  "x-fleet/updateFromBase": {
    params: loose({
      ...onChannel,
      cancelTurn: opt(z.boolean()),
      leaveConflicts: opt(z.boolean()),
      /** For `root/progress`, in per cent. */
      progressToken: z.optional(z.unknown()),
    }),
    result: loose({
      checkpoint: FleetCheckpoint,
      safety: z.string(),
      baseCommit: z.string(),
      /** Of the base branch, that came in: 0 when there were none, and nothing happened. */
      commits: z.number(),
      /** Files that have both sides in them. */
      conflicts: opt(z.array(z.string())),
    }),
  },
  /**
   * Merges a person's changes into the session's files. The present files become a checkpoint
   * first, `safety`, so restoring that undoes it; the agent is told with its next prompt. Refused with the code `conflict`
   * while a turn runs, and when git can't merge all of it (`details.files`): then nothing is changed.
   */
  "x-fleet/applyPatch": {
    params: loose({
      ...onChannel,
      /** What `git diff --binary --full-index` prints, as base64. */
      patch: z.string(),
      /** The commit that it was made from: where the host has that, it merges; else it looks for the lines around each change. */
      base: opt(z.string()),
      /** For `root/progress`, in per cent. */
      progressToken: z.optional(z.unknown()),
    }),
    result: loose({ checkpoint: FleetCheckpoint, safety: z.string() }),
  },
  /**
   * Updates this session and `others` of its repository from their base, one after the other: the host does it by itself,
   * in the suggested order of merging, and tells on the channel of the repository's forecast how far it is. Refused with
   * the code `conflict` while another train of the repository goes.
   */
  "x-fleet/startTrain": {
    params: loose({ ...onChannel, others: z.array(Uri) }),
    result: loose({ train: FleetTrain }),
  },
  /** Ends the train of the session's repository before its next stop. Without one nothing happens. */
  "x-fleet/stopTrain": { params: loose(onChannel), result: loose({}) },
  "x-fleet/spend": SpendReport,
} as const;
export type FleetMethodName = keyof typeof FleetMethods;
