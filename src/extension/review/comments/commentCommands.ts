import * as vscode from "vscode";
import { AppError } from "../../../base/appError.ts";
import { type Disposable, Disposables } from "../../../base/disposables.ts";
import type { ChangedFile } from "../../fleet/changedFiles.ts";
import type { AgentTarget, CommandId } from "../../ids.ts";
import type { CommandRegistry } from "../../platform/commandRegistry.ts";
import type { Dialogs } from "../../platform/dialogs.ts";
import { sidesOf } from "../reviewDiffs.ts";
import { parseReviewUri, toReviewUri, type UriParts } from "../reviewUri.ts";
import type { RevisionReader } from "../revisionReader.ts";
import { anchorAt } from "./anchors.ts";
import type { CommentPlace } from "./reviewComment.ts";
import type { ReviewComments } from "./reviewComments.ts";
import { suggestionOf } from "./reviewRound.ts";
import { Note, type ReviewThreads, type ThreadOwner } from "./reviewThreads.ts";

export interface CommentCommandsPorts {
  readonly comments: ReviewComments;
  readonly commands: Pick<CommandRegistry, "register">;
  readonly dialogs: Pick<Dialogs, "confirm">;
  readonly reader: Pick<RevisionReader, "read">;
  readonly openPanel: (target: AgentTarget) => void;
}

/** What a person does with comments: VS Code passes a thread, a comment, or what was typed under a thread. */
export function registerCommentCommands(ports: CommentCommandsPorts): Disposable {
  const { comments, commands, dialogs } = ports;
  const owned = new Disposables();
  const on = (
    id: CommandId & `muster.review.${string}`,
    during: string,
    run: (target: unknown) => Promise<void> | void,
  ) => owned.add(commands.register(id, during, (...args: readonly unknown[]) => run(args[0])));

  on("muster.review.addComment", "keep the comment", async (target) => {
    const { thread, text } = replyOf(target) ?? {};
    if (thread !== undefined && text?.trim()) await write(ports, thread, text);
  });
  on("muster.review.suggestChange", "suggest a change", async (target) => {
    const { thread, text } = replyOf(target) ?? {};
    if (thread === undefined) return;
    const quoted = await quotedBy(ports, thread);
    if (quoted === undefined) {
      throw new AppError("request.invalid", "A change can be suggested for lines only. Comment on the lines instead.");
    }
    const said = text?.trim() ? `${text.trim()}\n\n` : "";
    await write(ports, thread, `${said}${suggestionOf(quoted)}`, true);
  });
  on("muster.review.editComment", "edit the comment", (target) => setMode(target, vscode.CommentMode.Editing));
  on("muster.review.cancelEdit", "stop editing", (target) => {
    if (!(target instanceof Note)) return;
    const owner = comments.ownerOf(target.thread);
    const entry = owner?.agent.get(owner.commentId)?.entries.find(({ id }) => id === target.entryId);
    if (entry !== undefined) target.body = entry.text;
    setMode(target, vscode.CommentMode.Preview);
  });
  on("muster.review.saveComment", "keep the comment", (target) => {
    if (!(target instanceof Note) || target.entryId === undefined) return;
    const { body, entryId } = target;
    setMode(target, vscode.CommentMode.Preview);
    comments.ownerOf(target.thread)?.agent.edit(entryId, body);
  });
  on("muster.review.deleteComment", "delete the comment", async (target) => {
    if (!(target instanceof Note) || target.entryId === undefined) return;
    const owner = comments.ownerOf(target.thread);
    await owner?.agent.remove(owner.commentId, target.entryId);
  });
  on("muster.review.resolve", "resolve the comment", (target) => resolve(target, true));
  on("muster.review.unresolve", "reopen the comment", (target) => resolve(target, false));
  on("muster.review.showAnswer", "show the answer", (target) => {
    const owner = ownerOf(target);
    if (owner !== undefined) ports.openPanel(owner.agent.target);
  });
  on("muster.review.showChange", "show what changed", async (target) => {
    const owner = ownerOf(target);
    if (owner !== undefined) await showChange(owner);
  });
  on("muster.review.send", "send the review", async () => {
    await comments.current?.agent.send();
  });
  on("muster.review.discard", "discard the comments", async () => {
    const agent = comments.current?.agent;
    const count = agent?.drafts.length ?? 0;
    if (agent === undefined || count === 0) return;
    const question = vscode.l10n.t("Discard comments that were not sent ({0})?", count);
    const detail = vscode.l10n.t("Nothing of them is kept. Comments that were sent stay.");
    if (await dialogs.confirm(question, detail, vscode.l10n.t("Discard"))) await agent.discard();
  });
  return owned;

  function ownerOf(target: unknown): ThreadOwner | undefined {
    return isThread(target) ? comments.ownerOf(target) : undefined;
  }

  async function resolve(target: unknown, isResolved: boolean): Promise<void> {
    const owner = ownerOf(target);
    await owner?.agent.resolve(owner.commentId, isResolved);
  }
}

/** Keeps what was typed: under a comment, or as a comment of its own where VS Code made a thread for it. */
async function write(
  ports: CommentCommandsPorts,
  thread: vscode.CommentThread,
  text: string,
  isEdited = false,
): Promise<void> {
  const owner = ports.comments.ownerOf(thread);
  const found = owner === undefined ? threadsOf(ports, thread.uri) : ports.comments.of(owner.agent.target);
  if (found === undefined) {
    throw new AppError(
      "notFound",
      "This document belongs to no review that is open. Review the agent's changes again.",
    );
  }
  if (owner !== undefined) {
    const entryId = found.agent.reply(owner.commentId, text);
    if (isEdited) found.edit(entryId);
    return;
  }
  const { commentId, entryId } = found.agent.add(await placeOf(ports, found, thread), text);
  if (isEdited) found.edit(entryId);
  found.adopt(thread, commentId);
}

function threadsOf({ comments }: CommentCommandsPorts, uri: UriParts): ReviewThreads | undefined {
  const revision = parseReviewUri(uri);
  if (!revision.ok || revision.value.kind !== "revision") return undefined;
  return comments.find(revision.value.hostId, revision.value.sessionId);
}

/** Where a thread is, in terms that outlive the document. */
async function placeOf(
  { reader }: CommentCommandsPorts,
  { review }: ReviewThreads,
  { uri, range }: vscode.CommentThread,
): Promise<CommentPlace> {
  const revision = parseReviewUri(uri);
  const value = revision.ok && revision.value.kind === "revision" ? revision.value : undefined;
  const key = vscode.Uri.from(uri).toString();
  const isIt = (side: UriParts | undefined) => side !== undefined && vscode.Uri.from(side).toString() === key;
  const sides = review.changes.files.map((file) => ({ file, sides: sidesOf(review.target.hostId, file, undefined) }));
  const shown = sides.find(({ sides: [left, right] }) => isIt(left) || isIt(right));
  const side = shown !== undefined && isIt(shown.sides[0]) && !isIt(shown.sides[1]) ? "before" : "after";
  const { baseCommit, head } = review.changes;
  const path = shown === undefined ? (value?.path ?? uri.path.slice(1)) : pathOn(shown.file, side);
  const text = range && (await reader.read(uri)).text;
  return {
    path,
    basePath: shown?.file.before && (shown.file.oldPath ?? shown.file.path),
    side,
    oid: value?.oid,
    commit: shown && (side === "before" ? baseCommit : head),
    lines: range && text !== undefined ? anchorAt(text, range.start.line, range.end.line) : undefined,
  };
}

function pathOn(file: ChangedFile, side: "before" | "after"): string {
  return side === "before" ? (file.oldPath ?? file.path) : file.path;
}

async function quotedBy(ports: CommentCommandsPorts, thread: vscode.CommentThread): Promise<string | undefined> {
  const owner = ports.comments.ownerOf(thread);
  if (owner !== undefined) return owner.agent.get(owner.commentId)?.place.lines?.quoted;
  const { range, uri } = thread;
  if (range === undefined) return undefined;
  return anchorAt((await ports.reader.read(uri)).text, range.start.line, range.end.line).quoted;
}

/** The version that was commented beside the one that is shown. */
async function showChange({ agent, commentId, located }: ThreadOwner): Promise<void> {
  const { path, oid, lines } = agent.get(commentId)?.place ?? {};
  const shown = parseReviewUri(located.document);
  if (path === undefined || !shown.ok || shown.value.kind !== "revision") return;
  const before = toReviewUri({ ...shown.value, oid, sizeBytes: undefined, path });
  // Shown on the version that it was made on: the file is changed no more, or is gone.
  const isGone = shown.value.oid === oid;
  const after = isGone ? toReviewUri({ ...shown.value, oid: undefined, sizeBytes: undefined }) : located.document;
  const line = located.lines?.from ?? lines?.from ?? 0;
  await vscode.commands.executeCommand(
    "vscode.diff",
    vscode.Uri.from(before),
    vscode.Uri.from(after),
    vscode.l10n.t("{0} (since the comment)", located.path),
    { selection: new vscode.Range(line, 0, line, 0) },
  );
}

function setMode(note: unknown, mode: vscode.CommentMode): void {
  if (!(note instanceof Note)) return;
  note.mode = mode;
  const { thread } = note;
  thread.comments = thread.comments.map((each) =>
    each instanceof Note && each.entryId === note.entryId ? note : each,
  );
}

function replyOf(target: unknown): { thread: vscode.CommentThread; text: string } | undefined {
  if (typeof target !== "object" || target === null || !("thread" in target) || !("text" in target)) return undefined;
  const { thread, text } = target;
  return isThread(thread) && typeof text === "string" ? { thread, text } : undefined;
}

/** What VS Code passes is one of its own objects. */
function isThread(target: unknown): target is vscode.CommentThread {
  return typeof target === "object" && target !== null && "uri" in target && "comments" in target;
}
