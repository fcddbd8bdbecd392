import * as z from "zod/mini";
import { base64UrlToText, textToBase64Url } from "../../protocol/base64Url.ts";
import { blobUri, fileUri, parseBlobUri, parseFileUri } from "../../protocol/uris.ts";

/**
 * VS Code names a file, and knows its language, by the path of the URI under which it reads the content. So to VS Code
 * the path of both URIs is the file's own, and what else they say goes into the query. A content repeats its path there:
 * VS Code also asks for files beside the one it shows, by another path with the same query, and must not get this one.
 *
 *     x-fleet-file:/<session>/src/a.ts    x-fleet-file:/src/a.ts?<session>
 *     x-fleet-blob:/<session>/<oid>       x-fleet-blob:/src/a.ts?<session>.<oid>.<base64url(src/a.ts)>
 */

/** A session's file as VS Code shall see it; URIs that are not this host's stay as they are. */
export function toVsCodeFile(uri: string): string {
  const file = parseFileUri(uri);
  return file ? `x-fleet-file:/${encodePath(file.path)}?${file.sessionId}` : uri;
}

/** One side of an edit: the file, and its content under the file's name. */
export function toVsCodeSide(file: string, content: string): { readonly file: string; readonly content: string } {
  const named = parseFileUri(file);
  const blob = parseBlobUri(content);
  if (!named || !blob) return { file, content };
  const query = `${blob.sessionId}.${blob.oid}.${textToBase64Url(named.path)}`;
  return { file: toVsCodeFile(file), content: `x-fleet-blob:/${encodePath(named.path)}?${query}` };
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The host's URI for a file or a content that VS Code asks for; what is neither stays as it is. */
export function fromVsCodeFile(uri: string): string {
  const [, scheme, encoded = "", query = ""] = /^(x-fleet-file|x-fleet-blob):\/([^?#]+)\?([\w.-]+)$/.exec(uri) ?? [];
  const path = decode(encoded);
  if (scheme === undefined || path === undefined) return uri;
  if (scheme === "x-fleet-file") return fileUri(query, path);
  const [sessionId = "", oid = "", ofPath = ""] = query.split(".");
  return base64UrlToText(ofPath) === path ? blobUri(sessionId, oid) : uri;
}

/**
 * A file that a message of VS Code refers to. VS Code wraps what it read from a host, and what came back in a draft once
 * more; a recorded version stands for the file, since an agent has the file and not the version.
 */
export function fromVsCodeReference(uri: string): string {
  const named = unwrap(uri);
  const [, path, session] = /^x-fleet-blob:(\/[^?#]+)\?([^.]+)\./.exec(named) ?? [];
  return fromVsCodeFile(path === undefined ? named : `x-fleet-file:${path}?${session}`);
}

const Wrapped = z.object({ scheme: z.string(), authority: z.optional(z.string()), query: z.optional(z.string()) });
const maxWrappings = 16;

/** `vscode-agent-host://<host>/<path>?_ah=<base64url of scheme, authority and query>`, without the wrapping. */
function unwrap(uri: string): string {
  let inner = uri;
  for (let wrappings = 0; wrappings < maxWrappings; wrappings++) {
    const [, path = "/", query = ""] = /^vscode-agent-host:\/\/[^/?#]*(\/[^?#]*)?(?:\?([^#]*))?/.exec(inner) ?? [];
    if (!inner.startsWith("vscode-agent-host:")) return inner;
    const wrapping = base64UrlToText(new URLSearchParams(decode(query) ?? "").get("_ah") ?? "");
    const parsed = Wrapped.safeParse(wrapping === undefined ? undefined : parseJson(wrapping));
    if (!parsed.success) return uri;
    const { scheme, authority, query: innerQuery } = parsed.data;
    inner = `${scheme}:${authority ? `//${authority}` : ""}${path}${innerQuery ? `?${innerQuery}` : ""}`;
  }
  return uri;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
