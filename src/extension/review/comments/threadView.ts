import * as vscode from "vscode";
import { toVisibleText } from "../../../base/visibleText.ts";
import type { RoundAnswer } from "./agentAnswers.ts";
import type { Located } from "./commentPlaces.ts";
import type { CommentEntry, ReviewComment } from "./reviewComment.ts";

/** What a thread shows, without VS Code's classes but for its texts. */
export interface ThreadView {
  readonly label: string;
  /** `open` or `resolved` (nothing for drafts), `answered`, `changed`: for menus. */
  readonly contextValue: string;
  readonly isResolved: boolean;
  readonly notes: readonly NoteView[];
}

export interface NoteView {
  /** Of the entry it shows; absent for what was written here. */
  readonly entryId: string | undefined;
  readonly author: string;
  /** Plain text: nothing in it is read as markdown. */
  readonly text: string;
  readonly label: string | undefined;
  readonly contextValue: "draft" | "own" | "other";
}

export interface ThreadFacts {
  readonly comment: ReviewComment;
  readonly located: Located;
  readonly answer: RoundAnswer | undefined;
  /** Who this person is among the writers. */
  readonly by: string;
  /** The agent's title, for the eye. */
  readonly agent: string;
}

export function threadViewOf({ comment, located, answer, by, agent }: ThreadFacts): ThreadView {
  const isSent = comment.entries.some(({ isDraft }) => !isDraft);
  const status = comment.isResolved ? vscode.l10n.t("Resolved") : isSent ? answerLabel(answer) : vscode.l10n.t("Draft");
  const place = placeLabel(comment, located);
  const { quoted } = comment.place.lines ?? {};
  // On its own version an outdated comment stands only where the review has none.
  const isChanged = comment.place.oid !== undefined && (!located.isOwnVersion || located.kind === "outdated");
  const was = located.kind === "outdated" && quoted !== undefined ? [quotedNote(quoted)] : [];
  const said = answer?.kind === "answered" && answer.text !== "" ? [answerNote(agent, answer.text)] : [];
  const sent = comment.entries.filter(({ isDraft }) => !isDraft).map((entry) => noteOf(entry, by));
  const drafts = comment.entries.filter(({ isDraft }) => isDraft).map((entry) => noteOf(entry, by));
  return {
    label: place === undefined ? status : `${place} · ${status}`,
    contextValue: [
      ...(isSent ? [comment.isResolved ? "resolved" : "open"] : []),
      ...(answer !== undefined && answer.kind !== "queued" ? ["answered"] : []),
      ...(isChanged ? ["changed"] : []),
    ].join(" "),
    isResolved: comment.isResolved,
    notes: [...was, ...sent, ...said, ...drafts],
  };
}

function answerLabel(answer: RoundAnswer | undefined): string {
  switch (answer?.kind) {
    case "queued":
      return vscode.l10n.t("Sent, waits for the agent");
    case "working":
      return vscode.l10n.t("The agent is at it");
    case "stopped":
      return vscode.l10n.t("The agent was stopped before it was done");
    case "answered":
      return vscode.l10n.t("Answered");
    default:
      return vscode.l10n.t("Sent");
  }
}

function placeLabel({ place }: ReviewComment, { kind, path }: Located): string | undefined {
  const line = (place.lines?.from ?? 0) + 1;
  switch (kind) {
    case "moved":
      return path === place.path
        ? vscode.l10n.t("Moved from line {0}", line)
        : vscode.l10n.t("Moved from {0}", toVisibleText(place.path));
    case "outdated":
      return vscode.l10n.t("Outdated: these lines were changed");
    case "unpinned":
      return vscode.l10n.t("The lines may have moved");
    case "exact":
    default:
      return undefined;
  }
}

function noteOf({ id, text, by: writer, isDraft }: CommentEntry, by: string): NoteView {
  const isOwn = writer === by;
  return {
    entryId: id,
    author: isOwn ? vscode.l10n.t("You") : vscode.l10n.t("Another reviewer"),
    text: isOwn ? text : toVisibleText(text),
    label: isDraft ? vscode.l10n.t("Not sent") : undefined,
    contextValue: isDraft ? "draft" : isOwn ? "own" : "other",
  };
}

function quotedNote(quoted: string): NoteView {
  const text = toVisibleText(quoted);
  return { entryId: undefined, author: vscode.l10n.t("The lines were"), text, label: undefined, contextValue: "other" };
}

function answerNote(agent: string, text: string): NoteView {
  return { entryId: undefined, author: agent, text, label: vscode.l10n.t("Agent"), contextValue: "other" };
}
