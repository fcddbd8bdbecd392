import type { ChangedFile, RevisionContent } from "../../fleet/changedFiles.ts";
import { toReviewUri, type UriParts } from "../reviewUri.ts";
import { linesOf, type Placement, placeAnchor } from "./anchors.ts";
import type { CommentPlace } from "./reviewComment.ts";

/** A comment on a version that can be shown. */
export interface Located {
  readonly document: UriParts;
  readonly path: string;
  /** `unpinned`: nobody said what the lines were, so that nobody can tell whether they are the same. */
  readonly kind: Placement["kind"] | "unpinned";
  /** It is the version that the comment was made on. */
  readonly isOwnVersion: boolean;
  /** From 0, both in it; absent for the whole file. */
  readonly lines: { readonly from: number; readonly to: number } | undefined;
}

export interface PlacePorts {
  readonly hostId: string;
  readonly sessionId: string;
  /** `undefined` where the version is kept nowhere, or is no text. */
  readonly readText: (document: UriParts) => Promise<string | undefined>;
  /** Where git says that the files of a commit are in the review, by their paths there; only those that were renamed. */
  readonly renamedSince: (commit: string) => Promise<ReadonlyMap<string, string>>;
}

/**
 * Where a comment is among the files of a review, whatever happened to its file since. One whose file is not among them is
 * shown on the version that it was made on; `undefined` when there is none.
 */
export async function locate(
  place: CommentPlace,
  files: readonly ChangedFile[],
  ports: PlacePorts,
): Promise<Located | undefined> {
  const own = ownVersion(place, ports);
  const found = findVersion(place, files) ?? (await findRenamed(place, files, ports));
  const blob = found?.content.blob;
  if (found === undefined || blob === undefined) {
    return own && { document: own, path: place.path, kind: "outdated", isOwnVersion: true, lines: place.lines };
  }
  const { hostId } = ports;
  const { path, content } = found;
  const document = toReviewUri({ hostId, ...blob, sizeBytes: content.sizeBytes, path });
  const { lines } = place;
  const isOwnVersion = blob.oid === place.oid;
  const at = { document, path, isOwnVersion };
  const atHome = isOwnVersion && path === place.path ? "exact" : "moved";
  if (lines === undefined) return { ...at, kind: atHome, lines };
  const { quoted, from, to } = lines;
  if (quoted === undefined) return { ...at, kind: "unpinned", lines };
  const [before, after] = await Promise.all([own && ports.readText(own), ports.readText(document)]);
  if (after === undefined) {
    return isOwnVersion ? { ...at, kind: atHome, lines } : { ...at, kind: "outdated", lines: undefined };
  }
  const placed = placeAnchor({ from, to, quoted }, holds(before, quoted, from) ? before : undefined, after);
  const kind = placed.kind === "exact" && path !== place.path ? "moved" : placed.kind;
  return { ...at, kind, lines: { from: placed.from, to: placed.to } };
}

/** What other clients say of a version is checked against it. */
function holds(text: string | undefined, quoted: string, from: number): boolean {
  if (text === undefined) return false;
  const lines = linesOf(quoted);
  return (
    linesOf(text)
      .slice(from, from + lines.length)
      .join("\n") === quoted
  );
}

function ownVersion({ path, oid }: CommentPlace, { hostId, sessionId }: PlacePorts): UriParts | undefined {
  return oid === undefined ? undefined : toReviewUri({ hostId, sessionId, oid, path });
}

interface Version {
  readonly path: string;
  readonly content: RevisionContent;
}

/** The version of the comment's file that a review shows on the comment's side, as far as the files themselves tell. */
function findVersion(place: CommentPlace, files: readonly ChangedFile[]): Version | undefined {
  const versions = files.flatMap((file) => {
    const content = place.side === "before" ? file.before : file.after;
    const basePath = file.oldPath ?? file.path;
    const path = place.side === "before" ? basePath : file.path;
    return content === undefined ? [] : [{ path, basePath: file.before && basePath, content }];
  });
  const wanted: readonly ((version: (typeof versions)[number]) => boolean)[] = [
    ({ path, content }) => path === place.path && content.blob?.oid === place.oid,
    ({ path }) => path === place.path,
    ({ basePath }) => basePath !== undefined && basePath === place.basePath,
    ({ content }) => place.oid !== undefined && content.blob?.oid === place.oid,
  ];
  for (const fits of wanted) {
    const version = versions.find(fits);
    if (version !== undefined) return version;
  }
  return undefined;
}

/** One that the agent made, then renamed and edited: only a comparison of both commits tells. */
async function findRenamed(
  place: CommentPlace,
  files: readonly ChangedFile[],
  { renamedSince }: PlacePorts,
): Promise<Version | undefined> {
  if (place.commit === undefined || place.side === "before") return undefined;
  const path = (await renamedSince(place.commit)).get(place.path);
  return path === undefined ? undefined : findVersion({ ...place, path, oid: undefined, basePath: undefined }, files);
}
