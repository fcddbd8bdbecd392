import { BASE_CHECKPOINT, type CheckpointKind } from "../../protocol/fleetCheckpoints.ts";
import type { Workspace } from "../workspaces/workspace.ts";

const steps: ReadonlySet<CheckpointKind> = new Set<CheckpointKind>(["turn", "asked"]);

/** The commit that a turn began with: the latest that is of another turn, or that is no step of this one. */
export function beforeTurn({ checkpoints, baseCommit }: Workspace, turnId: string): string {
  const last = lastOfTurn(checkpoints, turnId);
  const before = checkpoints
    .slice(0, last === -1 ? undefined : last)
    .findLast(({ place }) => place !== undefined && !(place.turnId === turnId && steps.has(place.kind)));
  return before?.commit ?? baseCommit;
}

/** The commit of a checkpoint, or of the end of a turn, by its id; undefined when there is none. */
export function commitAfter({ checkpoints, baseCommit }: Workspace, id: string): string | undefined {
  if (id === BASE_CHECKPOINT) return baseCommit;
  const found = checkpoints.find((checkpoint) => checkpoint.id === id) ?? checkpoints[lastOfTurn(checkpoints, id)];
  return found?.commit;
}

function lastOfTurn(checkpoints: Workspace["checkpoints"], turnId: string): number {
  return checkpoints.findLastIndex(({ place }) => place?.kind === "turn" && place.turnId === turnId);
}
