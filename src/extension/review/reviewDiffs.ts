import { toLine } from "../../base/visibleText.ts";
import type { ChangedFile, RevisionContent } from "../fleet/changedFiles.ts";
import { displayPath, toReviewUri, type UriParts } from "./reviewUri.ts";

/** What an agent's branch changed, at the moment it was read. */
export interface BranchChanges {
  /** The agent's title. */
  readonly title: string;
  readonly baseCommit: string | undefined;
  /** The commit that a person who reads these files has reviewed. Never newer than `files`. */
  readonly head: string | undefined;
  /** A turn runs: `files` may show more than `head` holds. */
  readonly isMoving: boolean;
  readonly files: readonly ChangedFile[];
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

function sideUri(hostId: string, path: string, content: RevisionContent | undefined): UriParts | undefined {
  if (content?.blob === undefined) return undefined;
  return toReviewUri({
    hostId,
    sessionId: content.blob.sessionId,
    oid: content.blob.oid,
    sizeBytes: content.sizeBytes,
    path,
  });
}

/** Both sides of a file; `undefined` for a host that does not address content by revision. */
function rowOf(hostId: string, file: ChangedFile): DiffRow | undefined {
  const left = sideUri(hostId, file.oldPath ?? file.path, file.before);
  const right = sideUri(hostId, file.path, file.after);
  const label = right ?? left;
  const isPinned = (file.before === undefined || left) && (file.after === undefined || right);
  return label === undefined || !isPinned ? undefined : { label, left, right };
}

const commitLength = 7;

/** `abc1234..def5678`, as git writes a range; what is unknown is left out. */
export function rangeText(changes: Pick<BranchChanges, "baseCommit" | "head">): string {
  const [base, head] = [changes.baseCommit?.slice(0, commitLength), changes.head?.slice(0, commitLength)];
  return base !== undefined && head !== undefined ? `${base}..${head}` : (head ?? base ?? "uncommitted");
}

/** All files of the branch for `vscode.changes`. Files whose content is not pinned are left out and counted. */
export function toMultiDiff(hostId: string, changes: BranchChanges): MultiDiff & { readonly unpinned: number } {
  const rows = changes.files.map((file) => rowOf(hostId, file));
  const pinned = rows.filter((row) => row !== undefined);
  return {
    title: `${toLine(changes.title, 80)} (${rangeText(changes)}${changes.isMoving ? ", still working" : ""})`,
    rows: pinned,
    unpinned: rows.length - pinned.length,
  };
}

/** One file for `vscode.diff`, which needs both sides: the missing one is an empty document. */
export function toFileDiff(hostId: string, changes: BranchChanges, file: ChangedFile): FileDiff | undefined {
  const row = rowOf(hostId, file);
  const sessionId = (file.after ?? file.before)?.blob?.sessionId;
  if (row === undefined || sessionId === undefined) return undefined;
  const empty = toReviewUri({ hostId, sessionId, path: file.path });
  const name = displayPath(file.path);
  const moved = file.oldPath === undefined ? name : `${displayPath(file.oldPath)} → ${name}`;
  return {
    title: `${moved} (${toLine(changes.title, 80)}, ${rangeText(changes)})`,
    left: row.left ?? empty,
    right: row.right ?? empty,
  };
}
