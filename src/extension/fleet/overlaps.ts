import type { FleetConflictsState } from "../../protocol/fleetConflicts.ts";

/** What another agent's branch, or the base, means for one agent, the worst first. */
export interface AgentOverlap {
  /** Absent for the base branch. */
  readonly session?: string;
  readonly overlap: "conflict" | "sameHunk" | "sameFile";
  readonly files: readonly string[];
  readonly fileCount: number;
}

const ranks: readonly string[] = ["conflict", "sameHunk", "sameFile"];

export function overlapsOf({ branches, pairs }: FleetConflictsState, session: string): readonly AgentOverlap[] {
  const own = branches.filter((branch) => branch.session === session).map((base) => ({ ...base, session: undefined }));
  const others = pairs.flatMap(({ first, second, ...met }) => {
    if (first !== session && second !== session) return [];
    return [{ ...met, session: first === session ? second : first }];
  });
  return [...own, ...others]
    .flatMap(({ session: other, overlap, files, fileCount }): AgentOverlap[] =>
      overlap === "none" || overlap === "(unknown)"
        ? []
        : [{ ...(other !== undefined && { session: other }), overlap, files, fileCount }],
    )
    .toSorted((a, b) => ranks.indexOf(a.overlap) - ranks.indexOf(b.overlap));
}
