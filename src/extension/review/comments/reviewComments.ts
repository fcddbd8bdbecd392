import type * as vscode from "vscode";
import type { Clock } from "../../../base/clock.ts";
import { type Disposable, Disposables } from "../../../base/disposables.ts";
import { keyOf } from "../../fleet/fleetAgent.ts";
import type { HostConnectionsView } from "../../hosts/hosts.ts";
import type { AgentTarget } from "../../ids.ts";
import type { Contexts } from "../../platform/contexts.ts";
import type { StatePort } from "../../platform/statePort.ts";
import type { OpenReview } from "../openReview.ts";
import type { Review } from "../review.ts";
import { AgentComments } from "./agentComments.ts";
import { CommentDrafts } from "./commentDrafts.ts";
import { createController, ReviewThreads, type ThreadOwner } from "./reviewThreads.ts";

export interface ReviewCommentsPorts {
  readonly hosts: Pick<HostConnectionsView, "client" | "get">;
  readonly review: Pick<Review, "tabs" | "reader" | "renamedSince">;
  readonly contexts: Pick<Contexts, "set">;
  /** `context.workspaceState`: what was written stays with the folder that it was written in. */
  readonly state: StatePort;
  /** `context.globalState`: the person is the same in every window. */
  readonly person: StatePort;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly onError: (error: unknown) => void;
}

const personKey = "muster.reviewer";

/** Comments on the reviews that are open, each agent's for as long as one of its reviews is. */
export class ReviewComments implements Disposable {
  readonly #ports: ReviewCommentsPorts;
  readonly #owned = new Disposables();
  readonly #controller: vscode.CommentController;
  readonly #drafts: CommentDrafts;
  readonly #by: string;
  readonly #owners = new WeakMap<vscode.CommentThread, ThreadOwner>();
  readonly #open = new Map<string, ReviewThreads>();

  constructor(ports: ReviewCommentsPorts) {
    this.#ports = ports;
    this.#by = personOf(ports);
    this.#controller = this.#owned.add(createController(ports.review.reader));
    this.#drafts = this.#owned.add(new CommentDrafts(ports.state, ports.onError));
    this.#owned.add(ports.review.tabs.onDidChange(() => this.#follow()));
    this.#owned.add(this.#drafts.onDidChange(() => this.#tell()));
    this.#follow();
  }

  /** Some comments wait to be sent, or wait no more. */
  get onDidChange() {
    return this.#drafts.onDidChange;
  }

  /** What a thread shows, if it is one of ours. */
  ownerOf(thread: vscode.CommentThread): ThreadOwner | undefined {
    return this.#owners.get(thread);
  }

  /** The threads of an agent that is under review. */
  of(target: AgentTarget): ReviewThreads | undefined {
    return this.#open.get(keyOf(target));
  }

  /** Those of the review that is in front, or was last. */
  get current(): ReviewThreads | undefined {
    const review = this.#ports.review.tabs.current;
    return review && this.of(review.target);
  }

  /** Those that a document of a host's session belongs to. */
  find(hostId: string, sessionId: string): ReviewThreads | undefined {
    const isIt = ({ review: { target, changes } }: ReviewThreads) =>
      target.hostId === hostId &&
      changes.files.some((file) => (file.after ?? file.before)?.blob?.sessionId === sessionId);
    return Array.from(this.#open.values()).find(isIt);
  }

  dispose(): void {
    for (const threads of this.#open.values()) close(threads);
    this.#open.clear();
    this.#owned.dispose();
  }

  #follow(): void {
    const reviews = new Map(this.#ports.review.tabs.reviews.map((review) => [keyOf(review.target), review]));
    for (const [key, threads] of this.#open) {
      if (reviews.has(key)) continue;
      this.#open.delete(key);
      close(threads);
    }
    for (const [key, review] of reviews) {
      const threads = this.#open.get(key);
      if (threads !== undefined) threads.show(review);
      else if (isPinned(review)) this.#open.set(key, this.#begin(review));
    }
    this.#tell();
  }

  #begin(review: OpenReview): ReviewThreads {
    const { hosts, clock, newId, onError } = this.#ports;
    const { target } = review;
    const agent = new AgentComments({
      client: hosts.client(target.hostId),
      target,
      sessionId: sessionIdOf(review) ?? "",
      drafts: this.#drafts,
      by: this.#by,
      clock,
      newId,
      onError,
    });
    const { reader } = this.#ports.review;
    const renamedSince: Review["renamedSince"] = (...asked) => this.#ports.review.renamedSince(...asked);
    const ports = { controller: this.#controller, reader, renamedSince, clock, onError, by: this.#by };
    return new ReviewThreads(ports, agent, review, this.#owners);
  }

  #tell(): void {
    const drafts = this.current?.agent.drafts.length ?? 0;
    this.#ports.contexts.set("muster:hasReviewDrafts", drafts > 0);
  }
}

function close(threads: ReviewThreads): void {
  threads.dispose();
  threads.agent.dispose();
}

/** Comments need versions that stay what they are. */
function isPinned(review: OpenReview): boolean {
  return review.changes.snapshot === undefined && sessionIdOf(review) !== undefined;
}

function sessionIdOf({ changes }: OpenReview): string | undefined {
  return changes.files.map((file) => (file.after ?? file.before)?.blob?.sessionId).find((id) => id !== undefined);
}

/** An id by which this person's comments are known; it says nothing of who that is. */
function personOf({ person, newId, onError }: ReviewCommentsPorts): string {
  const known = person.get(personKey);
  if (typeof known === "string") return known;
  const id = newId();
  Promise.resolve(person.update(personKey, id)).catch(onError);
  return id;
}
