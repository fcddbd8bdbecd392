import * as vscode from "vscode";
import type { Clock } from "../../../base/clock.ts";
import { type Disposable, Disposables } from "../../../base/disposables.ts";
import { REVIEW_COMMENTS } from "../../ids.ts";
import type { OpenReview } from "../openReview.ts";
import type { Review } from "../review.ts";
import type { RevisionReader } from "../revisionReader.ts";
import type { UriParts } from "../reviewUri.ts";
import type { AgentComments } from "./agentComments.ts";
import { type Located, locate } from "./commentPlaces.ts";
import type { ReviewComment } from "./reviewComment.ts";
import { type NoteView, type ThreadView, threadViewOf } from "./threadView.ts";

/** A comment in a thread, as VS Code draws it and passes it to commands. */
export class Note implements vscode.Comment {
  readonly author: { readonly name: string };
  readonly label: string | undefined;
  readonly contextValue: string;
  readonly entryId: string | undefined;
  readonly thread: vscode.CommentThread;
  /** While it is edited: what stands in its box. */
  body: string;
  mode = vscode.CommentMode.Preview;

  constructor(view: NoteView, thread: vscode.CommentThread) {
    this.author = { name: view.author };
    this.label = view.label;
    this.contextValue = view.contextValue;
    this.entryId = view.entryId;
    this.body = view.text;
    this.thread = thread;
  }
}

/** The comment that a thread shows, and whose it is. */
export interface ThreadOwner {
  readonly agent: AgentComments;
  readonly commentId: string;
  readonly located: Located;
}

export interface ReviewThreadsPorts {
  readonly controller: vscode.CommentController;
  readonly reader: Pick<RevisionReader, "read">;
  readonly renamedSince: Review["renamedSince"];
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly by: string;
}

interface ShownThread {
  readonly thread: vscode.CommentThread;
  shown: string;
}

/** Together what comes within it. */
const settleMs = 50;

/** The threads of one agent's comments, on the documents of the review that is open of it. */
export class ReviewThreads implements Disposable {
  readonly #ports: ReviewThreadsPorts;
  readonly agent: AgentComments;
  readonly #owned = new Disposables();
  readonly #threads = new Map<string, ShownThread>();
  readonly #owners: WeakMap<vscode.CommentThread, ThreadOwner>;
  readonly #toEdit = new Set<string>();
  /** By the commit of a comment. */
  readonly #renames = new Map<string, Promise<ReadonlyMap<string, string>>>();
  #review: OpenReview;
  #timer: Disposable | undefined;
  #round = 0;

  constructor(
    ports: ReviewThreadsPorts,
    agent: AgentComments,
    review: OpenReview,
    owners: WeakMap<vscode.CommentThread, ThreadOwner>,
  ) {
    this.#ports = ports;
    this.agent = agent;
    this.#review = review;
    this.#owners = owners;
    this.#owned.add(agent.onDidChange(() => this.#soon()));
    this.#soon();
  }

  /** The review that is open of the agent. */
  get review(): OpenReview {
    return this.#review;
  }

  /** Another review of the same agent is in front. */
  show(review: OpenReview): void {
    if (review === this.#review) return;
    this.#review = review;
    this.#renames.clear();
    this.#soon();
  }

  /** The entry is written on when it is next drawn. */
  edit(entryId: string): void {
    this.#toEdit.add(entryId);
  }

  /** A thread that VS Code made for what was just typed becomes the comment's. */
  adopt(thread: vscode.CommentThread, commentId: string): void {
    this.#threads.set(commentId, { thread, shown: "" });
    this.#soon();
  }

  dispose(): void {
    this.#round += 1;
    this.#timer?.dispose();
    this.#owned.dispose();
    for (const { thread } of this.#threads.values()) thread.dispose();
    this.#threads.clear();
  }

  #soon(): void {
    this.#timer ??= this.#ports.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#draw().catch(this.#ports.onError);
    }, settleMs);
  }

  async #draw(): Promise<void> {
    const round = ++this.#round;
    const { agent } = this;
    const { comments } = agent;
    const located = await Promise.all(comments.map((comment) => this.#locate(comment)));
    // Meanwhile something newer is being drawn, or there is nothing to draw on.
    if (round !== this.#round) return;
    const present = new Set<string>();
    for (const [index, comment] of comments.entries()) {
      const at = located[index];
      if (at === undefined) continue;
      present.add(comment.id);
      this.#drawOne(comment, at);
    }
    for (const [id, { thread }] of this.#threads) {
      if (present.has(id)) continue;
      this.#threads.delete(id);
      thread.dispose();
    }
  }

  #locate({ place }: ReviewComment): Promise<Located | undefined> {
    const { target, changes } = this.#review;
    const sessionId = changes.files.map((file) => (file.after ?? file.before)?.blob?.sessionId).find(Boolean) ?? "";
    const readText = async (document: UriParts) => {
      const { text, kind } = await this.#ports.reader.read(document);
      return kind === "content" ? text : undefined;
    };
    const renamedSince = (commit: string) => this.#renamedSince(commit);
    return locate(place, changes.files, { hostId: target.hostId, sessionId, readText, renamedSince });
  }

  /** Asked once for each commit of a review; a host that cannot say leaves the comment on its own version. */
  #renamedSince(commit: string): Promise<ReadonlyMap<string, string>> {
    const { onError, renamedSince } = this.#ports;
    const asked = this.#renames.get(commit) ?? renamedSince(this.#review.target, commit);
    this.#renames.set(commit, asked);
    return asked.catch((error: unknown) => {
      onError(error);
      return new Map();
    });
  }

  #drawOne(comment: ReviewComment, located: Located): void {
    const { by } = this.#ports;
    const { title } = this.#review.changes;
    const answer = this.agent.answerOf(comment.id);
    const view = threadViewOf({ comment, located, answer, by, agent: title });
    const uri = vscode.Uri.from(located.document);
    const kept = this.#threads.get(comment.id);
    const isKept = kept !== undefined && kept.thread.uri.toString() === uri.toString();
    if (kept !== undefined && !isKept) kept.thread.dispose();
    const thread = isKept ? kept.thread : this.#ports.controller.createCommentThread(uri, rangeOf(located), []);
    const shown = JSON.stringify([view, located]);
    this.#owners.set(thread, { agent: this.agent, commentId: comment.id, located });
    if (isKept && kept.shown === shown) return;
    this.#threads.set(comment.id, { thread, shown });
    const notes = fill(thread, view, located, isKept);
    for (const note of notes) if (this.#toEdit.delete(note.entryId ?? "")) note.mode = vscode.CommentMode.Editing;
    thread.comments = notes;
  }
}

function rangeOf({ lines }: Located): vscode.Range {
  return new vscode.Range(lines?.from ?? 0, 0, lines?.to ?? 0, 0);
}

/** Sets all but the notes, which it returns. */
function fill(thread: vscode.CommentThread, view: ThreadView, located: Located, isKept: boolean): readonly Note[] {
  const range = located.lines && rangeOf(located);
  if (!isSameRange(thread.range, range)) thread.range = range;
  thread.label = view.label;
  thread.contextValue = view.contextValue;
  thread.canReply = true;
  const state = view.isResolved ? vscode.CommentThreadState.Resolved : vscode.CommentThreadState.Unresolved;
  const isOpen = !view.isResolved;
  if (!isKept || thread.state !== state) {
    thread.collapsibleState = isOpen
      ? vscode.CommentThreadCollapsibleState.Expanded
      : vscode.CommentThreadCollapsibleState.Collapsed;
  }
  thread.state = state;
  const edited = thread.comments.filter(
    (note): note is Note => note instanceof Note && note.mode === vscode.CommentMode.Editing,
  );
  // What a person is typing into stays as it is.
  return view.notes.map(
    (note) => edited.find(({ entryId }) => entryId === note.entryId && entryId !== undefined) ?? new Note(note, thread),
  );
}

function isSameRange(a: vscode.Range | undefined, b: vscode.Range | undefined): boolean {
  return a?.start.line === b?.start.line && a?.end.line === b?.end.line;
}

/** One for the extension. Lines of what is shown as text may be commented, and files as a whole. */
export function createController(reader: Pick<RevisionReader, "read">): vscode.CommentController {
  const controller = vscode.comments.createCommentController(REVIEW_COMMENTS, vscode.l10n.t("Muster review"));
  controller.options = {
    prompt: vscode.l10n.t("Write a comment"),
    placeHolder: vscode.l10n.t("Say what shall be different. The agent gets it when you send the review."),
  };
  controller.commentingRangeProvider = {
    provideCommentingRanges: async (document) => {
      const { kind } = await reader.read(document.uri);
      if (kind === "other") return undefined;
      const lines = new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0);
      return { enableFileComments: true, ranges: kind === "content" ? [lines] : [] };
    },
  };
  return controller;
}
