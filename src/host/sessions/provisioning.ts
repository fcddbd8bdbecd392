import { AppError } from "../../base/appError.ts";
import { backoffMs } from "../../base/backoff.ts";
import type { Disposable } from "../../base/disposables.ts";
import { isTransient } from "../workspaces/transientFailure.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ForkedFrom } from "../../protocol/fleetCheckpoints.ts";
import type { CombinedFrom } from "../../protocol/fleetParts.ts";
import type { RunOptions } from "./runOptions.ts";
import type { SessionRecord } from "./sessionRecord.ts";
import { refsOf } from "./sessionRefs.ts";
import { failureOfTurn } from "./turnEnds.ts";
import { branchName } from "./wording.ts";

const stageIntervalMs = 300;
const pauses = { firstMs: 2_000, maxMs: 60_000 };

/**
 * The workspace of one session: made once, opened when it is needed, and what is told while that takes its time. When the
 * network, the server or the disk is in the way it is tried again after a pause, in which the slot is somebody else's.
 */
export class Provisioning implements Disposable {
  readonly #options: RunOptions;
  readonly #record: SessionRecord;
  readonly #signal: AbortSignal;
  #workspace: Workspace | undefined;
  #stageToldAt = Number.NEGATIVE_INFINITY;
  /** The server whose sign-in the workspace lacks. */
  #missingCredentials: string | undefined;
  #failures = 0;
  #pause: { readonly timer: Disposable; readonly failure: AppError } | undefined;
  readonly #onTryAgain: () => void;

  /** @param signal ends with the session's life */
  constructor(options: RunOptions, record: SessionRecord, signal: AbortSignal, onTryAgain: () => void) {
    this.#onTryAgain = onTryAgain;
    this.#options = options;
    this.#record = record;
    this.#signal = signal;
  }

  /** The workspace, if it is open. */
  get present(): Workspace | undefined {
    return this.#workspace;
  }

  /** Lets go of it until it is asked for again. */
  close(): void {
    this.#workspace = undefined;
  }

  /** Opens what is there. Throws AppError `notFound` when there is none. */
  async open(): Promise<Workspace> {
    this.#workspace ??= await this.#options.workspaces.open(this.#record.refs.id);
    return this.#workspace;
  }

  /** Makes the workspace if need be and sets it up. Throws what `Workspaces.provision` and `WorkspaceSetup.run` throw. */
  async provision(): Promise<Workspace> {
    const workspace = this.#workspace ?? (await this.#make());
    const onStart = () => this.#tellStage("Setting up the workspace");
    await this.#options.setup.run(this.#record.refs, workspace, { onStart, signal: this.#signal });
    return workspace;
  }

  async #make(): Promise<Workspace> {
    const { refs, fleet, session } = this.#record;
    if (!fleet || !session) throw new AppError("notFound", "The session was removed.");
    this.#record.setPhase({ phase: "provisioning" }, "Preparing the workspace");
    const branch = fleet.branch ?? branchName(session.title, refs.id);
    const workspace = fleet.forkedFrom
      ? await this.#fork(fleet, fleet.forkedFrom, branch)
      : fleet.combinedFrom
        ? await this.#combine(fleet.combinedFrom, branch)
        : await this.#options.workspaces.provision({
            sessionId: refs.id,
            repository: fleet.repository,
            baseBranch: fleet.baseBranch,
            branch,
            credentials: this.#options.credentials.credentialsOf(this.#options.principal),
            onStage: (stage) => this.#tellStage(stage),
            signal: this.#signal,
          });
    this.#workspace = workspace;
    this.#failures = 0;
    const { baseBranch, baseCommit } = workspace;
    if (fleet.baseCommit !== baseCommit || fleet.branch !== workspace.branch) {
      const ready = { branch: workspace.branch, baseBranch, baseCommit };
      this.#record.dispatch(refs.fleet, { type: "x-fleet/workspaceReady", ...ready });
      this.#record.publishMeta();
    }
    if (session.lifecycle !== "ready") this.#record.dispatch(refs.session, { type: "session/ready" });
    return workspace;
  }

  /** A copy of another session's checkpoint, with its agent's memory where that may be taken up. */
  async #fork(fleet: FleetSessionState, from: ForkedFrom, branch: string): Promise<Workspace> {
    const { refs, chat } = this.#record;
    const agentSessionId = await this.#options.conversationOf(from, fleet);
    const workspace = await this.#options.workspaces.fork({
      sessionId: refs.id,
      branch,
      source: refsOf(from.session).id,
      checkpoint: from.checkpoint,
      place: { turnId: from.turnId, turns: chat?.turns.length ?? 0, agentSessionId },
      withHome: agentSessionId !== undefined,
      onStage: (stage) => this.#tellStage(stage),
      signal: this.#signal,
    });
    if (agentSessionId !== undefined)
      this.#record.dispatch(refs.fleet, { type: "x-fleet/agentSession", agentSessionId });
    return workspace;
  }

  /** The parts of other sessions that a person picked. */
  #combine({ base, picks }: CombinedFrom, branch: string): Promise<Workspace> {
    const { refs, chat } = this.#record;
    const turns = chat?.turns ?? [];
    return this.#options.workspaces.combine({
      sessionId: refs.id,
      branch,
      base,
      picks: picks.map(({ session, head, files }) => ({ sessionId: refsOf(session).id, head, files })),
      place: { turnId: turns.at(-1)?.id ?? "", turns: turns.length },
      onStage: (stage) => this.#tellStage(stage),
      signal: this.#signal,
    });
  }

  /** Waits until it is worth trying again. */
  get isPausing(): boolean {
    return this.#pause !== undefined;
  }

  /** There is no workspace yet: it is tried again later where that may help, else the session has failed. */
  failed(failure: AppError): void {
    this.#failures += 1;
    const { provisioningTries, random, clock, logger } = this.#options;
    const isWanted = this.#record.needsWorkspace || this.#record.chat?.activeTurn !== undefined;
    if (!isWanted || !isTransient(failure) || this.#failures >= provisioningTries) return this.#fail(failure);
    const ms = backoffMs(this.#failures, pauses, random());
    const timer = clock.setTimeout(() => {
      this.#pause = undefined;
      this.#onTryAgain();
    }, ms);
    this.#pause = { timer, failure };
    logger.info("workspace is tried again", { session: this.#record.refs.id, failures: this.#failures, ms });
    const seconds = Math.max(1, Math.round(ms / 1_000));
    const stage = `Trying again in ${seconds} s (${this.#failures + 1} of ${provisioningTries}): ${failure.message}`;
    this.#record.setPhase({ phase: "provisioning", stage }, stage);
  }

  /** The person does not want to wait for another try. */
  giveUp(): void {
    const { failure } = this.#pause ?? {};
    this.dispose();
    if (failure) this.#fail(failure);
  }

  dispose(): void {
    this.#pause?.timer.dispose();
    this.#pause = undefined;
  }

  /** The session has failed, and the turn that wanted the workspace can be resumed. */
  #fail(failure: AppError): void {
    this.#failures = 0;
    const { refs, session, chat } = this.#record;
    const error = { errorType: failure.code, message: failure.message };
    this.#askForCredentials(failure);
    this.#options.logger.warn("workspace failed", { session: refs.id, code: failure.code });
    this.#record.setPhase({ phase: "failed" }, undefined);
    if (session?.lifecycle !== "ready") {
      this.#record.dispatch(refs.session, { type: "session/creationFailed", error });
    }
    const turn = chat?.activeTurn;
    if (turn) this.#record.dispatch(refs.chat, failureOfTurn(turn.id, 0, failure));
  }

  /** A sign-in that the workspace had to do without has come: its prompt, which no agent has seen, is tried again. */
  retryWithCredentials(resource: string): void {
    if (this.#missingCredentials === undefined || !isSameOrigin(resource, this.#missingCredentials)) return;
    this.#missingCredentials = undefined;
    const { refs, chat } = this.#record;
    const last = chat?.turns.at(-1);
    if (chat?.activeTurn || last?.state !== "error") return;
    this.#record.dispatch(refs.chat, { type: "chat/turnResume", turnId: last.id });
  }

  #askForCredentials(failure: AppError): void {
    const { resource } = failure.details;
    if (failure.code !== "auth.required" || typeof resource !== "string") return;
    this.#missingCredentials = resource;
    const wanted = { resource, scopes_supported: ["repo"] };
    const params = { channel: this.#record.refs.session, resource: wanted, reason: failure.message };
    this.#options.notify("auth/required", params, this.#options.principal);
  }

  /** A new stage at once, its percentages at most a few times a second: each is a record in the log. */
  #tellStage(stage: string): void {
    const now = this.#options.clock.elapsed();
    const isProgress = withoutNumbers(stage) === withoutNumbers(this.#record.fleet?.stage ?? "");
    if (isProgress && now - this.#stageToldAt < stageIntervalMs) return;
    this.#stageToldAt = now;
    this.#record.setPhase({ phase: "provisioning", stage }, stage);
  }
}

function isSameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}

function withoutNumbers(stage: string): string {
  return stage.replaceAll(/\d+/g, "");
}
