import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { PermissionAnswer } from "../providers/provider.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import type { FleetAct } from "../../protocol/fleetActs.ts";
import type { FleetCheckpoint } from "../../protocol/fleetCheckpoints.ts";
import type { FleetQueue } from "../../protocol/fleetQueue.ts";
import { applyPatch } from "./applyPatch.ts";
import { Provisioning } from "./provisioning.ts";
import { jobOf, placeInWords } from "./queuePlace.ts";
import { endRestore, restoreCheckpoint, type RestoreParts } from "./restoreCheckpoint.ts";
import type { RunOptions } from "./runOptions.ts";
import type { EarlierPlace } from "./scheduler.ts";
import { SessionRecord } from "./sessionRecord.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import { SessionTurns } from "./sessionTurns.ts";
import { updateFromBase } from "./updateFromBase.ts";

/**
 *  idle ─wake→ queued ─slot→ provisioning (first time) ─→ working (a turn) ─→ idle, slot given back
 *
 * One session's life. It holds nothing that its channels lack but the running process and the open workspace, so it can
 * be made anew from the log. Everything it does goes through `channels.dispatch`.
 */
export class SessionRun implements Disposable {
  readonly refs: SessionRefs;
  readonly #options: RunOptions;
  readonly #owned = new Disposables();
  readonly #life = new AbortController();
  readonly #record: SessionRecord;
  readonly #provisioning: Provisioning;
  readonly #turns: SessionTurns;
  /** Holds the slot, from its grant until it is given back. */
  #working: Promise<void> | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.refs = options.refs;
    const { signal } = this.#life;
    this.#record = new SessionRecord(options.channels, options.refs);
    this.#provisioning = this.#owned.add(new Provisioning(options, this.#record, signal, () => this.wake()));
    this.#turns = this.#owned.add(new SessionTurns(options, this.#record, signal, this.#provisioning));
    this.#owned.add(options.budgets.join(this));
  }

  /**
   * Asks for a slot if there is something to do: a workspace to make, or a turn to run.
   * @param earlier where it was in the queue before the host's restart. It has to come to rest even if its workspace was
   *   just made, or its turn just cancelled, when the host ended
   */
  wake(earlier?: EarlierPlace): void {
    const { fleet, chat, needsWorkspace } = this.#record;
    if (!fleet || this.#life.signal.aborted || this.#working || this.#provisioning.isPausing) return;
    if (!this.#options.budgets.admits(this.refs)) return;
    if (needsWorkspace || chat?.activeTurn || earlier) this.#options.slots.request(jobOf(this.refs.id, fleet), earlier);
  }

  /** As `wake`, if nothing else wakes it before. */
  wakeLater(ms: number): void {
    this.#owned.add(this.#options.clock.setTimeout(() => this.wake(), ms));
  }

  queued(place: FleetQueue): void {
    this.#record.setPhase({ phase: "queued", queue: place }, placeInWords(place));
  }

  /** The slot is this session's until the work is done. */
  start(): void {
    this.#working = this.#work()
      .catch((error: unknown) => {
        this.#options.logger.error("session failed", { session: this.refs.id, error: String(error) });
      })
      .finally(() => {
        this.#working = undefined;
        this.#options.slots.release(this.refs.id);
        this.wake();
      });
  }

  /** The person has ended the turn already; the agent is told to stop. */
  cancelTurn(): void {
    if (this.#working) this.#turns.cancel();
    else if (this.#provisioning.isPausing) this.#provisioning.giveUp();
    // Nothing runs for a turn that still waits: its place in the queue is free.
    else if (!this.#record.needsWorkspace) this.#leaveQueue();
  }

  answerPermission(toolCallId: string, answer: PermissionAnswer): void {
    this.#turns.answerPermission(toolCallId, answer);
  }

  choose(): void {
    this.#turns.choose();
  }

  answerInput(requestId: string): void {
    this.#turns.answerInput(requestId);
  }

  /** Nothing of it works, and nothing will until somebody asks for it. */
  get isAtRest(): boolean {
    const { fleet, chat } = this.#record;
    const isIdle = fleet?.phase === "ready" && fleet.agent !== "awake" && !chat?.activeTurn;
    return isIdle && !this.#working && !this.#provisioning.isPausing && !this.#record.needsWorkspace;
  }

  /**
   * The session's workspace, opened if need be, and its conversation in memory with it. Throws AppError `notFound` when
   * there is none.
   */
  async workspace(): Promise<Workspace> {
    await this.#options.channels.load(this.refs.chat);
    return await this.#provisioning.open();
  }

  /** Records the files as they are. */
  async checkpoint(): Promise<FleetCheckpoint> {
    return await this.#turns.checkpoints.take(await this.workspace());
  }

  /** @param onStage what is happening, for people. Throws `conflict` while a turn runs or waits, `notFound`. */
  restore(checkpoint: string, cancelTurn: boolean, onStage: (text: string) => void) {
    return this.#replacing(cancelTurn, onStage, (workspace, tell) =>
      restoreCheckpoint(this.#restoreParts(workspace), checkpoint, tell),
    );
  }

  /** Likewise. Throws what `Workspace.update` throws too. */
  updateFromBase(
    {
      cancelTurn = false,
      leaveConflicts = false,
    }: { readonly cancelTurn?: boolean; readonly leaveConflicts?: boolean },
    onStage: (text: string) => void,
  ) {
    const credentials = this.#options.credentials.credentialsOf(this.#options.principal);
    const { signal } = this.#life;
    return this.#replacing(cancelTurn, onStage, (workspace, tell) =>
      updateFromBase({ ...this.#restoreParts(workspace), credentials, signal, leaveConflicts }, tell),
    );
  }

  /** Likewise. Throws what `Workspace.apply` throws too. */
  applyPatch(patch: Parameters<typeof applyPatch>[1], onStage: (text: string) => void) {
    return this.#replacing(false, onStage, (workspace, tell) => applyPatch(this.#restoreParts(workspace), patch, tell));
  }

  #replacing<T>(
    cancelTurn: boolean,
    onStage: (text: string) => void,
    replace: (workspace: Workspace, tell: (stage: string) => void) => Promise<T>,
  ): Promise<T> {
    return this.alone({ cancelTurn }, async (workspace) => {
      const tell = (stage: string) => {
        this.#record.setPhase({ phase: this.#record.fleet?.phase ?? "ready", stage }, stage);
        onStage(stage);
      };
      try {
        return await replace(workspace, tell);
      } finally {
        this.#record.setPhase({ phase: "ready" }, undefined);
      }
    });
  }

  /** What a host that ended was putting back is there when its workspace is open; what is left is to tell. */
  async finishRestore(): Promise<void> {
    const { restoring } = this.#record.fleet ?? {};
    if (!restoring) return;
    await this.alone({ isWaiting: true }, async (workspace) => {
      const isDone = workspace.checkpoints.at(-1)?.place?.restoredFrom === restoring.checkpoint;
      if (isDone) await endRestore(this.#restoreParts(workspace), restoring.checkpoint, restoring.safety);
      else this.#record.dispatch(this.refs.fleet, { type: "x-fleet/restoreEnded" });
      this.#record.setPhase({ phase: "ready" }, undefined);
    });
  }

  /**
   * Does something while nothing of this session runs: no turn, and no agent. What comes meanwhile waits.
   * Throws `conflict` while a turn runs or waits, unless it may be cancelled or goes on waiting.
   */
  async alone<T>(
    { cancelTurn = false, isWaiting = false }: { readonly cancelTurn?: boolean; readonly isWaiting?: boolean },
    work: (workspace: Workspace) => Promise<T>,
  ): Promise<T> {
    this.#turns.hold(true);
    try {
      if (cancelTurn) await this.#endTurn();
      if (this.#working || (this.#record.chat?.activeTurn && !isWaiting)) throw busy();
      const done = Promise.withResolvers<void>();
      this.#working = done.promise;
      try {
        this.#options.idleAgents.wake(this.refs.id);
        await this.#turns.leave();
        return await work(await this.workspace());
      } finally {
        this.#working = undefined;
        done.resolve();
      }
    } finally {
      this.#turns.hold(false);
      this.wake();
      this.takeQueued();
    }
  }

  /** Ends the running turn as its person would. */
  async #endTurn(): Promise<void> {
    const turn = this.#record.chat?.activeTurn;
    if (turn) {
      const duration = Math.max(0, this.#options.clock.now() - Date.parse(turn.startedAt)) || 0;
      this.#record.dispatch(this.refs.chat, { type: "chat/turnCancelled", turnId: turn.id, duration });
      this.cancelTurn();
    }
    await this.#working;
  }

  #restoreParts(workspace: Workspace): RestoreParts {
    return { ports: this.#options, record: this.#record, checkpoints: this.#turns.checkpoints, workspace };
  }

  /** Records what an interrupted turn left in the workspace, so that the diff is true after a restart. */
  async settle(turnId: string): Promise<void> {
    await this.#turns.settle(await this.workspace(), turnId);
  }

  /** A message that is queued while nothing runs starts at once. */
  takeQueued(): void {
    if (!this.#working && !this.#record.chat?.activeTurn) this.#turns.startQueued();
  }

  /** Remembers who did what. */
  acted(act: Omit<FleetAct, "at">): void {
    const at = new Date(this.#options.clock.now()).toISOString();
    this.#record.dispatch(this.refs.fleet, { type: "x-fleet/acted", ...act, at });
  }

  publishMeta(): void {
    this.#record.publishMeta();
  }

  retryWithCredentials(resource: string): void {
    this.#provisioning.retryWithCredentials(resource);
  }

  get working(): Promise<void> | undefined {
    return this.#working;
  }

  async interrupt(): Promise<void> {
    await this.#turns.interrupt();
  }

  /** Ends the process and gives back the slot. Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    this.#life.abort();
    this.#options.idleAgents.wake(this.refs.id);
    await this.#turns.leave();
    await this.#working;
    this.#options.slots.release(this.refs.id);
    this.dispose();
  }

  dispose(): void {
    this.#life.abort();
    this.#owned.dispose();
  }

  async #work(): Promise<void> {
    try {
      const workspace = await this.#provisioning.provision();
      await this.#turns.checkpoints.meet(workspace);
      const turn = this.#record.chat?.activeTurn;
      if (turn) await this.#turns.run(workspace, turn);
      else this.#record.setPhase({ phase: "ready" }, undefined);
    } catch (error) {
      // A stopped host leaves the state as it is: the next start finds it and goes on.
      if (this.#life.signal.aborted) return;
      this.#provisioning.failed(AppError.from(error, "Couldn't prepare the workspace"));
    }
  }

  #leaveQueue(): void {
    this.#options.slots.release(this.refs.id);
    if (this.#record.fleet?.phase === "queued") this.#record.setPhase({ phase: "ready" }, undefined);
  }
}

function busy(): AppError {
  return new AppError("conflict", "The agent is working. Wait until its turn has ended, or cancel it first.", {
    details: { isBusy: true },
  });
}
