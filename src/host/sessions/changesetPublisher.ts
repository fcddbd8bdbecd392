import type { Disposable } from "../../base/disposables.ts";
import { turnChangesetUri } from "../../protocol/uris.ts";
import type { ChangedFile, Checkpoint, Workspace } from "../workspaces/workspace.ts";
import { branchOperations, keepReviewed, MAX_CHANGESET_FILES, toChangesetFiles } from "./changesetFiles.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";

const settleMs = 400;

/**
 * Keeps the branch changeset equal to what git says: while the agent works soon after it touched files, and exactly at
 * each checkpoint. Git runs once at a time; what is touched meanwhile is looked at once more.
 */
export class ChangesetPublisher implements Disposable {
  readonly #ports: Pick<SessionPorts, "channels" | "clock" | "logger">;
  readonly #refs: SessionRefs;
  #timer: Disposable | undefined;
  #running: Promise<void> = Promise.resolve();
  #isDisposed = false;

  constructor(ports: Pick<SessionPorts, "channels" | "clock" | "logger">, refs: SessionRefs) {
    this.#ports = ports;
    this.#refs = refs;
  }

  /** The working tree may differ: look at it soon. */
  touch(workspace: Workspace): void {
    this.#timer ??= this.#ports.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#enqueue(async () =>
        this.#publish(await workspace.changes(workspace.baseCommit, await workspace.snapshot())),
      );
    }, settleMs);
  }

  /**
   * Exactly what the last checkpoint holds; the turn's own changes too when it made one.
   * @param record makes the checkpoint known. It runs together with the publication of its files, whatever becomes of
   * them: nobody can be shown the files of one commit under the name of another.
   */
  async settle(
    workspace: Workspace,
    turnId: string | undefined,
    checkpoint: Checkpoint | undefined,
    record: () => void,
  ): Promise<void> {
    this.#timer?.dispose();
    this.#timer = undefined;
    await this.#running;
    const head = checkpoint?.commit ?? this.#ports.channels.state("fleetSession", this.#refs.fleet)?.head;
    let changedFromBase: readonly ChangedFile[] | undefined;
    try {
      if (head !== undefined) changedFromBase = await workspace.changes(workspace.baseCommit, head);
    } finally {
      record();
    }
    if (changedFromBase) this.#publish(changedFromBase);
    if (checkpoint === undefined || turnId === undefined) return;
    const changed = await workspace.changes(checkpoint.parent, checkpoint.commit);
    const uri = turnChangesetUri(this.#refs.session, turnId);
    const { channels } = this.#ports;
    const files = toChangesetFiles(this.#refs.id, changed);
    // A resumed turn has a changeset already: its later step replaces the earlier one.
    if (await channels.load(uri)) channels.dispatch(uri, { type: "changeset/contentChanged", files });
    else channels.create(uri, "changeset", { status: "ready", files });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
  }

  #enqueue(work: () => Promise<void>): void {
    this.#running = this.#running.then(work).catch((error: unknown) => {
      this.#ports.logger.warn("live changes failed", { session: this.#refs.id, error: String(error) });
    });
  }

  #publish(changed: readonly ChangedFile[]): void {
    const { channels, logger } = this.#ports;
    const uri = this.#refs.branchChanges;
    const state = channels.state("changeset", uri);
    if (this.#isDisposed || state === undefined) return;
    if (changed.length > MAX_CHANGESET_FILES) {
      logger.warn("changeset cut", { session: this.#refs.id, files: changed.length, shown: MAX_CHANGESET_FILES });
    }
    const files = keepReviewed(toChangesetFiles(this.#refs.id, changed), state.files);
    const operations = branchOperations(channels.state("fleetSession", this.#refs.fleet)?.head);
    const isSame = JSON.stringify([files, operations]) === JSON.stringify([state.files, state.operations]);
    if (!isSame) channels.dispatch(uri, { type: "changeset/contentChanged", files, operations });
    if (state.status !== "ready") channels.dispatch(uri, { type: "changeset/statusChanged", status: "ready" });
  }
}
