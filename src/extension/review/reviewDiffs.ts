import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import { type ChangedFile, type RevisionContent, submoduleMode, symlinkMode } from "../fleet/changedFiles.ts";
import { kindOf } from "./changeKinds.ts";
import { displayPath, toReviewUri, toSnapshotUri, type UriParts } from "./reviewUri.ts";
import { commitName } from "./revisionText.ts";
import type { SnapshotIds } from "./snapshots.ts";

/** What an agent's branch changed, at the moment it was read. */
export interface BranchChanges {
  /** The agent's title. */
  readonly title: string;
  /** Where the host serves live files instead of revisions: what the changes are called, and when they were read. */
  readonly snapshot: TakenSnapshot | undefined;
  readonly baseCommit: string | undefined;
  /** The commit that a person who reads these files has reviewed. Never newer than `files`. */
  readonly head: string | undefined;
  /** A turn runs: `files` may show more than `head` holds. */
  readonly isMoving: boolean;
  readonly files: readonly ChangedFile[];
}

export interface TakenSnapshot {
  /** The host's name of the changeset, such as "Branch Changes". */
  readonly label: string | undefined;
  /** ms since the epoch. */
  readonly atMs: number;
  readonly ids: SnapshotIds;
}

/** One row of the multi-diff: what names it, and its sides. An absent side means that the file is not there. */
export interface DiffRow {
  readonly label: UriParts;
  readonly left: UriParts | undefined;
  readonly right: UriParts | undefined;
}

export interface MultiDiff {
  readonly title: string;
  readonly rows: readonly DiffRow[];
}

export interface FileDiff {
  readonly title: string;
  readonly left: UriParts;
  readonly right: UriParts;
}

function sideUri(
  hostId: string,
  path: string,
  content: RevisionContent | undefined,
  mode: string | undefined,
  taken: TakenSnapshot | undefined,
): UriParts | undefined {
  if (content === undefined) return undefined;
  // Without a snapshot the document says that there is none.
  if (content.blob === undefined) return toSnapshotUri(taken?.ids.get(content.uri) ?? "none", path);
  return toReviewUri({
    hostId,
    sessionId: content.blob.sessionId,
    oid: content.blob.oid,
    sizeBytes: content.sizeBytes,
    mode,
    path,
  });
}

/** Links and submodules are no text, and of a file of which only the mode changed that is all there is to see. */
function shownMode(mode: string | undefined, isModeOnly: boolean): string | undefined {
  return isModeOnly || mode === symlinkMode || mode === submoduleMode ? mode : undefined;
}

/** Where the texts of a file before and after are. */
export function sidesOf(
  hostId: string,
  file: ChangedFile,
  taken: TakenSnapshot | undefined,
): readonly [UriParts | undefined, UriParts | undefined] {
  const isModeOnly = kindOf(file) === "mode";
  return [
    sideUri(hostId, file.oldPath ?? file.path, file.before, shownMode(file.oldMode, isModeOnly), taken),
    sideUri(hostId, file.path, file.after, shownMode(file.mode, isModeOnly), taken),
  ];
}

/** Both sides of a file; one of them is there. */
function rowOf(hostId: string, file: ChangedFile, taken: TakenSnapshot | undefined): DiffRow | undefined {
  const [left, right] = sidesOf(hostId, file, taken);
  const label = right ?? left;
  return label && { label, left, right };
}

/** `abc1234..def5678`, as git writes a range; what is unknown is left out. A snapshot has its time instead. */
export function rangeText(changes: Pick<BranchChanges, "baseCommit" | "head" | "snapshot">): string {
  if (changes.snapshot !== undefined) {
    const { label, atMs } = changes.snapshot;
    if (label === undefined) return vscode.l10n.t("as of {0}", timeOf(atMs));
    return vscode.l10n.t("{0} as of {1}", toLine(label, 40), timeOf(atMs));
  }
  const [base, head] = [changes.baseCommit, changes.head].map((commit) => commit && commitName(commit));
  return base !== undefined && head !== undefined ? `${base}..${head}` : (head ?? base ?? vscode.l10n.t("uncommitted"));
}

/** `14:03:27`, in the local time of whoever reads it. */
function timeOf(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8);
}

/** All files of the branch for `vscode.changes`. */
export function toMultiDiff(hostId: string, changes: BranchChanges): MultiDiff {
  return {
    title: `${toLine(changes.title, 80)} (${rangeText(changes)}${changes.isMoving ? `, ${vscode.l10n.t("still working")}` : ""})`,
    rows: changes.files.flatMap((file) => rowOf(hostId, file, changes.snapshot) ?? []),
  };
}

/** One file for `vscode.diff`, which needs both sides: the missing one is an empty document. */
export function toFileDiff(hostId: string, changes: BranchChanges, file: ChangedFile): FileDiff | undefined {
  const row = rowOf(hostId, file, changes.snapshot);
  if (row === undefined) return undefined;
  const sessionId = (file.after ?? file.before)?.blob?.sessionId ?? "none";
  const empty = toReviewUri({ hostId, sessionId, path: file.path });
  const nameOf = (path: string) => toLine(displayPath(path), 200);
  const name = nameOf(file.path);
  const moved = file.oldPath === undefined ? name : `${nameOf(file.oldPath)} → ${name}`;
  return {
    title: `${moved} (${toLine(changes.title, 80)}, ${rangeText(changes)})`,
    left: row.left ?? empty,
    right: row.right ?? empty,
  };
}
