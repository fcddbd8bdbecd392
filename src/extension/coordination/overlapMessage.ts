import { cutText, fenceCode } from "../../base/markdownQuotes.ts";
import { toLine, toVisibleText } from "../../base/visibleText.ts";
import type { PartHunk, PartsFile } from "../../protocol/fleetParts.ts";

export interface OverlapMessageFacts {
  /** The agents by their sessions; for the base branch its name is under the empty text. */
  readonly nameOf: (session: string) => string;
  readonly branchOf: (session: string) => string | undefined;
  readonly first: string;
  /** Empty for the base branch. */
  readonly second: string;
  readonly isConflict: boolean;
  readonly files: readonly PartsFile[];
  /** Where no file was read: their names. */
  readonly paths: readonly string[];
}

const maxFiles = 10;
const maxHunks = 5;
const maxLength = 12_000;

/**
 * What a person may tell agents about an overlap: facts that git says, and what to do about them. It is shown and edited
 * before it is sent. What agents wrote stands in blocks of code, out of which it cannot get.
 */
export function overlapMessage(facts: OverlapMessageFacts): string {
  const { first, second, paths, isConflict } = facts;
  const files = facts.files.filter(isDifferent);
  const side = (session: string) => {
    const branch = facts.branchOf(session);
    return `"${toLine(facts.nameOf(session), 80)}"${branch === undefined ? "" : ` (branch ${toLine(branch, 120)})`}`;
  };
  const meets = isConflict ? "can't be merged with each other" : "change the same places";
  const opening =
    second === ""
      ? `The base branch ${toLine(facts.nameOf(""), 80)} has changed since this work began, and git ${isConflict ? "can't merge" : "would have to merge"} the two.`
      : `The work of two agents on this repository overlaps: the branches of ${side(first)} and ${side(second)} ${meets}.`;
  const sections = files.slice(0, maxFiles).map((file) => fileSection(file, facts.nameOf));
  const listed = files.length > 0 ? sections : [`Files: ${paths.slice(0, 30).map(quotedPath).join(", ")}`];
  const left = files.length - maxFiles;
  const more = left > 0 ? [`… and ${left} more files.`] : [];
  const request =
    second === ""
      ? "Look at what the base branch has changed there, and change your work so that the two fit together. Say so if you need a decision."
      : "Check whether your change still needs to touch these lines. If it does, keep it as small as you can, so that both can be merged; say so if you need a decision.";
  return cutText([opening, ...listed, ...more, request].join("\n\n"), maxLength);
}

/** Both made the same of it otherwise: nothing that one of them has to give way to. */
function isDifferent({ parts }: PartsFile): boolean {
  const versions = new Set(parts.map(({ blob }) => blob?.oid));
  return versions.size !== 1 || versions.has(undefined);
}

function fileSection({ path, parts }: PartsFile, nameOf: (session: string) => string): string {
  const met = parts.flatMap(({ session, status, hunks, additions, deletions }) => {
    const meeting = hunks.filter(({ meets }) => meets === true);
    const name = toLine(nameOf(session), 80);
    if (meeting.length === 0) return [`${name} ${verbs[status] ?? "changes"} the file (+${additions} -${deletions}).`];
    const left = meeting.length - maxHunks;
    const text = meeting.slice(0, maxHunks).map(hunkText).join("\n");
    return [`${name}:`, fenceCode(left > 0 ? `${text}\n… ${left} more places` : text, "diff")];
  });
  return [`In ${quotedPath(path)}:`, ...met].join("\n");
}

const verbs: Readonly<Record<string, string>> = { added: "adds", deleted: "deletes" };

function hunkText({ start, lines, removed, added, isCut }: PartHunk): string {
  const where = `@@ line ${start}${lines > 1 ? ` to ${start + lines - 1}` : ""} @@`;
  const body = [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)].map(toVisibleText);
  return [where, ...body, ...(isCut ? ["…"] : [])].join("\n");
}

function quotedPath(path: string): string {
  return `\`${toLine(path, 200).replaceAll("`", "'")}\``;
}
