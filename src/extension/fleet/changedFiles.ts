import type { ChangesetState } from "../../protocol/changeset.ts";
import type { FileSide } from "../../protocol/content.ts";
import { filePathOf } from "../../protocol/filePath.ts";
import { META_NS } from "../../protocol/fleet.ts";
import { parseBlobUri } from "../../protocol/uris.ts";

/** Git's file modes of what is no ordinary file. */
export const symlinkMode = "120000";
export const submoduleMode = "160000";

/** One side of a changed file. With `blob`, content that never changes under its address; else it may be a live file. */
export interface RevisionContent {
  /** What `resourceRead` takes. */
  readonly uri: string;
  /** Git object id and session, where the host addresses content by them. */
  readonly blob: { readonly sessionId: string; readonly oid: string } | undefined;
  readonly sizeBytes: number | undefined;
}

/** A file of a changeset as people speak of it. */
export interface ChangedFile {
  readonly id: string;
  /** Relative to the repository or the working directory; the old path of a deleted file. */
  readonly path: string;
  /** Only of a renamed file. */
  readonly oldPath: string | undefined;
  readonly status: "added" | "modified" | "deleted" | "renamed";
  readonly before: RevisionContent | undefined;
  readonly after: RevisionContent | undefined;
  /** Lines; 0 where the host tells none (binary files). */
  readonly added: number;
  readonly removed: number;
  /** `undefined` where the host does not say. */
  readonly isBinary: boolean | undefined;
  /** Git file mode after the change (such as `symlinkMode`), where the host tells it. */
  readonly mode: string | undefined;
  /** Before it, likewise. */
  readonly oldMode: string | undefined;
}

function contentOf(side: FileSide | undefined): RevisionContent | undefined {
  if (side === undefined) return undefined;
  return { uri: side.content.uri, blob: parseBlobUri(side.content.uri), sizeBytes: side.content.sizeHint };
}

/** The host's own remarks on a file; anything of another shape is as if it said nothing. */
function remarksOf(meta: Readonly<Record<string, unknown>> | undefined): {
  isBinary: boolean | undefined;
  mode: string | undefined;
  oldMode: string | undefined;
} {
  const own = meta?.[META_NS];
  if (typeof own !== "object" || own === null) return { isBinary: undefined, mode: undefined, oldMode: undefined };
  const modeOf = (key: string) => {
    const mode: unknown = Reflect.get(own, key);
    return typeof mode === "string" ? mode : undefined;
  };
  const oldMode = modeOf("oldMode");
  return { isBinary: Reflect.get(own, "binary") === true, mode: modeOf("mode") ?? oldMode, oldMode };
}

/**
 * The files of a changeset, by path. An entry with neither side says nothing and is left out.
 *
 * @param directories URIs of the session's working directories, for hosts that name files by their absolute place.
 */
export function changedFilesOf(
  state: Pick<ChangesetState, "files">,
  directories: readonly string[] = [],
): readonly ChangedFile[] {
  const files = state.files.flatMap((file): ChangedFile[] => {
    const { before, after, diff } = file.edit;
    const side = after ?? before;
    if (side === undefined) return [];
    const path = filePathOf(side.uri, directories);
    const oldPath = before !== undefined && after !== undefined ? filePathOf(before.uri, directories) : path;
    return [
      {
        id: file.id,
        path,
        oldPath: oldPath === path ? undefined : oldPath,
        status: statusOf(before, after, oldPath !== path),
        before: contentOf(before),
        after: contentOf(after),
        added: diff?.added ?? 0,
        removed: diff?.removed ?? 0,
        ...remarksOf(file._meta),
      },
    ];
  });
  return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function statusOf(before: FileSide | undefined, after: FileSide | undefined, moved: boolean): ChangedFile["status"] {
  if (before === undefined) return "added";
  if (after === undefined) return "deleted";
  return moved ? "renamed" : "modified";
}

/** Sums over files, in lines. */
export function totalsOf(files: readonly Pick<ChangedFile, "added" | "removed">[]): { added: number; removed: number } {
  return files.reduce((sum, file) => ({ added: sum.added + file.added, removed: sum.removed + file.removed }), {
    added: 0,
    removed: 0,
  });
}
