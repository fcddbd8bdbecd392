import type { ResultOf } from "../../protocol/methods.ts";
import type { Credentials } from "../workspaces/workspace.ts";
import { conflictNames } from "./agentPrompt.ts";
import { annotate, type RestoreParts } from "./restoreCheckpoint.ts";

const maxConflicts = 50;

export interface UpdateParts extends RestoreParts {
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
  readonly leaveConflicts: boolean;
}

/**
 * Merges what the base branch has got into a session's files while nothing of it runs. The chat gets a turn that says so,
 * and the agent is told with its next prompt.
 * @param onStage what is happening, for people
 */
export async function updateFromBase(
  { credentials, signal, leaveConflicts, ...parts }: UpdateParts,
  onStage: (text: string) => void,
): Promise<ResultOf<"x-fleet/updateFromBase">> {
  const { ports, checkpoints, workspace } = parts;
  ports.channels.assertTakesWork();
  const updated = await workspace.update({
    place: checkpoints.place(),
    credentials,
    signal,
    leaveConflicts,
    onSafe: () => checkpoints.catchUp(workspace),
    onStage,
  });
  const { baseCommit, baseBranch } = workspace;
  if (updated === undefined) {
    const checkpoint = checkpoints.latest(workspace);
    return { checkpoint, safety: checkpoint.id, baseCommit, commits: 0 };
  }
  const { safety, commits, conflicts } = updated;
  await checkpoints.publish(workspace, workspace.checkpoints.at(-1), undefined, conflicts);
  const came = commits === 1 ? "1 commit" : `${commits} commits`;
  const left =
    conflicts.length === 0 ? "" : ` Both sides are in ${conflictNames(conflicts)}, for the agent to put together.`;
  annotate(
    parts,
    `The branch was updated from ${baseBranch}: ${came}, up to ${baseCommit.slice(0, 8)}.${left}`,
    safety.id,
  );
  const told = conflicts.length > 0 && { conflicts: conflicts.slice(0, maxConflicts) };
  return { checkpoint: checkpoints.latest(workspace), safety: safety.id, baseCommit, commits, ...told };
}
