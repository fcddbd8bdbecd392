import type { ChangesetFile, ChangesetOperation } from "../../protocol/changeset.ts";
import type { FileSide } from "../../protocol/content.ts";
import { META_NS } from "../../protocol/fleet.ts";
import type { Meta } from "../../protocol/schema.ts";
import { blobUri, fileUri } from "../../protocol/uris.ts";
import { totalsOf } from "../workspaces/changes.ts";
import type { ChangedFile, FileVersion } from "../workspaces/workspace.ts";

/** A changeset is one state; beyond this many files it would not fit into a message. */
export const MAX_CHANGESET_FILES = 3_000;

/** The files of a changeset, and how many there are in truth where not all of them are listed. */
export function changesetOf(
  sessionId: string,
  changed: readonly ChangedFile[],
): { readonly files: ChangesetFile[]; readonly _meta?: Meta } {
  const files = toChangesetFiles(sessionId, changed);
  if (files.length === changed.length) return { files };
  return { files, _meta: { [META_NS]: { ...totalsOf(changed), shown: files.length } } };
}

/** What git says as AHP tells it: both sides are immutable blobs, a file's identity is its path. */
export function toChangesetFiles(sessionId: string, files: readonly ChangedFile[]): ChangesetFile[] {
  return files.slice(0, MAX_CHANGESET_FILES).map((file) => toChangesetFile(sessionId, file));
}

function toChangesetFile(sessionId: string, file: ChangedFile): ChangesetFile {
  const { path, oldPath, status, before, after, additions, deletions, binary } = file;
  const modes = { ...(before && { oldMode: before.mode }), ...(after && { mode: after.mode }) };
  return {
    id: path,
    edit: {
      ...(before && { before: toSide(sessionId, oldPath ?? path, before) }),
      ...(after && { after: toSide(sessionId, path, after) }),
      diff: { added: additions, removed: deletions },
    },
    _meta: { [META_NS]: { status, ...modes, ...(binary && { binary }), ...(oldPath !== undefined && { oldPath }) } },
  };
}

function toSide(sessionId: string, path: string, version: FileVersion): FileSide {
  return { uri: fileUri(sessionId, path), content: { uri: blobUri(sessionId, version.oid), sizeHint: version.size } };
}

/** The files with the review marks of those that are unchanged since. */
export function keepReviewed(files: readonly ChangesetFile[], before: readonly ChangesetFile[]): ChangesetFile[] {
  const reviewed = new Map(before.filter((file) => file.reviewed).map((file) => [file.id, JSON.stringify(file.edit)]));
  return files.map((file) =>
    reviewed.get(file.id) === JSON.stringify(file.edit) ? { ...file, reviewed: true } : file,
  );
}

/** What may be done with the branch changeset; a push needs something recorded to push. */
export function branchOperations(head: string | undefined): ChangesetOperation[] {
  const status = head === undefined ? "disabled" : "idle";
  return [{ id: "push", label: "Push branch", scopes: ["changeset"], icon: "repo-push", status }];
}
