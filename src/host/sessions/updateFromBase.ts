import type { ResultOf } from "../../protocol/methods.ts";
import type { Credentials } from "../workspaces/workspace.ts";
import { annotate, type RestoreParts } from "./restoreCheckpoint.ts";

export interface UpdateParts extends RestoreParts {
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

/**
 * Merges what the base branch has got into a session's files while nothing of it runs. The chat gets a turn that says so,
 * and the agent is told with its next prompt.
 * @param onStage what is happening, for people
 */
export async function updateFromBase(
  { credentials, signal, ...parts }: UpdateParts,
  onStage: (text: string) => void,
): Promise<ResultOf<"x-fleet/updateFromBase">> {
  const { ports, checkpoints, workspace } = parts;
  ports.channels.assertTakesWork();
  const updated = await workspace.update({
    place: checkpoints.place(),
    credentials,
    signal,
    onSafe: () => checkpoints.catchUp(workspace),
    onStage,
  });
  const { baseCommit, baseBranch } = workspace;
  if (updated === undefined) {
    const checkpoint = checkpoints.latest(workspace);
    return { checkpoint, safety: checkpoint.id, baseCommit, commits: 0 };
  }
  const { safety, commits } = updated;
  await checkpoints.publish(workspace, workspace.checkpoints.at(-1), undefined);
  const came = commits === 1 ? "1 commit" : `${commits} commits`;
  annotate(parts, `The branch was updated from ${baseBranch}: ${came}, up to ${baseCommit.slice(0, 8)}.`, safety.id);
  return { checkpoint: checkpoints.latest(workspace), safety: safety.id, baseCommit, commits };
}
