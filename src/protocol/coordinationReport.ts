import * as z from "zod/mini";
import type { TrainStop } from "./fleetTrain.ts";
import type { FilePart, PartsFile, PickProblem } from "./fleetParts.ts";
import type { FleetOverlap } from "./fleetConflicts.ts";

/** What the report page shows of agents that work on one repository, and of one branch that is made of several. */

/** The agents of one repository on one host. The page remembers it for the editor, which brings the tab back. */
export const CoordinatedRepository = z.object({ hostId: z.string(), repository: z.string() });
export type CoordinatedRepository = z.infer<typeof CoordinatedRepository>;

/** The agents whose parts are picked from, by their sessions' URIs. Likewise remembered. */
export const CombinedAgents = z.object({ hostId: z.string(), sessions: z.array(z.string()) });
export type CombinedAgents = z.infer<typeof CombinedAgents>;

type Note = { readonly text: string; readonly hostId?: string } | undefined;

export interface Overlap {
  readonly overlap: FleetOverlap;
  /** The first of them. */
  readonly files: readonly string[];
  readonly fileCount: number;
}

/** One agent's branch, and how it meets its base branch. */
export interface CoordinatedAgent extends Overlap {
  readonly session: string;
  readonly title: string;
  /** What it does, in a few words. */
  readonly state: string;
  readonly baseBranch: string;
  /** Commits that the base branch has got since. */
  readonly behind: number;
  /** What a train of updates means for it; absent when that is of no interest any more. */
  readonly update?: { readonly state: TrainStop["state"]; readonly message?: string | undefined } | undefined;
  /** Why it can't be updated from its base at present; it can when absent. */
  readonly obstacle?: "current" | "working" | "conflict" | undefined;
}

export interface CoordinatedPair extends Overlap {
  readonly first: string;
  readonly second: string;
}

/** Sessions; the second is empty for the base branch. */
export const PairChoice = z.object({ first: z.string(), second: z.string() });
export type PairChoice = z.infer<typeof PairChoice>;

/** The message that tells agents of an overlap, as far as it is written. */
export interface OverlapDraft {
  readonly text: string;
  /** Sessions. */
  readonly to: readonly string[];
  readonly isSending: boolean;
}

/** The pair that a person looks at. */
export interface PairDetails extends PairChoice {
  readonly isLoading: boolean;
  /** Why the files could not be read. */
  readonly problem?: string | undefined;
  readonly files: readonly PartsFile[];
  readonly fileCount: number;
  readonly draft?: OverlapDraft | undefined;
}

export interface CoordinationState {
  readonly view: "coordination";
  readonly of: CoordinatedRepository;
  readonly note: Note;
  readonly repository: string;
  /** The host has not told yet. */
  readonly isLoading: boolean;
  /** In the order in which merging meets the fewest conflicts. */
  readonly agents: readonly CoordinatedAgent[];
  /** Those that overlap. */
  readonly pairs: readonly CoordinatedPair[];
  /** The host updates agents one after the other: so many are done of so many. */
  readonly train?: { readonly done: number; readonly count: number } | undefined;
  readonly chosen: PairDetails | undefined;
}

/** One agent that parts are picked from. */
export interface CombineSource {
  readonly session: string;
  readonly title: string;
  /** Its place among attempts at one prompt. */
  readonly index?: number | undefined;
}

/** What is picked of a file of one agent: the whole, or hunks by their ids. */
export type FilePick = "whole" | readonly string[];

export interface CombinePart extends FilePart {
  readonly pick?: FilePick | undefined;
}

export interface CombineFile {
  readonly path: string;
  readonly parts: readonly CombinePart[];
}

export interface CombinePreview {
  readonly files: number;
  readonly additions: number;
  readonly deletions: number;
  /** A unified diff. */
  readonly patch: string;
}

export interface CombineState {
  readonly view: "combine";
  readonly of: CombinedAgents;
  readonly note: Note;
  readonly title: string;
  readonly sources: readonly CombineSource[];
  readonly isLoading: boolean;
  readonly files: readonly CombineFile[];
  readonly fileCount: number;
  /** Of what is picked; the page waits for it after each pick. */
  readonly isChecking: boolean;
  readonly problems: readonly PickProblem[];
  readonly preview: CombinePreview | undefined;
  readonly isCreating: boolean;
}

const nonce = z.string();

/** What the pages ask for. */
export const coordinationInbound = [
  z.object({ nonce, kind: z.literal("choosePair"), pair: z.nullable(PairChoice) }),
  z.object({
    nonce,
    kind: z.literal("write"),
    text: z.nullable(z.string().check(z.maxLength(400_000))),
    to: z.array(z.string()),
  }),
  z.object({ nonce, kind: z.literal("send") }),
  z.object({ nonce, kind: z.literal("compare") }),
  z.object({ nonce, kind: z.literal("combine") }),
  z.object({ nonce, kind: z.literal("update"), sessions: z.array(z.string()) }),
  z.object({ nonce, kind: z.literal("stopTrain") }),
  z.object({
    nonce,
    kind: z.literal("pick"),
    session: z.string(),
    path: z.string(),
    pick: z.nullable(z.union([z.literal("whole"), z.array(z.string())])),
  }),
  z.object({ nonce, kind: z.literal("name"), title: z.string() }),
  z.object({ nonce, kind: z.literal("create") }),
  z.object({ nonce, kind: z.literal("reread") }),
] as const;
