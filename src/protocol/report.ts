import * as z from "zod/mini";
import {
  type CombinedAgents,
  type CombineState,
  type CoordinatedRepository,
  coordinationInbound,
  type CoordinationState,
} from "./coordinationReport.ts";
import { spendKinds } from "./fleetLedger.ts";
import type { Coordination, Infrastructure } from "./fleetSpend.ts";

/**
 * Messages between the report page (what agents cost, attempts beside one another) and the extension. The extension sends
 * the whole state each time; the page asks for another view of it or for something to be done.
 */

export const spendPeriods = ["month", "lastMonth", "week", "days30", "days90"] as const;
export type SpendPeriod = (typeof spendPeriods)[number];

export const SpendChoice = z.object({
  period: z.enum(spendPeriods),
  by: z.enum(spendKinds),
  /** Id of one host; empty for all. */
  hostId: z.string(),
  measure: z.enum(["cost", "machine"]),
});
export type SpendChoice = z.infer<typeof SpendChoice>;

/** Attempts that are compared. The page remembers it for the editor, which brings the tab back with the window. */
export const ComparedAttempts = z.object({
  hostId: z.string(),
  /** The id of the group. */
  group: z.string(),
});
export type ComparedAttempts = z.infer<typeof ComparedAttempts>;

/** What a report lacks, and why. */
export interface ReportNote {
  readonly text: string;
  /** A host that the person may try to reach again. */
  readonly hostId?: string;
}

/** What one line of the report cost, and on which hosts. */
export interface SpendLine {
  readonly key: string;
  readonly label: string;
  readonly coordination: Coordination;
  readonly infrastructure: Infrastructure;
  /** In the order of `SpendState.hosts`; only those that have a part in it. */
  readonly parts: readonly { readonly hostId: string; readonly costUsd?: number; readonly wallMs?: number }[];
}

export interface SpendState {
  readonly view: "spend";
  readonly choice: SpendChoice;
  /** The numbers are of an earlier choice, or there are none yet. */
  readonly isLoading: boolean;
  /** Days, both in it (UTC). */
  readonly from: string;
  readonly to: string;
  /** Every host that keeps accounts. */
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  /** What is missing in the sums. */
  readonly notes: readonly ReportNote[];
  /** Days in their order, those without spending included; everything else by cost. */
  readonly lines: readonly SpendLine[];
  readonly total: Pick<SpendLine, "coordination" | "infrastructure">;
}

/** One of several agents with the same prompt. */
export interface Attempt {
  /** The session's URI. */
  readonly session: string;
  readonly index: number;
  readonly title: string;
  /** Kind of agent, with its model where that was chosen. */
  readonly agent: string;
  /** What it does or how it ended, in a few words. */
  readonly state: string;
  readonly isWorking: boolean;
  readonly isArchived: boolean;
  readonly costUsd: number | undefined;
  /** Of its work; waiting for a person is not counted. */
  readonly workedMs: number | undefined;
  readonly changes: { readonly files: number; readonly additions: number; readonly deletions: number } | undefined;
  readonly tests: readonly { readonly command: string; readonly succeeded: boolean; readonly isCertain: boolean }[];
  /** Its tests and files are not read, because of this. */
  readonly problem: string | undefined;
}

/** A file that at least one attempt changed. */
export interface AttemptFile {
  readonly path: string;
  /** By place in `AttemptsState.attempts`; nothing where that attempt leaves the file alone. */
  readonly changes: readonly ({ readonly additions: number; readonly deletions: number } | null)[];
}

export interface AttemptsState {
  readonly view: "attempts";
  readonly of: ComparedAttempts;
  readonly note: ReportNote | undefined;
  readonly prompt: string;
  readonly repository: string;
  /** How many were asked for; those that were deleted since are not in `attempts`. */
  readonly count: number;
  readonly attempts: readonly Attempt[];
  readonly files: readonly AttemptFile[];
  /** More files than are shown. */
  readonly filesLeft: number;
}

export type ReportState = SpendState | AttemptsState | CoordinationState | CombineState;

/** What the page remembers for whoever restores its tab in a later window; the spending is of all hosts. */
export type ReportMemory = ComparedAttempts | CoordinatedRepository | CombinedAgents;

export interface ReportOutbound {
  readonly nonce: string;
  readonly kind: "state";
  readonly state: ReportState;
}

export const attemptActions = ["open", "review", "keep", "combine", "createPullRequest"] as const;

const nonce = z.string();
export const ReportInbound = z.discriminatedUnion("kind", [
  z.object({ nonce, kind: z.literal("ready") }),
  z.object({ nonce, kind: z.literal("choose"), choice: SpendChoice }),
  z.object({ nonce, kind: z.literal("act"), action: z.enum(attemptActions), session: z.string() }),
  z.object({ nonce, kind: z.literal("reconnect"), hostId: z.string() }),
  ...coordinationInbound,
]);
export type ReportInbound = z.infer<typeof ReportInbound>;
