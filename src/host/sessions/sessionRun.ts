import { AppError } from "../../base/appError.ts";
import { ordinal } from "../../base/ordinal.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { ActiveTurn } from "../../protocol/chatState.ts";
import type { FleetPhase, FleetSessionState } from "../../protocol/fleet.ts";
import { isRead } from "../../protocol/status.ts";
import type { PermissionAnswer, Provider, TurnOutcome } from "../providers/provider.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import { AgentEvents } from "./agentEvents.ts";
import { AgentSeat } from "./agentSeat.ts";
import { ChangesetPublisher } from "./changesetPublisher.ts";
import type { IdleAgents } from "./idleAgents.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import type { SessionRefs } from "./sessionRefs.ts";
import { isTitledByUser } from "./sessionMirror.ts";
import { sourceControlMeta } from "./sessionSummary.ts";
import type { Slots } from "./slots.ts";
import { endOfTurn, failureOfTurn, wasInterrupted } from "./turnEnds.ts";
import { branchName, interruptedPrompt } from "./wording.ts";

export interface RunOptions extends SessionPorts {
  readonly refs: SessionRefs;
  readonly principal: string;
  /** Undefined when the configuration no longer names the session's agent. */
  readonly provider: Provider | undefined;
  readonly model: string | undefined;
  readonly slots: Slots;
  readonly idleAgents: IdleAgents;
}

const stageIntervalMs = 300;

/**
 *  idle ─wake→ queued ─slot→ provisioning (first time) ─→ working (a turn) ─→ idle, slot given back
 *
 * One session at work. It holds nothing that its channels lack but the running process and the open workspace, so it can
 * be made anew from the log. Everything it does goes through `channels.dispatch`.
 */
export class SessionRun implements Disposable {
  readonly refs: SessionRefs;
  readonly #options: RunOptions;
  readonly #owned = new Disposables();
  readonly #seat: AgentSeat | undefined;
  readonly #events: AgentEvents;
  readonly #changes: ChangesetPublisher;
  readonly #life = new AbortController();
  #workspace: Workspace | undefined;
  /** Holds the slot, from its grant until it is given back. */
  #working: Promise<void> | undefined;
  #hasUsage = false;
  #stageToldAt = 0;
  /** The server whose sign-in the workspace lacks. */
  #missingCredentials: string | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.refs = options.refs;
    this.#changes = this.#owned.add(new ChangesetPublisher(options, options.refs));
    this.#events = new AgentEvents(options, options.refs, {
      title: (title) => this.#takeAgentsTitle(title),
      filesTouched: () => this.#workspace && this.#changes.touch(this.#workspace),
    });
    this.#seat =
      options.provider &&
      new AgentSeat(options.provider, (event) => {
        if (event.channel === "usage" && event.inputTokens !== undefined) this.#hasUsage = true;
        this.#events.take(event);
      });
  }

  /** Asks for a slot if there is something to do: a workspace to make, or a turn to run. */
  wake(): void {
    if (this.#life.signal.aborted || this.#working) return;
    if (this.#needsWorkspace() || this.#chat?.activeTurn) this.#options.slots.request(this.refs.id);
  }

  /** As `wake`, if nothing else wakes it before. */
  wakeLater(ms: number): void {
    this.#owned.add(this.#options.clock.setTimeout(() => this.wake(), ms));
  }

  /** Its place in the queue, from 1. */
  queued(position: number): void {
    this.#setPhase({ phase: "queued", queue: { position } }, `Queued (${ordinal(position)})`);
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
    if (this.#working) this.#seat?.cancel();
    // Nothing runs for a turn that still waits: its place in the queue is free.
    else if (!this.#needsWorkspace()) this.#leaveQueue();
  }

  answerPermission(toolCallId: string, answer: PermissionAnswer): void {
    this.#seat?.answerPermission(toolCallId, answer);
  }

  /** The chat holds what was answered, drafts of earlier answers included. */
  answerInput(requestId: string): void {
    const part = this.#chat?.activeTurn?.responseParts.find(
      (candidate) => candidate.kind === "inputRequest" && candidate.request.id === requestId,
    );
    if (part?.kind !== "inputRequest" || part.response === undefined || part.response === "(unknown)") return;
    this.#seat?.answerInput(requestId, { response: part.response, answers: part.request.answers });
  }

  /** The session's workspace, opened if need be. Throws AppError `notFound` when there is none. */
  async workspace(): Promise<Workspace> {
    this.#workspace ??= await this.#options.workspaces.open(this.refs.id);
    return this.#workspace;
  }

  /** Records what an interrupted turn left in the workspace, so that the diff is true after a restart. */
  async settle(turnId: string): Promise<void> {
    const workspace = await this.workspace();
    await this.#checkpoint(workspace, turnId, "Interrupted turn");
  }

  /** Ends the process and gives back the slot. Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    this.#life.abort();
    this.#options.idleAgents.wake(this.refs.id);
    await this.#seat?.leave();
    await this.#working;
    this.#options.slots.release(this.refs.id);
    this.dispose();
  }

  dispose(): void {
    this.#life.abort();
    this.#owned.dispose();
  }

  get #chat() {
    return this.#options.channels.state("chat", this.refs.chat);
  }

  get #fleet(): FleetSessionState | undefined {
    return this.#options.channels.state("fleetSession", this.refs.fleet);
  }

  #needsWorkspace(): boolean {
    return this.#options.channels.state("session", this.refs.session)?.lifecycle === "creating";
  }

  async #work(): Promise<void> {
    try {
      const workspace = await this.#provision();
      const turn = this.#chat?.activeTurn;
      if (turn) await this.#runTurn(workspace, turn);
      else this.#setPhase({ phase: "ready" }, undefined);
    } catch (error) {
      // A stopped host leaves the state as it is: the next start finds it and goes on.
      if (this.#life.signal.aborted) return;
      this.#failWorkspace(AppError.from(error, "Couldn't prepare the workspace"));
    }
  }

  async #provision(): Promise<Workspace> {
    if (this.#workspace) return this.#workspace;
    const fleet = this.#fleet;
    const session = this.#options.channels.state("session", this.refs.session);
    if (!fleet || !session) throw new AppError("notFound", "The session was removed.");
    this.#setPhase({ phase: "provisioning" }, "Preparing the workspace");
    const workspace = await this.#options.workspaces.provision({
      sessionId: this.refs.id,
      repository: fleet.repository,
      baseBranch: fleet.baseBranch,
      branch: fleet.branch ?? branchName(session.title, this.refs.id),
      credentials: this.#options.credentials.credentialsOf(this.#options.principal),
      onStage: (stage) => this.#tellStage(stage),
      signal: this.#life.signal,
    });
    this.#workspace = workspace;
    const { branch, baseBranch, baseCommit } = workspace;
    if (fleet.baseCommit !== baseCommit || fleet.branch !== branch) {
      this.#dispatch(this.refs.fleet, { type: "x-fleet/workspaceReady", branch, baseBranch, baseCommit });
      this.publishMeta();
    }
    if (session.lifecycle !== "ready") this.#dispatch(this.refs.session, { type: "session/ready" });
    return workspace;
  }

  /** A new stage at once, its percentages at most a few times a second: each is a record in the log. */
  #tellStage(stage: string): void {
    const now = this.#options.clock.now();
    const isProgress = withoutNumbers(stage) === withoutNumbers(this.#fleet?.stage ?? "");
    if (isProgress && now - this.#stageToldAt < stageIntervalMs) return;
    this.#stageToldAt = now;
    this.#setPhase({ phase: "provisioning", stage }, stage);
  }

  async #runTurn(workspace: Workspace, turn: ActiveTurn): Promise<void> {
    const startedAt = this.#options.clock.now();
    this.#setPhase({ phase: "working" }, undefined);
    const outcome = await this.#converse(workspace, turn).catch((error: unknown) =>
      AppError.from(error, "The agent failed"),
    );
    if (this.#life.signal.aborted) return;
    const failure = await this.#checkpoint(workspace, turn.id, firstLine(turn)).then(
      () => undefined,
      (error: unknown) => AppError.from(error, "The work could not be recorded"),
    );
    const durationMs = this.#options.clock.now() - startedAt;
    const ending = failure ?? outcome;
    // A client that cancelled has ended the turn itself.
    if (this.#chat?.activeTurn?.id === turn.id) {
      this.#dispatch(this.refs.chat, endOfTurn(turn.id, durationMs, ending));
    }
    this.#markUnread();
    this.#setPhase({ phase: "ready" }, undefined);
    if (ending instanceof AppError) await this.#seat?.leave();
    else this.#options.idleAgents.rest(this.refs.id, () => void this.#seat?.leave());
    if (!(ending instanceof AppError) && ending.stopReason !== "refused") this.#startQueued();
  }

  async #converse(workspace: Workspace, turn: ActiveTurn): Promise<TurnOutcome> {
    const { logger, model, idleAgents } = this.#options;
    const fleet = this.#fleet;
    if (!this.#seat) {
      throw new AppError(
        "agent.unknown",
        `This host no longer has the agent "${fleet?.provider ?? ""}". Add it to the host's configuration.`,
      );
    }
    idleAgents.wake(this.refs.id);
    this.#hasUsage = false;
    const agent = await this.#seat.take({
      sessionId: this.refs.id,
      workspace: workspace.paths,
      agentSessionId: fleet?.agentSessionId,
      model: turn.message.model?.id ?? model,
      logger: logger.child("agent"),
    });
    if (agent.agentSessionId !== fleet?.agentSessionId) {
      this.#dispatch(this.refs.fleet, { type: "x-fleet/agentSession", agentSessionId: agent.agentSessionId });
    }
    // The person may have cancelled while the agent started.
    if (this.#chat?.activeTurn?.id !== turn.id) return { stopReason: "cancelled" };
    const message = wasInterrupted(turn)
      ? { ...turn.message, text: interruptedPrompt(turn.message.text) }
      : turn.message;
    const outcome = await agent.send({ turnId: turn.id, message });
    if (outcome.usage && this.#chat?.activeTurn?.id === turn.id) {
      this.#dispatch(this.refs.chat, { type: "chat/usage", turnId: turn.id, usage: outcome.usage });
    }
    if (outcome.usage && !this.#hasUsage) {
      const { inputTokens, outputTokens } = outcome.usage;
      this.#dispatch(this.refs.fleet, { type: "x-fleet/usageAdded", inputTokens, outputTokens });
    }
    return outcome;
  }

  async #checkpoint(workspace: Workspace, turnId: string, message: string): Promise<void> {
    const taken = await workspace.checkpoint(message);
    await this.#changes.settle(workspace, turnId, taken, () => {
      if (!taken) return;
      const { id, commit, tree, createdAt, files, additions, deletions } = taken;
      const checkpoint = { id, turnId, commit, tree, createdAt, files, additions, deletions };
      this.#dispatch(this.refs.fleet, { type: "x-fleet/checkpointAdded", checkpoint });
    });
  }

  /** The next waiting message becomes a turn of its own, behind whoever waits for a slot. */
  #startQueued(): void {
    const next = this.#chat?.queuedMessages?.[0];
    if (!next || this.#chat?.activeTurn) return;
    this.#dispatch(this.refs.chat, {
      type: "chat/turnStarted",
      turnId: this.#options.newId(),
      startedAt: new Date(this.#options.clock.now()).toISOString(),
      message: next.message,
      queuedMessageId: next.id,
    });
  }

  /** A message that is queued while nothing runs starts at once. */
  takeQueued(): void {
    if (!this.#working && !this.#chat?.activeTurn) this.#startQueued();
  }

  /** Git and repository facts where VS Code looks for them. */
  publishMeta(): void {
    const fleet = this.#fleet;
    const session = this.#options.channels.state("session", this.refs.session);
    if (!fleet || !session) return;
    this.#dispatch(this.refs.session, {
      type: "session/metaChanged",
      _meta: { ...session._meta, ...sourceControlMeta(fleet) },
    });
  }

  /** A sign-in that the workspace had to do without has come: its prompt, which no agent has seen, is tried again. */
  retryWithCredentials(resource: string): void {
    if (this.#missingCredentials === undefined || !isSameOrigin(resource, this.#missingCredentials)) return;
    this.#missingCredentials = undefined;
    const last = this.#chat?.turns.at(-1);
    if (this.#chat?.activeTurn || last?.state !== "error") return;
    this.#dispatch(this.refs.chat, { type: "chat/turnResume", turnId: last.id });
  }

  #askForCredentials(failure: AppError): void {
    const { resource } = failure.details;
    if (failure.code !== "auth.required" || typeof resource !== "string") return;
    this.#missingCredentials = resource;
    const wanted = { resource, scopes_supported: ["repo"] };
    const params = { channel: this.refs.session, resource: wanted, reason: failure.message };
    this.#options.notify("auth/required", params, this.#options.principal);
  }

  #failWorkspace(failure: AppError): void {
    const error = { errorType: failure.code, message: failure.message };
    this.#askForCredentials(failure);
    this.#options.logger.warn("workspace failed", { session: this.refs.id, code: failure.code });
    this.#setPhase({ phase: "failed" }, undefined);
    const lifecycle = this.#options.channels.state("session", this.refs.session)?.lifecycle;
    if (lifecycle !== "ready") this.#dispatch(this.refs.session, { type: "session/creationFailed", error });
    const turn = this.#chat?.activeTurn;
    if (turn) this.#dispatch(this.refs.chat, failureOfTurn(turn.id, 0, failure));
  }

  /** There is something to look at that nobody has seen. */
  #markUnread(): void {
    const session = this.#options.channels.state("session", this.refs.session);
    if (session && isRead(session.status)) {
      this.#dispatch(this.refs.session, { type: "session/isReadChanged", isRead: false });
    }
  }

  #leaveQueue(): void {
    this.#options.slots.release(this.refs.id);
    if (this.#fleet?.phase === "queued") this.#setPhase({ phase: "ready" }, undefined);
  }

  #takeAgentsTitle(title: string): void {
    const session = this.#options.channels.state("session", this.refs.session);
    if (!session || isTitledByUser(session) || title.trim() === "" || title === session.title) return;
    this.#dispatch(this.refs.session, { type: "session/titleChanged", title: title.slice(0, 200) });
  }

  #setPhase(
    phase: { phase: FleetPhase; queue?: { position: number }; stage?: string },
    activity: string | undefined,
  ): void {
    const fleet = this.#fleet;
    const session = this.#options.channels.state("session", this.refs.session);
    if (!fleet || !session) return;
    const isSame =
      fleet.phase === phase.phase && fleet.queue?.position === phase.queue?.position && fleet.stage === phase.stage;
    if (!isSame) this.#dispatch(this.refs.fleet, { type: "x-fleet/phaseChanged", ...phase });
    if (session.activity !== activity) this.#dispatch(this.refs.session, { type: "session/activityChanged", activity });
  }

  /** A session that was removed meanwhile has no channels, and what still comes from its agent no place to go. */
  #dispatch(channel: string, action: StateAction): void {
    if (this.#options.channels.isLoaded(channel)) this.#options.channels.dispatch(channel, action);
  }
}

function isSameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}

function withoutNumbers(stage: string): string {
  return stage.replaceAll(/\d+/g, "");
}

function firstLine(turn: ActiveTurn): string {
  return turn.message.text.split("\n", 1)[0]?.slice(0, 100) || "Work of an agent";
}
