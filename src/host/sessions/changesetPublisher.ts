import type { Disposable } from "../../base/disposables.ts";
import { turnChangesetUri } from "../../protocol/uris.ts";
import type { ChangedFile, Checkpoint, Workspace } from "../workspaces/workspace.ts";
import { branchOperations, changesetOf, keepReviewed, MAX_CHANGESET_FILES } from "./changesetFiles.ts";
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
   * Exactly what the last checkpoint holds, and what the turn changed since `from` when it made one.
   * @param record makes the checkpoint known. It runs together with the publication of its files, whatever becomes of
   * them: nobody can be shown the files of one commit under the name of another.
   */
  async settle(
    workspace: Workspace,
    taken: Checkpoint | undefined,
    turn: { readonly turnId: string; readonly from: string } | undefined,
    record: () => void,
  ): Promise<void> {
    this.#timer?.dispose();
    this.#timer = undefined;
    await this.#running;
    const latest = taken ?? workspace.checkpoints.at(-1);
    const head = latest?.commit ?? this.#ports.channels.state("fleetSession", this.#refs.fleet)?.head;
    let changedFromBase: readonly ChangedFile[] | undefined;
    try {
      if (head !== undefined) changedFromBase = await workspace.changes(workspace.baseCommit, head);
    } finally {
      record();
    }
    if (changedFromBase) this.#publish(changedFromBase);
    if (taken === undefined || turn === undefined) return;
    const changed = await workspace.changes(turn.from, taken.commit);
    const uri = turnChangesetUri(this.#refs.session, turn.turnId);
    const { channels } = this.#ports;
    const state = changesetOf(this.#refs.id, changed);
    // A resumed turn has a changeset already: what the whole turn changed replaces its first part.
    if (await channels.load(uri)) channels.dispatch(uri, { type: "changeset/contentChanged", ...state });
    else channels.create(uri, "changeset", { status: "ready", ...state });
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
    const { files: listed, _meta } = changesetOf(this.#refs.id, changed);
    const files = keepReviewed(listed, state.files);
    const operations = branchOperations(channels.state("fleetSession", this.#refs.fleet)?.head);
    const next = { files, operations, ...(_meta && { _meta }) };
    const isSame =
      JSON.stringify([files, operations, _meta]) === JSON.stringify([state.files, state.operations, state._meta]);
    if (!isSame) channels.dispatch(uri, { type: "changeset/contentChanged", ...next });
    if (state.status !== "ready") channels.dispatch(uri, { type: "changeset/statusChanged", status: "ready" });
  }
}
