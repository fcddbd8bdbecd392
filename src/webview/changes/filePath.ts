import type { FileEdit } from "../../protocol/content.ts";
import { parseFileUri } from "../../protocol/uris.ts";

export type FileStatus = "added" | "modified" | "deleted" | "renamed";

/** The path of an edit's file as people say it: after the edit, or before it for a deleted file. */
export function filePathOf(edit: FileEdit): string {
  const side = edit.after ?? edit.before;
  return side === undefined ? "" : pathOfUri(side.uri);
}

/** The path before a rename. */
export function oldPathOf(edit: FileEdit): string | undefined {
  if (edit.before === undefined || edit.after === undefined) return undefined;
  const path = pathOfUri(edit.before.uri);
  return path === filePathOf(edit) ? undefined : path;
}

export function fileStatusOf(edit: FileEdit): FileStatus {
  if (edit.before === undefined) return "added";
  if (edit.after === undefined) return "deleted";
  return oldPathOf(edit) === undefined ? "modified" : "renamed";
}

/** Hosts that are not ours name files in their own way: the URI's path is the best that can be said. */
function pathOfUri(uri: string): string {
  const own = parseFileUri(uri);
  if (own !== undefined) return own.path;
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:(?:\/\/[^/?#]*)?/i, "").replace(/[?#].*$/s, "");
  try {
    return decodeURIComponent(path).replace(/^\/+/, "");
  } catch {
    return path.replace(/^\/+/, "");
  }
}
