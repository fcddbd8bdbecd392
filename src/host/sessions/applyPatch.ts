import { AppError } from "../../base/appError.ts";
import type { ResultOf } from "../../protocol/methods.ts";
import { annotate, type RestoreParts } from "./restoreCheckpoint.ts";

/**
 * Merges a person's changes into a session's files while nothing of it runs. The chat gets a turn that says so, and the
 * agent is told with its next prompt.
 * @param asked the patch as base64; @param onStage what is happening, for people
 */
export async function applyPatch(
  parts: RestoreParts,
  asked: { readonly patch: string; readonly base?: string | undefined },
  onStage: (text: string) => void,
): Promise<ResultOf<"x-fleet/applyPatch">> {
  const { ports, checkpoints, workspace } = parts;
  ports.channels.assertTakesWork();
  const bytes = Buffer.from(asked.patch, "base64");
  if (bytes.length === 0) throw new AppError("request.invalid", "There is nothing to apply: the patch is empty.");
  const { safety } = await workspace.apply({
    patch: bytes,
    base: asked.base,
    place: checkpoints.place(),
    onSafe: () => checkpoints.catchUp(workspace),
    onStage,
  });
  await checkpoints.publish(workspace, workspace.checkpoints.at(-1), undefined);
  annotate(parts, "A person's changes were applied to the files.", safety.id);
  return { checkpoint: checkpoints.latest(workspace), safety: safety.id };
}
