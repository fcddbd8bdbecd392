import * as vscode from "vscode";
import { toVisibleText } from "../../base/visibleText.ts";
import { type ChangedFile, submoduleMode, symlinkMode } from "../fleet/changedFiles.ts";
import { displayPath } from "./reviewUri.ts";
import { commitName, formatBytes, maxDocumentBytes } from "./revisionText.ts";

/** What of a file changed, where it is not simply its lines. */
export type ChangeKind = "lines" | "mode" | "path" | "link" | "submodule" | "binary" | "tooLarge";

export function kindOf(file: ChangedFile): ChangeKind {
  const { before, after, mode, oldMode, oldPath, isBinary } = file;
  if (mode === submoduleMode || oldMode === submoduleMode) return "submodule";
  if (mode === symlinkMode || oldMode === symlinkMode) return "link";
  const isSame = before?.blob !== undefined && before.blob.oid === after?.blob?.oid;
  if (isSame && oldPath === undefined && mode !== oldMode) return "mode";
  if (isSame && oldPath !== undefined) return "path";
  if (Math.max(before?.sizeBytes ?? 0, after?.sizeBytes ?? 0) > maxDocumentBytes) return "tooLarge";
  return isBinary === true ? "binary" : "lines";
}

/** In a few words, for the eye: `renamed from old.ts, binary, 12.0 KB → 14.0 KB`. Empty for what is simply edited. */
export function changeText(file: ChangedFile): string {
  const kind = kindOf(file);
  const { before, after, oldPath, status, mode, oldMode } = file;
  const sizes = [before?.sizeBytes, after?.sizeBytes].filter((size) => size !== undefined).map(formatBytes);
  const words = [
    status === "renamed" && oldPath !== undefined
      ? vscode.l10n.t("renamed from {0}", toVisibleText(displayPath(oldPath)))
      : "",
    status === "added" ? vscode.l10n.t("added") : status === "deleted" ? vscode.l10n.t("deleted") : "",
    kind === "link" ? vscode.l10n.t("symbolic link") : kind === "submodule" ? submoduleText(file) : "",
    kind === "binary"
      ? vscode.l10n.t("binary, {0}", sizes.join(" → "))
      : kind === "tooLarge"
        ? vscode.l10n.t("too large, {0}", sizes.join(" → "))
        : "",
    oldMode !== undefined && mode !== oldMode && before && after
      ? vscode.l10n.t("mode {0} → {1}", oldMode, mode ?? "")
      : "",
  ];
  return words.filter((word) => word !== "").join(", ");
}

/** The commits that it stood and stands at: `submodule, 1a2b3c4 → 5d6e7f8`. */
function submoduleText({ before, after, mode, oldMode }: ChangedFile): string {
  const sides = [oldMode === submoduleMode ? before : undefined, mode === submoduleMode ? after : undefined];
  const commits = sides.flatMap((side) => (side?.blob === undefined ? [] : [commitName(side.blob.oid)]));
  return [vscode.l10n.t("submodule"), commits.join(" → ")].filter((word) => word !== "").join(", ");
}
