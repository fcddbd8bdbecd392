import type { Clock } from "../../base/clock.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { egressDecisions, type EgressDecision } from "../../protocol/fleetEgress.ts";
import { hostQuestionPrefixes } from "../../protocol/fleetQuestions.ts";
import type { InputRequest } from "../../protocol/input.ts";
import { chatUri, fleetSessionUri } from "../../protocol/uris.ts";
import { OWNER } from "../gateway/accessToken.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";
import type { EgressGate } from "../isolation/egress/gate.ts";
import type { HostTarget } from "../isolation/egress/hostPattern.ts";
import type { RepositoryServers } from "./repositoryServers.ts";

export interface EgressDeskPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly servers: RepositoryServers;
  /** How long a connection waits for the answer. */
  readonly holdMs: number;
}

interface Question {
  readonly sessionId: string;
  readonly fleet: string;
  readonly chat: string;
  readonly server: string;
  readonly waiting: Set<(isAllowed: boolean) => void>;
}

/** What a session's refusals are gathered into before they are told. */
interface Refusals {
  readonly counts: Map<string, number>;
  timer: Disposable | undefined;
}

const questionId = "decision";
const tellIntervalMs = 2_000;
/** Names that one session is told of at a time; a program can make up any number of them. */
const maxServersTold = 50;
const maxQuestions = 3;

const labels: Readonly<Record<(typeof egressDecisions)[number], string>> = {
  once: "Allow once",
  session: "Allow for this session",
  repository: "Allow for every session of this repository",
  never: "Do not allow",
};

/**
 * Asks people about connections that no configuration allows, as a question in the running turn, and keeps what they say.
 * The connection waits for a while, so that the answer still serves the program that tried; one that nobody answers in
 * time is refused, and the question stays until the turn ends. Facts and decisions are on the session's fleet channel.
 */
export class EgressDesk implements EgressGate, Disposable {
  readonly #ports: EgressDeskPorts;
  readonly #owned = new Disposables();
  /** By id of the question. */
  readonly #questions = new Map<string, Question>();
  readonly #refusals = new Map<string, Refusals>();
  /** Answers for one connection that came when none waited any more. */
  readonly #once = new Set<string>();
  #asked = 0;

  constructor(ports: EgressDeskPorts) {
    this.#ports = ports;
    this.#owned.add(ports.channels.onCommitted((batch) => batch.forEach((each) => this.#follow(each))));
  }

  async ask(sessionId: string, target: HostTarget, gone: AbortSignal): Promise<boolean> {
    const server = nameOf(target);
    const fleet = fleetSessionUri(sessionId);
    const state = this.#ports.channels.state("fleetSession", fleet);
    if (!state) return false;
    const decided = state.egress?.decided.find((each) => each.server === server)?.decision;
    if (decided === "session") return true;
    if (decided !== "never" && this.#ports.servers.allows(state.repository, server)) {
      // Told with this session too, where it may be taken back.
      if (decided === undefined) this.#dispatchDecision(fleet, server, "repository");
      return true;
    }
    if (this.#once.delete(`${sessionId} ${server}`)) return true;
    // What was allowed for the repository may have been taken back elsewhere since.
    const isAllowed = decided !== "never" && (await this.#question(sessionId, state.session, server, gone));
    if (!isAllowed) this.#note(fleet, server);
    return isAllowed;
  }

  /** The turn ends: what nobody has answered is not asked any more. */
  withdraw(sessionId: string): void {
    for (const [id, question] of this.#questions) {
      if (question.sessionId !== sessionId) continue;
      this.#close(id, false);
      this.#dispatch(question.chat, { type: "chat/inputCompleted", requestId: id, response: "cancel" });
    }
    for (const key of this.#once) if (key.startsWith(`${sessionId} `)) this.#once.delete(key);
  }

  dispose(): void {
    this.#owned.dispose();
    for (const { timer } of this.#refusals.values()) timer?.dispose();
    for (const id of this.#questions.keys()) this.#close(id, false);
  }

  async #question(sessionId: string, session: string, server: string, gone: AbortSignal): Promise<boolean> {
    const { channels, clock, holdMs } = this.#ports;
    const chat = chatUri(session);
    const turn = channels.state("chat", chat)?.activeTurn;
    if (!turn) return false;
    const own = Array.from(this.#questions.values()).filter((each) => each.sessionId === sessionId);
    let question = own.find((each) => each.server === server);
    if (!question) {
      if (own.length >= maxQuestions) return false;
      question = { sessionId, fleet: fleetSessionUri(sessionId), chat, server, waiting: new Set() };
      this.#asked += 1;
      const id = `${hostQuestionPrefixes.egress}${turn.id.slice(0, 8)}-${this.#asked}`;
      this.#questions.set(id, question);
      this.#dispatch(chat, { type: "chat/inputRequested", request: requestOf(id, server) });
    }
    const { waiting } = question;
    if (holdMs <= 0) return false;
    return await new Promise((resolve) => {
      const settle = (isAllowed: boolean) => {
        timer.dispose();
        waiting.delete(settle);
        gone.removeEventListener("abort", giveUp);
        resolve(isAllowed);
      };
      const giveUp = () => settle(false);
      const timer = clock.setTimeout(giveUp, holdMs);
      gone.addEventListener("abort", giveUp, { once: true });
      waiting.add(settle);
    });
  }

  #follow({ channel, action, refused, origin }: CommittedAction): void {
    if (refused !== undefined) return;
    if (action.type === "chat/inputCompleted") return this.#answered(channel, action.requestId, origin?.principal);
    if (action.type === "chat/turnCancelled" || action.type === "chat/error" || action.type === "chat/turnComplete") {
      for (const [id, question] of this.#questions) if (question.chat === channel) this.#close(id, false);
      return;
    }
    const repository = this.#ports.channels.state("fleetSession", channel)?.repository;
    if (action.type === "x-fleet/egressDecided") {
      if (action.decision === "repository" && origin && repository !== undefined) {
        this.#ports.servers.allow(repository, action.server, origin.principal);
      }
      this.#decided(channel, action.server, action.decision);
    }
    if (action.type === "x-fleet/egressRevoked" && repository !== undefined) {
      this.#ports.servers.revoke(repository, action.server, origin?.principal ?? OWNER);
    }
  }

  /** The chat holds what was answered. */
  #answered(chat: string, id: string, by = OWNER): void {
    const question = this.#questions.get(id);
    if (question?.chat !== chat) return;
    const part = this.#ports.channels
      .state("chat", chat)
      ?.activeTurn?.responseParts.find((each) => each.kind === "inputRequest" && each.request.id === id);
    if (part?.kind !== "inputRequest") return;
    const answer = part.request.answers?.[questionId];
    const value = answer?.state === "submitted" && answer.value.kind === "selected" ? answer.value.value : undefined;
    const chosen = part.response === "accept" ? egressDecisions.find((each) => each === value) : undefined;
    // Closed without an answer means "not this time"; it may be asked again in the next turn.
    if (chosen === undefined) return this.#close(id, false);
    const repository = this.#ports.channels.state("fleetSession", question.fleet)?.repository;
    if (chosen === "repository" && repository !== undefined) {
      this.#ports.servers.allow(repository, question.server, by);
    }
    this.#dispatchDecision(question.fleet, question.server, chosen);
  }

  /** However it was said, by an answer or on the fleet channel. */
  #decided(fleet: string, server: string, decision: EgressDecision): void {
    const isAllowed = decision !== "never" && decision !== "(unknown)";
    const open = Array.from(this.#questions).find(([, each]) => each.fleet === fleet && each.server === server);
    if (!open) {
      if (decision === "once") this.#once.add(`${sessionOf(fleet)} ${server}`);
      return;
    }
    const [id, { chat, waiting, sessionId }] = open;
    if (decision === "once" && waiting.size === 0) this.#once.add(`${sessionId} ${server}`);
    this.#close(id, isAllowed);
    const part = this.#ports.channels
      .state("chat", chat)
      ?.activeTurn?.responseParts.find((each) => each.kind === "inputRequest" && each.request.id === id);
    if (part?.kind === "inputRequest" && part.response === undefined) {
      this.#dispatch(chat, { type: "chat/inputCompleted", requestId: id, response: "cancel" });
    }
  }

  #close(id: string, isAllowed: boolean): void {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    for (const settle of Array.from(question?.waiting ?? [])) settle(isAllowed);
  }

  /** The first of a while at once, what follows together: a program may try a thousand times a second. */
  #note(fleet: string, server: string): void {
    const refusals = this.#refusals.get(fleet) ?? { counts: new Map(), timer: undefined };
    this.#refusals.set(fleet, refusals);
    const count = refusals.counts.get(server);
    if (count === undefined && refusals.counts.size >= maxServersTold) return;
    refusals.counts.set(server, (count ?? 0) + 1);
    if (refusals.timer) return;
    const tell = () => {
      const at = new Date(this.#ports.clock.now()).toISOString();
      for (const [name, times] of refusals.counts) {
        this.#dispatch(fleet, { type: "x-fleet/egressRefused", server: name, count: times, at });
      }
      const hadSome = refusals.counts.size > 0;
      refusals.counts.clear();
      if (hadSome) refusals.timer = this.#ports.clock.setTimeout(tell, tellIntervalMs);
      else this.#refusals.delete(fleet);
    };
    tell();
  }

  #dispatchDecision(fleet: string, server: string, decision: (typeof egressDecisions)[number]): void {
    const at = new Date(this.#ports.clock.now()).toISOString();
    this.#dispatch(fleet, { type: "x-fleet/egressDecided", server, decision, at });
  }

  #dispatch(channel: string, action: Parameters<Channels["dispatch"]>[1]): void {
    if (this.#ports.channels.isLoaded(channel)) this.#ports.channels.dispatch(channel, action);
  }
}

function requestOf(id: string, server: string): InputRequest {
  const message = `A program of this agent wants to connect to ${server}, which this host does not allow.`;
  const options = egressDecisions.map((decision) => ({ id: decision, label: labels[decision] }));
  const question = { id: questionId, kind: "single-select" as const, title: server, message, required: true, options };
  return { id, message, questions: [question] };
}

function nameOf({ host, port }: HostTarget): string {
  return port === 443 || port === 80 ? host : `${host}:${port}`;
}

function sessionOf(fleet: string): string {
  return fleet.slice(fleet.lastIndexOf("/") + 1);
}
