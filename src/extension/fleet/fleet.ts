import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import { isSame } from "../../base/isSame.ts";
import { type Translate, untranslated } from "../../base/l10n.ts";
import type { Logger } from "../../base/logger.ts";
import type { Client, SessionsChange } from "../../client/client.ts";
import type { InputAnswer, InputResponse } from "../../protocol/input.ts";
import type { SessionInputRequest } from "../../protocol/sessionState.ts";
import type { HostConnectionsView, HostsChange } from "../hosts/hosts.ts";
import {
  type AgentAddress,
  answerQuestion,
  answerToolCall,
  dispatchOn,
  readRequests,
  retryAgent,
  sendMessage,
  stopAgent,
  type ToolAnswer,
} from "./agentCommands.ts";
import { type AgentDetails, readDetails } from "./agentDetails.ts";
import {
  agentKey,
  type FleetAgent,
  type FleetChange,
  type FleetPullRequest,
  type Freshness,
  type LaunchRequest,
  parseAgentKey,
} from "./fleetAgent.ts";
import { FleetRows, type FleetTallies, keyOfLaunch, type Launching } from "./fleetRows.ts";
import { freshnessOf } from "./freshness.ts";
import { launchAgent, launchSummary } from "./launch.ts";
import { NeedsReader } from "./needsReader.ts";
import type { FleetCounts } from "./selectors.ts";
import { WaitingAgent } from "./waitingAgent.ts";

export interface FleetOptions {
  readonly connections: HostConnectionsView;
  readonly clock: Clock;
  /** A fresh UUID. */
  readonly newId: () => string;
  readonly logger: Logger;
  /** For what a row says where nobody has said anything. */
  readonly t?: Translate;
}

interface FollowedHost {
  readonly client: Client;
  readonly owned: Disposables;
  freshness: Freshness;
}

/**
 * All hosts' agents as one indexed, observable collection. Every view reads it and holds nothing. Commands reject with an
 * `AppError`; none of them changes a row by itself (but for the row of a launch): what the host says does.
 */
export class Fleet implements Disposable {
  readonly #options: FleetOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<FleetChange>;
  readonly #t: Translate;
  readonly #rows: FleetRows;
  readonly #hosts = new Map<string, FollowedHost>();
  readonly #needs: NeedsReader;
  readonly #launching = new Map<string, Launching>();
  readonly #pullRequests = new Map<string, FleetPullRequest>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#t = options.t ?? untranslated;
    this.#rows = new FleetRows(this.#t);
    this.#changed = this.#owned.add(
      new Emitter((error) => options.logger.error("fleet listener failed", { error: String(error) })),
    );
    this.#needs = this.#owned.add(
      new NeedsReader({
        follow: (key, changed) => new WaitingAgent(this.#address(key), changed),
        needsChanged: (key) => this.#update(() => this.#refreshRow(key)),
      }),
    );
    const { connections } = options;
    this.#owned.add(connections.onDidChange((change) => this.#followHosts(change)));
    this.#followHosts({ added: connections.all.map(({ host }) => host.id), changed: [], removed: [] });
  }

  /** By key. Rows are immutable: a changed agent is another object. */
  get agents(): ReadonlyMap<string, FleetAgent> {
    return this.#rows.agents;
  }

  get(key: string): FleetAgent | undefined {
    return this.#rows.agents.get(key);
  }

  /** How many agents one host has, those included whose launch is on its way. */
  countOn(hostId: string): number {
    return this.#rows.countOn(hostId);
  }

  /** Agents of one host in each group. */
  countsOn(hostId: string): FleetCounts {
    return this.#rows.countsOn(hostId);
  }

  /** Agents in each group, kept up with every update. */
  get counts(): FleetCounts {
    return this.#rows.counts;
  }

  /** Likewise kept up: what commands are offered by. */
  get tallies(): FleetTallies {
    return this.#rows.tallies;
  }

  /** One event an update; its size is the size of the update. */
  get onDidChange(): Event<FleetChange> {
    return this.#changed.event;
  }

  /**
   * Creates the session and gives it the prompt. The row is there at once (`isPending`), and goes again if the host
   * refuses. Resolves with the key when the host has accepted both.
   */
  async launch(request: LaunchRequest): Promise<string> {
    const { clock, newId, connections } = this.#options;
    const client = connections.client(request.hostId);
    const launching = { hostId: request.hostId, summary: launchSummary(newId(), request, clock.now(), this.#t) };
    const key = keyOfLaunch(launching);
    this.#launching.set(key, launching);
    this.#update(() => this.#refreshRow(key));
    try {
      await launchAgent(client, launching.summary.resource, request, { clock, newId });
      // Hosts announce sessions; one that did not lists it.
      if (!client.sessions.all.has(launching.summary.resource)) await client.sessions.refresh().catch(() => undefined);
      return key;
    } finally {
      this.#launching.delete(key);
      this.#update(() => this.#refreshRow(key));
    }
  }

  /** Gives the agent a message; it waits its turn while the agent works. Resolves when the host has it. */
  send(key: string, text: string): Promise<void> {
    return sendMessage(this.#address(key), { text }, this.#options);
  }

  /** Ends the running turns; the agent keeps its workspace. Resolves at once when no turn runs. */
  stop(key: string): Promise<void> {
    return stopAgent(this.#address(key), this.#options.clock);
  }

  /**
   * Approves a tool call as it was shown. Rejects with `conflict` when it waits no more, or asks for something else than
   * was shown: then nothing is sent.
   */
  approve(key: string, shown: SessionInputRequest, optionId?: string): Promise<void> {
    return this.#answerToolCall(key, shown, { approved: true, optionId });
  }

  /** Denies likewise. `note` tells the agent what to do instead. */
  deny(key: string, shown: SessionInputRequest, options: { optionId?: string; note?: string } = {}): Promise<void> {
    return this.#answerToolCall(key, shown, { approved: false, ...options });
  }

  /** Reads what an agent waits for, which its row then tells: of many, only the first are read ahead. */
  async read(key: string): Promise<void> {
    this.#needs.use(key);
    if (this.#needs.requests(key).length === 0) await readRequests(this.#address(key));
  }

  /** Answers a question of the agent as it was shown, likewise. */
  async answer(
    key: string,
    shown: SessionInputRequest,
    response: InputResponse,
    answers?: Record<string, InputAnswer>,
  ): Promise<void> {
    const request = await this.#present(key, shown);
    if (request.kind !== "chatInput") throw nothingWaits();
    await answerQuestion(this.#address(key), request, response, answers, this.#needs.seenSeq(key, request.id));
  }

  /** What is worth knowing of one agent beyond its row. Rejects when its host cannot be asked. */
  async details(key: string): Promise<AgentDetails> {
    return readDetails(this.#address(key));
  }

  async rename(key: string, title: string): Promise<void> {
    const trimmed = title.trim();
    if (trimmed === "") throw new AppError("request.invalid", "An agent needs a name.");
    const { client, session } = this.#address(key);
    await dispatchOn(client, "session", session, { type: "session/titleChanged", title: trimmed });
  }

  async archive(key: string, isArchived = true): Promise<void> {
    const { client, session } = this.#address(key);
    await dispatchOn(client, "session", session, { type: "session/isArchivedChanged", isArchived });
  }

  async markRead(key: string, isRead = true): Promise<void> {
    const { client, session } = this.#address(key);
    await dispatchOn(client, "session", session, { type: "session/isReadChanged", isRead });
  }

  /** Takes up the failed turn where it stopped. Rejects with `conflict` when the last turn is not resumable. */
  retry(key: string): Promise<void> {
    return retryAgent(this.#address(key));
  }

  /** Deletes the session and its workspace on the host. */
  async remove(key: string): Promise<void> {
    const { client, session } = this.#address(key);
    try {
      await client.request("disposeSession", { channel: session });
    } catch (error) {
      if (!AppError.is(error, "notFound")) throw error;
    }
    if (client.sessions.all.has(session)) await client.sessions.refresh();
  }

  /** Lists the sessions of every connected host again. Rejects only when no host could be asked. */
  async refresh(): Promise<void> {
    const live = Array.from(this.#hosts.values()).filter(({ client }) => client.state.kind === "live");
    const results = await Promise.allSettled(live.map(({ client }) => client.sessions.refresh()));
    const failures = results.filter((result) => result.status === "rejected");
    if (failures[0] && failures.length === results.length)
      throw AppError.from(failures[0].reason, "Listing agents failed");
  }

  /** Adds facts that hosts do not have. `undefined` takes them away. Kept for agents that are not listed yet. */
  decorate(key: string, facts: { readonly pullRequest: FleetPullRequest | undefined }): void {
    if (facts.pullRequest === undefined) this.#pullRequests.delete(key);
    else this.#pullRequests.set(key, facts.pullRequest);
    this.#update(() => this.#refreshRow(key));
  }

  dispose(): void {
    this.#owned.dispose();
    for (const { owned } of this.#hosts.values()) owned.dispose();
    this.#hosts.clear();
  }

  async #answerToolCall(key: string, shown: SessionInputRequest, answer: ToolAnswer): Promise<void> {
    const request = await this.#present(key, shown);
    if (request.kind !== "toolConfirmation") throw nothingWaits();
    await answerToolCall(this.#address(key), request, answer, this.#needs.seenSeq(key, request.id));
  }

  /** The request as it is, which has to be what was shown. */
  async #present(key: string, shown: SessionInputRequest): Promise<SessionInputRequest> {
    this.#needs.use(key);
    const read = this.#needs.requests(key);
    const requests = read.length > 0 ? read : await readRequests(this.#address(key));
    const request = requests.find(({ id }) => id === shown.id);
    if (request === undefined) throw nothingWaits();
    if (isSame(request, shown)) return request;
    throw new AppError("conflict", "The agent has changed what it asks for. Nothing was sent; look at it again.");
  }

  #address(key: string): AgentAddress {
    const parsed = parseAgentKey(key);
    if (parsed === undefined) throw new AppError("notFound", "This agent is no longer listed. Refresh the list.");
    return { client: this.#options.connections.client(parsed.hostId), session: parsed.session };
  }

  #followHosts({ added, changed, removed }: HostsChange): void {
    this.#update(() => {
      for (const hostId of removed) this.#forgetHost(hostId);
      for (const hostId of added) this.#followHost(hostId);
      for (const hostId of changed) this.#checkFreshness(hostId);
    });
  }

  #followHost(hostId: string): void {
    this.#forgetHost(hostId);
    const client = this.#options.connections.client(hostId);
    const owned = new Disposables();
    this.#hosts.set(hostId, { client, owned, freshness: freshnessOf(client) });
    owned.add(client.sessions.onDidChange((change) => this.#sessionsChanged(hostId, change)));
    for (const session of client.sessions.all.keys()) this.#refreshRow(agentKey(hostId, session));
  }

  #forgetHost(hostId: string): void {
    this.#hosts.get(hostId)?.owned.dispose();
    this.#hosts.delete(hostId);
    const keys = this.#rows.ofHost(hostId);
    this.#needs.forget(keys);
    for (const key of keys) this.#refreshRow(key);
  }

  #sessionsChanged(hostId: string, { added, changed, removed }: SessionsChange): void {
    this.#update(() => {
      // First, so that the rows of a whole listing are made once.
      this.#checkFreshness(hostId);
      for (const session of [...added, ...changed, ...removed]) this.#refreshRow(agentKey(hostId, session));
    });
  }

  /** Only a change of sight touches the rows of a host. What is heard while it is out of sight makes no row younger. */
  #checkFreshness(hostId: string): void {
    const host = this.#hosts.get(hostId);
    if (host === undefined) return;
    const freshness = freshnessOf(host.client);
    if (freshness.live === host.freshness.live) return;
    host.freshness = freshness;
    for (const key of this.#rows.ofHost(hostId)) this.#refreshRow(key);
  }

  /** Makes one row anew from all that is known of the agent, or takes it away when nothing is. */
  #refreshRow(key: string): void {
    const parsed = parseAgentKey(key);
    const host = parsed === undefined ? undefined : this.#hosts.get(parsed.hostId);
    const listed = parsed === undefined ? undefined : host?.client.sessions.all.get(parsed.session);
    const summary = listed ?? this.#launching.get(key)?.summary;
    if (parsed === undefined || host === undefined || summary === undefined) {
      this.#rows.delete(key);
      this.#needs.want(key, false);
      return;
    }
    const facts = {
      hostId: parsed.hostId,
      summary,
      freshness: host.freshness,
      hasFleet: host.client.hostInfo?.fleet !== undefined,
      requests: this.#needs.requests(key),
      pullRequest: this.#pullRequests.get(key),
      isPending: this.#launching.has(key),
    };
    const isWaiting = this.#rows.put(facts).attention === "needsYou";
    this.#needs.want(key, isWaiting);
    const requests = this.#needs.requests(key);
    if (requests !== facts.requests) this.#rows.put({ ...facts, requests });
  }

  #update(change: () => void): void {
    change();
    const touched = this.#rows.flush();
    if (touched !== undefined) this.#changed.fire(touched);
  }
}

function nothingWaits(): AppError {
  return new AppError("conflict", "This agent waits for nothing any more: it was answered elsewhere, or it went on.");
}
