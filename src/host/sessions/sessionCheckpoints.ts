import type { Disposable } from "../../base/disposables.ts";
import { BASE_CHECKPOINT, type FleetCheckpoint } from "../../protocol/fleetCheckpoints.ts";
import type { ChangesetPublisher } from "./changesetPublisher.ts";
import type { Checkpoint, Workspace } from "../workspaces/workspace.ts";
import { compact } from "../../protocol/schema.ts";
import { appliedNote, baseNote } from "./agentPrompt.ts";
import { beforeTurn } from "./checkpointPlaces.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRecord } from "./sessionRecord.ts";

/** So many are kept of a session; the oldest go first, a few at a time. */
const maxCheckpoints = 200;
const dropAtOnce = 20;

/**
 * The checkpoints of one session: taken, made known together with what they changed, and given up. Git has them first;
 * what a crash kept from the log is told when the workspace is opened again.
 */
export class SessionCheckpoints implements Disposable {
  readonly #ports: Pick<SessionPorts, "logger">;
  readonly #record: SessionRecord;
  readonly #changes: ChangesetPublisher;
  #isDisposed = false;
  #dropping = false;

  constructor(ports: Pick<SessionPorts, "logger">, record: SessionRecord, changes: ChangesetPublisher) {
    this.#ports = ports;
    this.#record = record;
    this.#changes = changes;
  }

  /** At the end of a turn, with or without changed files. */
  async afterTurn(workspace: Workspace, turnId: string, title: string): Promise<void> {
    const taken = await workspace.checkpoint(title, { ...this.place(), kind: "turn", turnId });
    await this.publish(workspace, taken, turnId);
  }

  /** Because a person asks. The latest when nothing is new. */
  async take(workspace: Workspace): Promise<FleetCheckpoint> {
    const place = this.place();
    const taken = await workspace.checkpoint("Checkpoint", { ...place, kind: "asked" });
    await this.publish(workspace, taken, undefined);
    return this.latest(workspace);
  }

  /** The base commit as one when there is none. */
  latest(workspace: Workspace): FleetCheckpoint {
    const { fleet } = this.#record;
    return fleet?.checkpoints.at(-1) ?? baseCheckpoint(workspace, fleet?.createdAt);
  }

  /** Tells the branch's and the turn's files together with the checkpoint that holds them. */
  async publish(
    workspace: Workspace,
    taken: Checkpoint | undefined,
    turnId: string | undefined,
    conflicts: readonly string[] = [],
  ): Promise<void> {
    const turn = taken && turnId !== undefined ? { turnId, from: beforeTurn(workspace, turnId) } : undefined;
    await this.#changes.settle(workspace, taken, turn, () => this.catchUp(workspace, conflicts));
    this.#dropOldest(workspace);
  }

  /** The workspace was opened: what it has recorded and the log does not know is told, with its files. */
  async meet(workspace: Workspace): Promise<void> {
    if (this.#unknown(workspace).length > 0) await this.publish(workspace, undefined, undefined);
  }

  /**
   * Tells what the workspace has recorded and the log does not know, and on what commit of the base branch it stands.
   * @param conflicts files that git could not merge with it
   */
  catchUp(workspace: Workspace, conflicts: readonly string[] = []): void {
    for (const each of this.#unknown(workspace)) {
      const checkpoint = toFleet(each);
      const note = each.place?.kind === "applied" ? appliedNote() : undefined;
      const action = { type: "x-fleet/checkpointAdded", checkpoint, ...(note && { note }) } as const;
      this.#record.dispatch(this.#record.refs.fleet, action);
    }
    const { baseCommit, baseBranch } = workspace;
    const known = this.#record.fleet?.baseCommit;
    if (known === undefined || known === baseCommit) return;
    const note = baseNote(baseBranch, baseCommit, conflicts);
    this.#record.dispatch(this.#record.refs.fleet, { type: "x-fleet/baseChanged", baseCommit, note });
    this.#record.publishMeta();
  }

  #unknown(workspace: Workspace): readonly Checkpoint[] {
    const known = new Set(this.#record.fleet?.checkpoints.map(({ commit }) => commit));
    return workspace.checkpoints.filter(({ commit }) => !known.has(commit));
  }

  /** Where the session stands now. */
  place(): { turnId: string; turns: number; agentSessionId?: string } {
    const { chat, fleet } = this.#record;
    const { activeTurn, turns = [] } = chat ?? {};
    return compact({
      turnId: activeTurn?.id ?? turns.at(-1)?.id ?? "",
      turns: turns.length + (activeTurn ? 1 : 0),
      agentSessionId: fleet?.agentSessionId,
    });
  }

  dispose(): void {
    this.#isDisposed = true;
  }

  #dropOldest(workspace: Workspace): void {
    const { checkpoints } = workspace;
    if (this.#dropping || checkpoints.length <= maxCheckpoints + dropAtOnce) return;
    const ids = checkpoints.slice(0, checkpoints.length - maxCheckpoints).map(({ id }) => id);
    this.#dropping = true;
    workspace
      .drop(ids)
      .then(() => this.#record.dispatch(this.#record.refs.fleet, { type: "x-fleet/checkpointsDropped", ids }))
      .catch((error: unknown) => {
        if (this.#isDisposed) return;
        this.#ports.logger.warn("old checkpoints stay", { session: this.#record.refs.id, error: String(error) });
      })
      .finally(() => (this.#dropping = false));
  }
}

function toFleet(checkpoint: Checkpoint): FleetCheckpoint {
  const { id, commit, tree, createdAt, files, additions, deletions, place } = checkpoint;
  return compact({
    id,
    turnId: place?.turnId ?? "",
    commit,
    tree,
    createdAt,
    files,
    additions,
    deletions,
    kind: place?.kind,
    turns: place?.turns,
    restoredFrom: place?.restoredFrom,
  });
}

function baseCheckpoint(workspace: Workspace, createdAt: string | undefined): FleetCheckpoint {
  const base = { id: BASE_CHECKPOINT, turnId: "", turns: 0, commit: workspace.baseCommit, tree: workspace.baseCommit };
  return { ...base, createdAt: createdAt ?? "", files: 0, additions: 0, deletions: 0 };
}
