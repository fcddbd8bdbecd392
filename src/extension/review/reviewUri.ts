import * as z from "zod/mini";
import { err, ok, type Result } from "../../base/result.ts";
import { toVisibleText } from "../../base/visibleText.ts";
import { SCHEMES } from "../ids.ts";

/** The parts of a `vscode.Uri`, decoded. `vscode.Uri.from` takes them, and a `vscode.Uri` has them. */
export interface UriParts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/**
 * A revision of a file that never changes: git blob `oid` of a session on a host. Without `oid` it is the side of a
 * diff where the file does not exist. `path` serves titles and the choice of a language, never a look-up.
 */
export interface Revision {
  readonly kind: "revision";
  readonly hostId: string;
  readonly sessionId: string;
  readonly oid?: string | undefined;
  readonly sizeBytes?: number | undefined;
  /** Git's mode where that is what is shown: of a link, of a submodule, of a file of which nothing else changed. */
  readonly mode?: string | undefined;
  readonly path: string;
}

/** What a file held when it was read, kept in this window under an id. */
export interface Snapshot {
  readonly kind: "snapshot";
  readonly id: string;
  readonly path: string;
}

export type ReviewDocument = Revision | Snapshot;

const SnapshotQuery = z.object({ snapshot: z.string().check(z.regex(/^[A-Za-z0-9-]{1,64}$/)) });

const RevisionQuery = z.object({
  host: z.string().check(z.minLength(1), z.maxLength(200)),
  session: z.string().check(z.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/)),
  blob: z.string().check(z.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})?$/)),
  size: z.optional(z.string().check(z.regex(/^\d{1,15}$/))),
  mode: z.optional(z.string().check(z.regex(/^[0-7]{6}$/))),
});

/**
 * What every path of a review begins with. `files.associations` in package.json gives JSON below it a language that no
 * service reads: VS Code's would fetch the `$schema` that an agent wrote (rule CON-9).
 */
const ROOT = "/agent-files/";

/** A path for the eye: relative, without climbing, hidden characters written out. */
export function displayPath(path: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== "." && segment !== "..");
  const shown = toVisibleText(segments.join("/")).replaceAll("\n", "‹U+000A›").replaceAll("\t", "‹U+0009›");
  return shown === "" ? "file" : shown;
}

/** Same document, same URI: it never changes under an editor and may be cached for ever. */
export function toReviewUri(revision: Omit<Revision, "kind">): UriParts {
  const query = new URLSearchParams({
    host: revision.hostId,
    session: revision.sessionId,
    blob: revision.oid ?? "",
    ...(revision.sizeBytes === undefined ? {} : { size: String(revision.sizeBytes) }),
    ...(revision.mode === undefined ? {} : { mode: revision.mode }),
  });
  return {
    scheme: SCHEMES.revision,
    authority: "",
    path: `${ROOT}${displayPath(revision.path)}`,
    query: query.toString(),
  };
}

/** Names the text only: a link to it that somebody else made leads nowhere. */
export function toSnapshotUri(id: string, path: string): UriParts {
  const query = new URLSearchParams({ snapshot: id });
  return { scheme: SCHEMES.revision, authority: "", path: `${ROOT}${displayPath(path)}`, query: query.toString() };
}

/** The document that a URI names; an error for anything that was not built here. */
export function parseReviewUri(uri: UriParts): Result<ReviewDocument, "notAReviewUri"> {
  if (uri.scheme !== SCHEMES.revision || uri.authority !== "" || !uri.path.startsWith(ROOT))
    return err("notAReviewUri");
  const parameters = Object.fromEntries(new URLSearchParams(uri.query));
  const snapshot = SnapshotQuery.safeParse(parameters);
  if (snapshot.success) return ok({ kind: "snapshot", id: snapshot.data.snapshot, path: uri.path.slice(ROOT.length) });
  const query = RevisionQuery.safeParse(parameters);
  if (!query.success) return err("notAReviewUri");
  const { host, session, blob, size, mode } = query.data;
  return ok({
    kind: "revision",
    hostId: host,
    sessionId: session,
    oid: blob === "" ? undefined : blob,
    sizeBytes: size === undefined ? undefined : Number(size),
    mode,
    path: uri.path.slice(ROOT.length),
  });
}
