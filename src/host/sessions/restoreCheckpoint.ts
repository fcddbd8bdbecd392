import { BASE_CHECKPOINT } from "../../protocol/fleetCheckpoints.ts";
import type { ResultOf } from "../../protocol/methods.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import { restoredNote } from "./agentPrompt.ts";
import type { SessionCheckpoints } from "./sessionCheckpoints.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRecord } from "./sessionRecord.ts";

export interface RestoreParts {
  readonly ports: Pick<SessionPorts, "channels" | "clock" | "newId">;
  readonly record: SessionRecord;
  readonly checkpoints: SessionCheckpoints;
  readonly workspace: Workspace;
}

/**
 * Puts a session's files back while nothing of it runs. The chat keeps what was said and gets a turn that says what
 * happened; the agent is told with its next prompt.
 * @param onStage what is happening, for people
 */
export async function restoreCheckpoint(
  parts: RestoreParts,
  checkpoint: string,
  onStage: (text: string) => void,
): Promise<ResultOf<"x-fleet/restore">> {
  const { ports, record, checkpoints, workspace } = parts;
  ports.channels.assertTakesWork();
  const { fleet } = record.refs;
  try {
    const { safety } = await workspace.restore({
      checkpoint,
      place: checkpoints.place(),
      onSafe: ({ id }) => {
        checkpoints.catchUp(workspace);
        record.dispatch(fleet, { type: "x-fleet/restoreBegan", checkpoint, safety: id });
      },
      onStage,
    });
    const restored = await endRestore(parts, checkpoint, safety.id);
    return { checkpoint: restored, safety: safety.id };
  } catch (error) {
    if (record.fleet?.restoring) record.dispatch(fleet, { type: "x-fleet/restoreEnded" });
    throw error;
  }
}

/** The files are those of the checkpoint: tells everybody. Also after a restart that finished what was begun. */
export async function endRestore(parts: RestoreParts, checkpoint: string, safety: string) {
  const { record, checkpoints, workspace } = parts;
  const taken = workspace.checkpoints.at(-1);
  await checkpoints.publish(workspace, taken, undefined);
  const when = checkpoint === BASE_CHECKPOINT ? undefined : nameOf(record, checkpoint);
  record.dispatch(record.refs.fleet, { type: "x-fleet/restoreEnded", note: restoredNote(checkpoint, when) });
  const what = when === undefined ? "the state in which the agent began" : `checkpoint ${checkpoint} (${when} UTC)`;
  annotate(parts, `The files were put back to ${what}.`, safety);
  return checkpoints.latest(workspace);
}

function nameOf(record: SessionRecord, checkpoint: string): string {
  const found = record.fleet?.checkpoints.find(({ id }) => id === checkpoint);
  return found ? found.createdAt.slice(0, 16).replace("T", " ") : "an earlier time";
}

/** A turn of the host's own. It is over before anybody could take it for one that waits for the agent. */
export function annotate({ ports, record }: RestoreParts, text: string, safety: string): void {
  const { chat } = record.refs;
  const turnId = ports.newId();
  const startedAt = new Date(ports.clock.now()).toISOString();
  const undo = `What was there before is checkpoint ${safety}: restore that one to undo this. The agent is told with the next message.`;
  record.dispatch(chat, {
    type: "chat/turnStarted",
    turnId,
    startedAt,
    message: { text, origin: { kind: "systemNotification" } },
  });
  record.dispatch(chat, { type: "chat/responsePart", turnId, part: { kind: "systemNotification", content: undo } });
  record.dispatch(chat, { type: "chat/turnComplete", turnId, duration: 0 });
}
