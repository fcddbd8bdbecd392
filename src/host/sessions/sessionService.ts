import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { ParamsOf, ResultOf, SessionSummary } from "../../protocol/methods.ts";
import { isArchived } from "../../protocol/status.ts";
import { parseChangesetUri, parseChatUri, ROOT_URI } from "../../protocol/uris.ts";
import type { CommittedAction } from "../channels/channels.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { Caller, FilesApi, FormsApi, HostApi } from "../gateway/hostApi.ts";
import { SessionAddresses } from "./addresses.ts";
import { agentLogUri } from "./agentLogChannel.ts";
import { pushBranch } from "./branchPush.ts";
import type { Terminals } from "../terminals/terminals.ts";
import { Catalogue, type Notify } from "./catalogue.ts";
import { commandCompletions } from "./commandCompletions.ts";
import { IdleAgents } from "./idleAgents.ts";
import { beginDraft, createDraft, discardDraft } from "./drafts.ts";
import { type KnownRepositories, knownRepositories } from "./knownRepositories.ts";
import { chooseAgent, initialChanges, initialStates, type NewSessionRules, parseNewSession } from "./newSession.ts";
import { newSessionForms } from "./newSessionForm.ts";
import { isTitledByUser, mirrorChat, titledByUser } from "./sessionMirror.ts";
import { SessionFiles } from "./sessionFiles.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import { restoreSessions } from "./restore.ts";
import { SessionRun } from "./sessionRun.ts";
import { Slots } from "./slots.ts";
import { terminalTarget } from "./terminalPlace.ts";
import { headline } from "./wording.ts";

export interface SessionServiceOptions extends SessionPorts {
  readonly rules: NewSessionRules;
  readonly concurrentSessions: number;
  readonly terminals: Terminals;
  /** Addresses from the configuration, for forms. */
  readonly knownRepositories: readonly string[];
}

/** A session without a prompt gets its workspace after this long: its name comes from the prompt if that is in time. */
const promptPatienceMs = 1_000;

/** All sessions of this host: made, found again, brought to work, ended. Reacts to actions once they are durable. */
export class SessionService implements HostApi, Disposable {
  readonly #options: SessionServiceOptions;
  readonly #runs = new Map<string, SessionRun>();
  /** The session of each of its channels. */
  readonly #byChannel = new Map<string, string>();
  readonly #catalogue: Catalogue;
  readonly #slots: Slots;
  readonly #idleAgents: IdleAgents;
  readonly #owned = new Disposables();
  readonly addresses = new SessionAddresses();
  readonly forms: FormsApi;
  readonly files: FilesApi;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    const known = () => this.#known();
    this.forms = newSessionForms(known, options.rules.allowLocal);
    this.files = new SessionFiles(
      options.channels,
      (id) => this.#runs.get(id),
      () => known().repositories,
    );
    const { channels, clock } = options;
    const notify: Notify = (method, params) => options.notify(method, params);
    this.#catalogue = this.#owned.add(new Catalogue(channels, clock, notify));
    this.#slots = new Slots(options.concurrentSessions, {
      onGranted: (id) => this.#runs.get(id)?.start(),
      onQueued: (id, position) => this.#runs.get(id)?.queued(position),
    });
    this.#idleAgents = this.#owned.add(
      new IdleAgents(clock, { idleMs: options.agentIdleMs, max: options.maxIdleAgents }),
    );
    this.#owned.add(channels.onCommitted((batch) => this.#react(batch)));
  }

  /** Brings back what the log holds: everything as it was, interrupted turns as failures that can be resumed. */
  async restore(): Promise<void> {
    const { channels, logger } = this.#options;
    const found = await restoreSessions(channels, this.#options.clock);
    for (const { refs } of found) {
      this.#adopt(refs);
      this.#catalogue.add(refs, false);
    }
    for (const { refs, interruptedTurn, isWaiting } of found) {
      const run = this.#runs.get(refs.id);
      this.#mirror(refs);
      if (isWaiting) run?.wake();
      if (interruptedTurn === undefined) continue;
      run?.settle(interruptedTurn).catch((error: unknown) => {
        logger.warn("interrupted work was not recorded", { session: refs.id, error: String(error) });
      });
    }
    logger.info("sessions restored", { sessions: found.length });
  }

  has(session: string): boolean {
    return this.#byChannel.has(session);
  }

  recentSessions(withinMs: number): readonly SessionSummary[] {
    return this.#catalogue.recent(withinMs);
  }

  listSessions(params: ParamsOf<"listSessions">): ResultOf<"listSessions"> {
    return this.#catalogue.list(params);
  }

  authenticate({ resource, token }: ParamsOf<"authenticate">, caller: Caller): void {
    this.#options.credentials.lend(caller.principal, resource, token);
    for (const run of this.#runs.values()) run.retryWithCredentials(resource);
  }

  async createSession(params: ParamsOf<"createSession">, caller: Caller): Promise<void> {
    const { channels, clock, rules } = this.#options;
    channels.assertTakesWork();
    const refs = refsOf(params.channel);
    const { provider } = chooseAgent(params.provider, rules.agents);
    const wanted = caller.makesDrafts ? undefined : parseNewSession(params, rules);
    if ((await channels.load(refs.session)) || (await channels.load(refs.fleet)) || this.#runs.has(refs.id)) {
      throw new RpcError(RPC.sessionExists, "That session exists already.", { [META_NS]: { code: "conflict" } });
    }
    const createdAt = new Date(clock.now()).toISOString();
    const at = { createdAt, isolation: rules.isolation, owner: caller.principal };
    if (!wanted) return createDraft(channels, refs, { provider, params, forms: this.forms, ...at });
    const states = initialStates(refs, wanted, at);
    channels.create(refs.fleet, "fleetSession", states.fleet);
    channels.create(refs.chat, "chat", states.chat);
    channels.create(refs.branchChanges, "changeset", initialChanges());
    channels.create(refs.session, "session", states.session);
    const run = this.#adopt(refs);
    this.#catalogue.add(refs, true);
    run.wakeLater(promptPatienceMs);
  }

  /**
   * VS Code disposes of sessions that it still shows, so for it a session with a history goes to the archive first. For
   * everybody else, and the second time, it is gone: channels, workspace and all; its records stay in the log.
   */
  async disposeSession({ channel }: ParamsOf<"disposeSession">, caller: Caller): Promise<void> {
    const { channels, workspaces, terminals } = this.#options;
    if (!this.#byChannel.has(channel) && (await discardDraft(channels, refsOf(channel)))) return;
    const run = this.#runOf(channel);
    const { refs } = run;
    await channels.load(refs.chat);
    const session = channels.state("session", refs.session);
    const hasHistory = (channels.state("chat", refs.chat)?.turns.length ?? 0) > 0;
    if (caller.archivesFirst && hasHistory && session && !isArchived(session.status)) {
      channels.dispatch(refs.session, { type: "session/isArchivedChanged", isArchived: true });
      return;
    }
    await run.stop();
    channels.dispatch(refs.fleet, { type: "x-fleet/disposed" });
    this.#runs.delete(refs.id);
    this.addresses.remove(refs.id);
    for (const uri of [refs.session, refs.chat, refs.branchChanges, refs.fleet]) {
      this.#byChannel.delete(uri);
      channels.remove(uri);
    }
    this.#catalogue.remove(refs);
    await terminals.removeOf(refs.session);
    if (await channels.load(agentLogUri(refs.id))) channels.remove(agentLogUri(refs.id));
    await workspaces.remove(refs.id);
    this.#tellActive();
  }

  async invokeChangesetOperation(
    params: ParamsOf<"invokeChangesetOperation">,
    caller: Caller,
  ): Promise<ResultOf<"invokeChangesetOperation">> {
    const changeset = parseChangesetUri(params.channel);
    if (changeset?.kind !== "branch") throw new AppError("notFound", "There is no such changeset.");
    if (params.operationId !== "push") throw new AppError("request.invalid", "This changeset has no such operation.");
    return pushBranch(this.#options, this.#runOf(changeset.session), params, caller.principal);
  }

  /** A shell in the workspace of the session that its claim, or else its directory, names. */
  async createTerminal(params: ParamsOf<"createTerminal">, caller: Caller): Promise<void> {
    const sessions = this.#catalogue.list({}).items.map(({ resource, workingDirectories = [] }) => {
      return { id: this.#byChannel.get(resource) ?? "", session: resource, workingDirectories };
    });
    const target = terminalTarget(params, sessions);
    const run = this.#runOf(target.session);
    const { id: sessionId, session } = run.refs;
    const { root, home } = (await run.workspace()).paths;
    if (this.#runs.get(sessionId) !== run) throw new AppError("notFound", "The session was removed.");
    await this.#options.terminals.create(
      { ...params, cwd: target.cwd },
      { sessionId, session, root, home },
      caller.clientId,
    );
  }

  async disposeTerminal({ channel }: ParamsOf<"disposeTerminal">): Promise<void> {
    await this.#options.terminals.remove(channel);
  }

  /** Asked of a chat; of one that is not here nothing is known, which is no failure. */
  completions(params: ParamsOf<"completions">): ResultOf<"completions"> {
    const run = this.#runs.get(this.#byChannel.get(params.channel) ?? "");
    return commandCompletions(run && this.#options.channels.state("session", run.refs.session), params);
  }

  /** Ends every agent and every terminal. Turns stay as they are in the log; the next start finds them interrupted. */
  async stop(): Promise<void> {
    await Promise.all([this.#options.terminals.stop(), ...Array.from(this.#runs.values(), (run) => run.stop())]);
    this.dispose();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #known(): KnownRepositories {
    const { channels, knownRepositories: configured } = this.#options;
    const runs = Array.from(this.#runs.values());
    const fleets = runs.flatMap((run) => channels.state("fleetSession", run.refs.fleet) ?? []);
    return knownRepositories(fleets, configured);
  }

  #runOf(session: string): SessionRun {
    const id = this.#byChannel.get(session);
    const run = id === undefined ? undefined : this.#runs.get(id);
    if (!run || run.refs.session !== session) {
      throw new RpcError(RPC.channelNotFound, "There is no such session.", { [META_NS]: { code: "notFound" } });
    }
    return run;
  }

  #adopt(refs: SessionRefs): SessionRun {
    const { channels, providers } = this.#options;
    const fleet = channels.state("fleetSession", refs.fleet);
    const model = fleetMeta("session", channels.state("session", refs.session))?.model;
    const run = new SessionRun({
      ...this.#options,
      refs,
      principal: fleet?.owner ?? OWNER,
      provider: providers.get(fleet?.provider ?? ""),
      model,
      slots: this.#slots,
      idleAgents: this.#idleAgents,
    });
    this.#runs.set(refs.id, run);
    this.addresses.add(refs.id, { session: refs.session, provider: fleet?.provider ?? "" });
    for (const uri of [refs.session, refs.chat, refs.fleet, refs.branchChanges]) this.#byChannel.set(uri, refs.id);
    return run;
  }

  #react(batch: readonly CommittedAction[]): void {
    const chats = new Set<SessionRun>();
    for (const committed of batch) {
      const id = this.#byChannel.get(committed.channel);
      const run = id === undefined ? undefined : this.#runs.get(id);
      if (committed.refused !== undefined) continue;
      if (id === undefined || !run) {
        void this.#begin(committed);
        continue;
      }
      const { type } = committed.action;
      const isOfChat = committed.kind === "chat" && type !== "chat/delta" && type !== "chat/reasoning";
      if (isOfChat || type === "session/titleChanged") chats.add(run);
      if (type !== "chat/delta" && type !== "chat/reasoning") this.#catalogue.touch(id);
      this.#follow(run, committed);
    }
    for (const run of chats) this.#mirror(run.refs);
  }

  /** The first message makes a session of a draft. */
  async #begin(committed: CommittedAction): Promise<void> {
    const { channels, clock, rules } = this.#options;
    const { type } = committed.action;
    const isMessage = type === "chat/turnStarted" || type === "chat/turnResume";
    const chat = isMessage ? parseChatUri(committed.channel) : undefined;
    if (!chat || !(await channels.load(chat.session))) return;
    const refs = refsOf(chat.session);
    await channels.load(refs.branchChanges);
    if (this.#runs.has(refs.id)) return;
    const at = { createdAt: new Date(clock.now()).toISOString(), isolation: rules.isolation };
    if (!beginDraft(channels, refs, rules, at)) return;
    const run = this.#adopt(refs);
    this.#catalogue.add(refs, true);
    this.#follow(run, committed);
    this.#mirror(refs);
  }

  /** What an action asks of the session's agent. The host's own actions take the same way. */
  #follow(run: SessionRun, { action, origin }: CommittedAction): void {
    switch (action.type) {
      case "chat/turnStarted":
        this.#nameAfterPrompt(run.refs, action.message.text);
        run.wake();
        return;
      case "chat/turnResume":
        run.wake();
        return;
      case "chat/pendingMessageSet":
        return run.takeQueued();
      case "chat/turnCancelled":
        if (origin) run.cancelTurn();
        return;
      case "chat/toolCallConfirmed": {
        const { toolCallId, approved, selectedOptionId } = action;
        const answer = { approved, ...(selectedOptionId !== undefined && { optionId: selectedOptionId }) };
        return run.answerPermission(toolCallId, answer);
      }
      case "chat/inputCompleted":
        return run.answerInput(action.requestId);
      case "session/titleChanged": {
        const session = this.#options.channels.state("session", run.refs.session);
        if (origin && session && !isTitledByUser(session)) {
          this.#options.channels.dispatch(run.refs.session, titledByUser(session));
        }
        return;
      }
      default:
        return;
    }
  }

  #nameAfterPrompt(refs: SessionRefs, prompt: string): void {
    const { channels } = this.#options;
    const session = channels.state("session", refs.session);
    const chat = channels.state("chat", refs.chat);
    const title = headline(prompt);
    if (!session || !title || isTitledByUser(session) || (chat?.turns.length ?? 0) > 0) return;
    channels.dispatch(refs.session, { type: "session/titleChanged", title });
  }

  #mirror(refs: SessionRefs): void {
    const { channels } = this.#options;
    const session = channels.state("session", refs.session);
    const chat = channels.state("chat", refs.chat);
    if (!session || !chat) return;
    const wasActive = session.chats.some((summary) => (summary.status & 8) !== 0);
    for (const action of mirrorChat(session, chat)) channels.dispatch(refs.session, action);
    if (wasActive !== (chat.activeTurn !== undefined)) this.#tellActive();
  }

  /** How many sessions have a running turn, for everybody's view of the host. */
  #tellActive(): void {
    const { channels } = this.#options;
    const runs = Array.from(this.#runs.values());
    const activeSessions = runs.filter((run) => channels.state("chat", run.refs.chat)?.activeTurn).length;
    if (channels.state("root", ROOT_URI)?.activeSessions === activeSessions) return;
    channels.dispatch(ROOT_URI, { type: "root/activeSessionsChanged", activeSessions });
  }
}
