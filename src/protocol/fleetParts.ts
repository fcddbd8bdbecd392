import * as z from "zod/mini";
import { loose, openEnum, opt, Uri } from "./schema.ts";

/**
 * What several agents' branches are made of, file by file and hunk by hunk, all counted from one base commit: what a
 * person compares when branches meet, and picks from when one branch is made of them.
 */

/** One change of lines. Line numbers are those of the base. */
export const PartHunk = loose({
  /** The same for the same change of the same file. */
  id: z.string(),
  /** The first line that it replaces; for an insertion the line after which it stands, 0 at the top. */
  start: z.number(),
  /** How many lines it replaces; 0 for an insertion. */
  lines: z.number(),
  /** The text of both sides, for people; only the first lines of many. */
  removed: z.array(z.string()),
  added: z.array(z.string()),
  isCut: opt(z.boolean()),
  /** Another branch changes the same or neighbouring lines, and otherwise. */
  meets: opt(z.boolean()),
});
export type PartHunk = z.infer<typeof PartHunk>;

/** What one branch does to a file. */
export const FilePart = loose({
  session: Uri,
  status: openEnum(["added", "modified", "deleted"]),
  additions: z.number(),
  deletions: z.number(),
  /** Git object of the file as it is on the branch, where the branch stands on that base and has the file. */
  blob: opt(loose({ oid: z.string() })),
  /** Empty for a file that only goes as a whole: added, deleted, not text, or touched by this branch alone. */
  hunks: z.array(PartHunk),
  /** Why it can't be picked, as a sentence. */
  problem: opt(z.string()),
});
export type FilePart = z.infer<typeof FilePart>;

export const PartsFile = loose({ path: z.string(), parts: z.array(FilePart) });
export type PartsFile = z.infer<typeof PartsFile>;

/** Of one branch. `head` is the checkpoint's commit that is meant. */
export const PartsPick = loose({
  session: Uri,
  head: z.string(),
  files: z.array(
    loose({
      path: z.string(),
      /** Ids; the whole file when absent. */
      hunks: opt(z.array(z.string())),
    }),
  ),
});
export type PartsPick = z.infer<typeof PartsPick>;

/** Where a session began as parts of others. */
export const CombinedFrom = loose({ base: z.string(), picks: z.array(PartsPick) });
export type CombinedFrom = z.infer<typeof CombinedFrom>;

/** Why a pick does not apply. */
export const PickProblem = loose({
  path: z.string(),
  session: Uri,
  /** Id; absent when it is about the whole file. */
  hunk: opt(z.string()),
  message: z.string(),
});
export type PickProblem = z.infer<typeof PickProblem>;
