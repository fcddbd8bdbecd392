import { AppError } from "../../base/appError.ts";
import type { ChannelKind } from "../../protocol/actions.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { RPC, RpcError } from "../../protocol/jsonrpc.ts";
import type { ParamsOf, ResultOf, SessionSummary } from "../../protocol/methods.ts";
import { isArchived } from "../../protocol/status.ts";
import { parseChangesetUri, parseChatUri } from "../../protocol/uris.ts";
import type { CommittedAction } from "../channels/channels.ts";
import { maySee, sessionIdIn, sessionIdsIn, type Viewer } from "../access/sight.ts";
import type { EventLog } from "../log/log.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { Caller, FilesApi, FormsApi, HostApi } from "../gateway/hostApi.ts";
import { SessionAddresses } from "./addresses.ts";
import { agentLogUri } from "./agentLogChannel.ts";
import { pushBranch } from "./branchPush.ts";
import { outsideRequests } from "../logging/requestContext.ts";
import type { Terminals } from "../terminals/terminals.ts";
import { type CheckpointMethods, checkpointMethods } from "./checkpointMethods.ts";
import { type CombineMethods, combineMethods } from "./combineMethods.ts";
import { Catalogue, type Notify } from "./catalogue.ts";
import { commandCompletions } from "./commandCompletions.ts";
import { type ForkPorts, forkSessions } from "./forkSession.ts";
import { conversationOf } from "./forkConversation.ts";
import { DerivedChangesets } from "./derivedChangesets.ts";
import { drainSessions } from "./drainSessions.ts";
import { IdleAgents } from "./idleAgents.ts";
import { beginDraft, createDraft, discardDraft } from "./drafts.ts";
import { type KnownRepositories, knownRepositories } from "./knownRepositories.ts";
import {
  chooseAgent,
  type FirstStates,
  initialChanges,
  initialStates,
  isolationOf,
  type NewSessionRules,
  parseNewSession,
} from "./newSession.ts";
import { newSessionForms } from "./newSessionForm.ts";
import { makeAnnotations, removeAnnotations } from "./sessionAnnotations.ts";
import { SessionFiles } from "./sessionFiles.ts";
import { SessionOwners } from "./sessionOwners.ts";
import type { SessionPorts } from "./sessionPorts.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import { mayRest } from "./restRules.ts";
import { restoreSessions } from "./restore.ts";
import { resumeSessions } from "./resumeSessions.ts";
import { SessionIndex } from "./sessionIndex.ts";
import type { SessionRow } from "./sessionRow.ts";
import type { QueueLimits } from "./queueLimits.ts";
import { SessionReactions } from "./sessionReactions.ts";
import { SessionRun } from "./sessionRun.ts";
import { SessionRuns } from "./sessionRuns.ts";
import { Slots } from "./slots.ts";
import { terminalTarget } from "./terminalPlace.ts";

export interface SessionServiceOptions extends SessionPorts {
  readonly rules: NewSessionRules;
  readonly queueLimits: QueueLimits;
  readonly terminals: Terminals;
  readonly log: EventLog;
  readonly announce: Notify;
  /** Addresses from the configuration, for forms. */
  readonly knownRepositories: readonly string[];
}

/** A session without a prompt gets its workspace after this long: its name comes from the prompt if that is in time. */
const promptPatienceMs = 1_000;

/** All sessions of this host: made, found again, brought to work, ended. Reacts to actions once they are durable. */
export class SessionService implements HostApi, Disposable {
  readonly #options: SessionServiceOptions;
  readonly #runs = new SessionRuns((refs) => this.#make(refs));
  readonly #reactions: SessionReactions;
  readonly #catalogue: Catalogue;
  readonly #index: SessionIndex;
  readonly #slots: Slots;
  readonly #idleAgents: IdleAgents;
  readonly #owned = new Disposables();
  readonly addresses = new SessionAddresses();
  readonly owners: SessionOwners;
  readonly forms: FormsApi;
  readonly files: FilesApi;
  readonly fleetMethods: CheckpointMethods & CombineMethods;
  readonly #changesets: DerivedChangesets;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    const known = (viewer: Viewer | undefined) => this.#known(viewer);
    this.owners = new SessionOwners(options.channels);
    this.forms = newSessionForms(known, options.rules.allowLocal);
    this.files = new SessionFiles(
      options.channels,
      (id) => this.#runs.get(id),
      (viewer) => known(viewer).repositories,
    );
    const { channels, clock } = options;
    const { notify, rules } = options;
    const runOf = (session: string) => this.runOf(session);
    const add: ForkPorts["add"] = (refs, states, owner) => this.add(refs, states, owner);
    this.#changesets = new DerivedChangesets(channels, (session) => this.#runs.of(session));
    channels.makeMissing(
      async (uri) =>
        (await this.#changesets.make(uri)) || makeAnnotations(channels, (session) => this.has(session), uri),
    );
    const { newId, workspaces } = options;
    const making: ForkPorts = { channels, rules, now: () => new Date(clock.now()).toISOString(), runOf, add };
    this.fleetMethods = {
      ...checkpointMethods({ runOf, fork: forkSessions(making), changesets: this.#changesets, notify }),
      ...combineMethods({ ...making, newId, combiner: () => workspaces.combiner() }),
    };
    this.#catalogue = this.#owned.add(new Catalogue(channels, clock, options.announce));
    const { log } = options;
    this.#index = this.#owned.add(
      new SessionIndex({ log, clock, channels, runs: this.#runs, catalogue: this.#catalogue }),
    );
    // What looks at a session looks at these, and so does what happens to any of its channels.
    channels.keepTogether((uri) => {
      const refs = this.#runs.refs(sessionIdIn(uri) ?? "");
      return refs ? [refs.fleet, refs.session, refs.branchChanges] : [];
    });
    const slots = new Slots(options.queueLimits, clock, {
      onGranted: (id) => this.#runs.get(id)?.start(),
      onQueued: (id, place) => this.#runs.get(id)?.queued(place),
    });
    this.#slots = this.#owned.add(slots);
    this.#idleAgents = this.#owned.add(
      new IdleAgents(clock, { idleMs: options.agentIdleMs, max: options.maxIdleAgents }),
    );
    this.#reactions = new SessionReactions({
      channels,
      runs: this.#runs,
      touch: (id) => {
        this.#catalogue.touch(id);
        this.#index.changed(id);
      },
      slots,
      strange: (committed) => void this.#begin(committed),
    });
    this.#owned.add(channels.onCommitted((batch) => outsideRequests(() => this.#reactions.take(batch))));
  }

  /**
   * Brings back what the log holds: everything as it was, interrupted turns as failures that can be resumed. Sessions at
   * rest stay in the log until somebody asks for them.
   */
  async restore(): Promise<void> {
    const { channels, clock, logger } = this.#options;
    const { resting, others } = await this.#index.find();
    for (const [id, row] of resting) {
      this.#know(id, row.summary.resource, row.owner, row.summary.provider);
      this.#catalogue.restore(id, row);
    }
    const found = await restoreSessions(channels, clock, others);
    for (const { refs } of found) {
      this.#adopt(refs);
      this.#catalogue.add(refs, false);
    }
    this.#slots.hold();
    resumeSessions(found, this.#options, {
      runOf: (session) => this.runOf(session),
      mirror: (refs) => this.#reactions.mirror(refs),
    });
    this.#slots.proceed();
    logger.info("sessions restored", { sessions: found.length + resting.size, read: found.length });
  }

  /** Of every session, in memory or not. */
  get rows(): readonly SessionRow[] {
    return this.#catalogue.all;
  }

  /** Brings the sessions into memory that a request speaks of: whatever is asked of a session finds it there. */
  async recall(params: unknown): Promise<void> {
    const { channels } = this.#options;
    for (const id of new Set(sessionIdsIn(params))) {
      const refs = this.#runs.refs(id);
      if (refs && !channels.isLoaded(refs.fleet)) await channels.load(refs.fleet);
    }
  }

  /** May this channel leave the memory? */
  mayRest(uri: string, kind: ChannelKind): boolean {
    return mayRest(this.#options.channels, this.#runs, uri, kind);
  }

  has(session: string): boolean {
    return this.#runs.idOf(session) !== undefined;
  }

  recentSessions(withinMs: number, caller: Caller): readonly SessionSummary[] {
    return this.#catalogue.recent(withinMs, caller);
  }

  listSessions(params: ParamsOf<"listSessions">, caller: Caller): ResultOf<"listSessions"> {
    return this.#catalogue.list(params, caller);
  }

  authenticate({ resource, token }: ParamsOf<"authenticate">, caller: Caller): void {
    this.#options.credentials.lend(caller.principal, resource, token);
    for (const run of this.#runs.made) run.retryWithCredentials(resource);
  }

  async createSession(params: ParamsOf<"createSession">, caller: Caller): Promise<void> {
    const { channels, clock, rules } = this.#options;
    channels.assertTakesWork();
    const refs = refsOf(params.channel);
    const { provider } = chooseAgent(params.provider, rules.agents);
    const wanted = caller.makesDrafts ? undefined : parseNewSession(params, rules);
    await this.#assertFree(refs);
    const createdAt = new Date(clock.now()).toISOString();
    const at = { createdAt, ...isolationOf(rules), owner: caller.principal };
    this.owners.add(refs.id, caller.principal);
    if (!wanted) return createDraft(channels, refs, { provider, params, forms: this.forms, ...at });
    this.#open(refs, initialStates(refs, wanted, at)).wakeLater(promptPatienceMs);
  }

  /** Makes a session that is known beforehand and brings it to work. Throws `RpcError` when its URI is taken. */
  async add(refs: SessionRefs, states: FirstStates, owner: string): Promise<SessionRun> {
    await this.#assertFree(refs);
    this.owners.add(refs.id, owner);
    const run = this.#open(refs, states);
    this.#reactions.mirror(refs);
    run.wake();
    return run;
  }

  async #assertFree(refs: SessionRefs): Promise<void> {
    const { channels } = this.#options;
    if ((await channels.isTaken(refs.session)) || (await channels.isTaken(refs.fleet)) || this.#runs.has(refs.id)) {
      throw new RpcError(RPC.sessionExists, "There is or was a session at that address: choose another one.", {
        [META_NS]: { code: "conflict" },
      });
    }
  }

  #open(refs: SessionRefs, states: FirstStates): SessionRun {
    const { channels } = this.#options;
    channels.create(refs.fleet, "fleetSession", states.fleet);
    channels.create(refs.chat, "chat", states.chat);
    channels.create(refs.branchChanges, "changeset", initialChanges());
    channels.create(refs.session, "session", states.session);
    this.#adopt(refs);
    this.#catalogue.add(refs, true);
    return this.runOf(refs.session);
  }

  /**
   * VS Code disposes of sessions that it still shows, so for it a session with a history goes to the archive first. For
   * everybody else, and the second time, it is gone: channels, workspace and all; its records stay in the log.
   */
  async disposeSession({ channel }: ParamsOf<"disposeSession">, caller: Caller): Promise<void> {
    const { channels, workspaces, terminals } = this.#options;
    if (!this.has(channel) && (await discardDraft(channels, refsOf(channel)))) {
      return this.owners.remove(refsOf(channel).id);
    }
    const run = this.runOf(channel);
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
    this.#runs.remove(refs);
    this.#index.changed(refs.id);
    this.addresses.remove(refs.id);
    this.owners.remove(refs.id);
    for (const uri of [refs.session, refs.chat, refs.branchChanges, refs.fleet]) {
      channels.remove(uri);
    }
    await this.#changesets.removeOf(refs.session);
    await removeAnnotations(channels, refs.session);
    this.#catalogue.remove(refs);
    await terminals.removeOf(refs.session);
    if (await channels.load(agentLogUri(refs.id))) channels.remove(agentLogUri(refs.id));
    await workspaces.remove(refs.id);
    this.#reactions.tellActive();
  }

  async invokeChangesetOperation(
    params: ParamsOf<"invokeChangesetOperation">,
    caller: Caller,
  ): Promise<ResultOf<"invokeChangesetOperation">> {
    const changeset = parseChangesetUri(params.channel);
    if (changeset?.kind !== "branch") throw new AppError("notFound", "There is no such changeset.");
    if (params.operationId !== "push") throw new AppError("request.invalid", "This changeset has no such operation.");
    return pushBranch(this.#options, this.runOf(changeset.session), params, caller.principal);
  }

  /** A shell in the workspace of the session that its claim, or else its directory, names. */
  async createTerminal(params: ParamsOf<"createTerminal">, caller: Caller): Promise<void> {
    const sessions = this.#catalogue.list({}, caller).items.map(({ resource, workingDirectories = [] }) => {
      return { id: this.#runs.idOf(resource) ?? "", session: resource, workingDirectories };
    });
    const target = terminalTarget(params, sessions);
    await this.recall(target.session);
    const run = this.runOf(target.session);
    const { id: sessionId, session } = run.refs;
    const { root, home, env } = (await run.workspace()).paths;
    if (this.#runs.get(sessionId) !== run) throw new AppError("notFound", "The session was removed.");
    await this.#options.terminals.create(
      { ...params, cwd: target.cwd },
      { sessionId, session, root, home, ...(env && { env }) },
      caller.clientId,
    );
  }

  async disposeTerminal({ channel }: ParamsOf<"disposeTerminal">): Promise<void> {
    await this.#options.terminals.remove(channel);
  }

  /** Asked of a chat; of one that is not here nothing is known, which is no failure. */
  completions(params: ParamsOf<"completions">): ResultOf<"completions"> {
    const run = this.#runs.of(params.channel);
    return commandCompletions(run && this.#options.channels.state("session", run.refs.session), params);
  }

  /**
   * Nothing begins any more; what runs may end by itself for so long, then it is interrupted, to be resumed. What waits
   * goes on waiting, over the restart too.
   */
  async drain(finishMs: number): Promise<void> {
    this.#slots.hold();
    const { clock, logger } = this.#options;
    logger.info("sessions drained", await drainSessions(this.#runs.made, clock, finishMs));
  }

  /** Ends every agent and every terminal. Turns stay as they are in the log; the next start finds them interrupted. */
  async stop(): Promise<void> {
    await Promise.all([this.#options.terminals.stop(), ...this.#runs.made.map((run) => run.stop())]);
    this.dispose();
  }

  dispose(): void {
    this.#index.save();
    this.#owned.dispose();
  }

  #known(viewer: Viewer | undefined): KnownRepositories {
    const { knownRepositories: configured } = this.#options;
    const rows = this.rows.filter(({ owner }) => maySee(viewer, owner ?? OWNER));
    const used = rows.map(({ summary: { createdAt }, ...row }) => ({ ...row, createdAt }));
    return knownRepositories(used, configured);
  }

  /** As `runOf`, also of one that is not in memory. */
  async recalled(session: string): Promise<SessionRun> {
    await this.recall({ session });
    return this.runOf(session);
  }

  /** Throws `RpcError` for a URI that names no session. */
  runOf(session: string): SessionRun {
    const run = this.#runs.of(session);
    if (!run || run.refs.session !== session) {
      throw new RpcError(RPC.channelNotFound, "There is no such session.", { [META_NS]: { code: "notFound" } });
    }
    return run;
  }

  /** The session must be in memory. */
  #make(refs: SessionRefs): SessionRun | undefined {
    const { channels, providers } = this.#options;
    const fleet = channels.state("fleetSession", refs.fleet);
    if (!fleet) return undefined;
    const model = fleetMeta("session", channels.state("session", refs.session))?.model;
    const turn = () => channels.state("chat", refs.chat)?.activeTurn?.id;
    return new SessionRun({
      ...this.#options,
      logger: this.#options.logger.child("session", () => ({ session: refs.id, turn: turn() })),
      refs,
      principal: fleet.owner ?? OWNER,
      provider: providers.get(fleet.provider),
      model,
      slots: this.#slots,
      idleAgents: this.#idleAgents,
      conversationOf: (from, copy) => conversationOf(channels, this.#runs.of(from.session), from, copy),
    });
  }

  /** A session that is in memory. */
  #adopt({ id, session, fleet }: SessionRefs): void {
    const { owner, provider = "" } = this.#options.channels.state("fleetSession", fleet) ?? {};
    this.#know(id, session, owner, provider);
    this.#index.changed(id);
  }

  #know(id: string, session: string, owner: string | undefined, provider: string): void {
    this.#runs.add(id, session);
    this.owners.add(id, owner ?? OWNER);
    this.addresses.add(id, { session, provider });
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
    const at = { createdAt: new Date(clock.now()).toISOString(), ...isolationOf(rules) };
    if (!beginDraft(channels, refs, rules, at)) return;
    this.#adopt(refs);
    this.#catalogue.add(refs, true);
    this.#reactions.follow(this.runOf(refs.session), committed);
    this.#reactions.mirror(refs);
  }
}
