import type { FleetOverlap } from "../../protocol/fleetConflicts.ts";
import type { Overlap } from "../../protocol/coordinationReport.ts";
import { toLine } from "../../base/visibleText.ts";
import { t } from "../kit/l10n.ts";

/** The letter in a cell of the matrix, so that colour is not all that tells. */
export const overlapLetters: Readonly<Record<FleetOverlap, string>> = {
  none: "·",
  sameFile: "F",
  sameHunk: "L",
  conflict: "C",
  "(unknown)": "?",
};

export const overlapClasses = ["conflict", "sameHunk", "sameFile"] as const;

export function overlapName(overlap: FleetOverlap): string {
  switch (overlap) {
    case "conflict":
      return t("conflict");
    case "sameHunk":
      return t("same lines");
    case "sameFile":
      return t("same file");
    case "none":
      return t("nothing in common");
    case "(unknown)":
    default:
      return t("unknown");
  }
}

export function overlapMeaning(overlap: (typeof overlapClasses)[number]): string {
  switch (overlap) {
    case "conflict":
      return t("git can't merge the two");
    case "sameHunk":
      return t("the same or neighbouring lines; git can merge them");
    case "sameFile":
    default:
      return t("the same files, in places apart");
  }
}

/** "conflict in a.ts, b.ts and 3 more". */
export function overlapText({ overlap, files, fileCount }: Overlap): string {
  if (fileCount === 0) return overlapName(overlap);
  const shown = files.slice(0, 4).map((file) => toLine(file, 120));
  const left = fileCount - shown.length;
  const names = left > 0 ? t("{0} and {1} more", shown.join(", "), left) : shown.join(", ");
  return t("{0} in {1}", overlapName(overlap), names);
}
