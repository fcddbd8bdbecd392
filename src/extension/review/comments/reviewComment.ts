import * as z from "zod/mini";
import type { Annotation, AnnotationEntry } from "../../../protocol/annotations.ts";
import { META_NS } from "../../../protocol/fleet.ts";
import { fleetMeta } from "../../../protocol/fleetMeta.ts";
import { compact } from "../../../protocol/schema.ts";
import { fileUri, parseFileUri } from "../../../protocol/uris.ts";

/** What a comment was made on: lines of one version of a file, which never changes. */
export const CommentPlace = z.object({
  path: z.string(),
  /** The same file in the base commit, if it was there. */
  basePath: z.optional(z.string()),
  /** Of the diff that showed it. */
  side: z.enum(["before", "after"]),
  /** Git object id of the version. Other clients name none. */
  oid: z.optional(z.string()),
  commit: z.optional(z.string()),
  /** Lines from 0, both in it, and what they say; absent for the whole file. */
  lines: z.optional(z.object({ from: z.number(), to: z.number(), quoted: z.optional(z.string()) })),
});
export type CommentPlace = z.infer<typeof CommentPlace>;

export interface CommentEntry {
  readonly id: string;
  readonly text: string;
  /** Who wrote it, as `AnnotationEntry` tells; `undefined` for other clients. */
  readonly by: string | undefined;
  /** The agent does not have it yet. */
  readonly isDraft: boolean;
}

/** A thread on one place, as it is shown. */
export interface ReviewComment {
  readonly id: string;
  readonly place: CommentPlace;
  readonly isResolved: boolean;
  readonly entries: readonly CommentEntry[];
}

/** A comment as the protocol carries it, for every client of the session. */
export function toAnnotation(
  { id, place, isResolved, entries }: ReviewComment,
  { session, sessionId, chat }: { readonly session: string; readonly sessionId: string; readonly chat: string },
): Annotation {
  const { side, oid, commit, basePath, lines } = place;
  const quoted = lines?.quoted;
  const range = lines && {
    start: { line: lines.from, character: 0 },
    end: { line: lines.to, character: quoted?.split("\n").at(-1)?.length ?? 0 },
  };
  return {
    id,
    origin: { session, chat },
    resource: fileUri(sessionId, place.path),
    ...(range && { range }),
    resolved: isResolved,
    entries: entries.map(toAnnotationEntry),
    ...(oid !== undefined && { _meta: { [META_NS]: compact({ side, blob: oid, commit, basePath, quoted }) } }),
  };
}

export function toAnnotationEntry({ id, text, by }: CommentEntry): AnnotationEntry {
  return { id, text, ...(by !== undefined && { _meta: { [META_NS]: { by } } }) };
}

/** `undefined` for one about something that is no file of the session's. */
export function fromAnnotation(annotation: Annotation): ReviewComment | undefined {
  const file = parseFileUri(annotation.resource);
  if (file === undefined) return undefined;
  const told = fleetMeta("annotation", annotation);
  const { range } = annotation;
  const place: CommentPlace = compact({
    path: file.path,
    side: told?.side === "before" ? ("before" as const) : ("after" as const),
    oid: told?.blob,
    commit: told?.commit,
    basePath: told?.basePath,
    lines: range && compact({ from: range.start.line, to: lastLine(range), quoted: told?.quoted }),
  });
  const entries = annotation.entries.map((entry) => ({
    id: entry.id,
    text: entry.text,
    by: fleetMeta("annotationEntry", entry)?.by,
    isDraft: false,
  }));
  return { id: annotation.id, place, isResolved: annotation.resolved, entries };
}

/** A range that ends where a line begins has nothing of that line. */
function lastLine({ start, end }: NonNullable<Annotation["range"]>): number {
  return end.character === 0 && end.line > start.line ? end.line - 1 : Math.max(start.line, end.line);
}
