import type { FileEdit } from "../../protocol/content.ts";
import { filePathOf as pathOfUri } from "../../protocol/filePath.ts";

export type FileStatus = "added" | "modified" | "deleted" | "renamed";

/** The path of an edit's file as people say it: after the edit, or before it for a deleted file. */
export function filePathOf(edit: FileEdit, directories?: readonly string[]): string {
  const side = edit.after ?? edit.before;
  return side === undefined ? "" : pathOfUri(side.uri, directories);
}

/** The path before a rename. */
export function oldPathOf(edit: FileEdit, directories?: readonly string[]): string | undefined {
  if (edit.before === undefined || edit.after === undefined) return undefined;
  const path = pathOfUri(edit.before.uri, directories);
  return path === filePathOf(edit, directories) ? undefined : path;
}

export function fileStatusOf(edit: FileEdit): FileStatus {
  if (edit.before === undefined) return "added";
  if (edit.after === undefined) return "deleted";
  return oldPathOf(edit) === undefined ? "modified" : "renamed";
}
