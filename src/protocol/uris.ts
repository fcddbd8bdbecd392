/**
 * Every URI that this product mints, built and taken apart in one place. Parsers return `undefined` for anything else;
 * ids that they return are safe as file names. URIs of other hosts are opaque: only `channelKind` looks at them.
 */
import { base64UrlToText, textToBase64Url } from "./base64Url.ts";

export const ROOT_URI = "ahp-root://";

const idPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const oidPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

function isId(text: string | undefined): text is string {
  return text !== undefined && idPattern.test(text);
}

function after(uri: string, prefix: string): string | undefined {
  return uri.startsWith(prefix) ? uri.slice(prefix.length) : undefined;
}

/** Percent-decoding that answers `undefined` instead of throwing. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `ahp-session:/<id>`; ids that we mint are UUIDs. */
export function sessionUri(id: string): string {
  return `ahp-session:/${id}`;
}

/** The id, of a URI that `sessionUri` built. */
export function parseSessionUri(uri: string): string | undefined {
  const id = after(uri, "ahp-session:/");
  return isId(id) ? id : undefined;
}

/** `ahp-chat://<chat>/<base64url(session URI)>`: the form that VS Code derives for a session's first chat. */
export function chatUri(session: string, chatId = "default"): string {
  return `ahp-chat://${encodeURIComponent(chatId)}/${textToBase64Url(session)}`;
}

export function parseChatUri(uri: string): { readonly chatId: string; readonly session: string } | undefined {
  const parts = after(uri, "ahp-chat://")?.split("/");
  if (parts === undefined || parts.length < 2) return undefined;
  const chatId = decode(parts.slice(0, -1).join("/"));
  const session = base64UrlToText(parts.at(-1) ?? "");
  return chatId === undefined || chatId === "" || session === undefined ? undefined : { chatId, session };
}

export function branchChangesetUri(session: string): string {
  return `${session}/changeset/branch`;
}

export function turnChangesetUri(session: string, turnId: string): string {
  return `${session}/changeset/turn/${encodeURIComponent(turnId)}`;
}

/** For `ChangesetEntry.uriTemplate`. */
export function turnChangesetTemplate(session: string): string {
  return `${session}/changeset/turn/{turnId}`;
}

/** From the state after one turn or checkpoint to that after another, by their ids. */
export function compareChangesetUri(session: string, from: string, to: string): string {
  return `${session}/changeset/compare/${encodeURIComponent(from)}/${encodeURIComponent(to)}`;
}

/** For `ChangesetEntry.uriTemplate`, with the names that VS Code expands. */
export function compareChangesetTemplate(session: string): string {
  return `${session}/changeset/compare/{originalTurnId}/{modifiedTurnId}`;
}

export type ChangesetRef =
  | { readonly session: string; readonly kind: "branch" }
  | { readonly session: string; readonly kind: "turn"; readonly turnId: string }
  | { readonly session: string; readonly kind: "compare"; readonly from: string; readonly to: string };

export function parseChangesetUri(uri: string): ChangesetRef | undefined {
  const at = uri.indexOf("/changeset/");
  if (at <= 0) return undefined;
  const session = uri.slice(0, at);
  const rest = uri.slice(at + "/changeset/".length);
  if (rest === "branch") return { session, kind: "branch" };
  const compared = after(rest, "compare/")?.split("/");
  if (compared) {
    const [from, to, ...more] = compared.map(decode);
    return from && to && more.length === 0 ? { session, kind: "compare", from, to } : undefined;
  }
  const turn = after(rest, "turn/");
  const turnId = turn === undefined || turn.includes("/") ? undefined : decode(turn);
  return turnId === undefined || turnId === "" ? undefined : { session, kind: "turn", turnId };
}

export function annotationsUri(session: string): string {
  return `${session}/annotations`;
}

export function parseAnnotationsUri(uri: string): string | undefined {
  return uri.endsWith("/annotations") ? uri.slice(0, -"/annotations".length) : undefined;
}

export function terminalUri(sessionId: string, toolCallId: string): string {
  return `ahp-terminal:/${sessionId}/${encodeURIComponent(toolCallId)}`;
}

export function parseTerminalUri(uri: string): { readonly sessionId: string; readonly toolCallId: string } | undefined {
  const parts = after(uri, "ahp-terminal:/")?.split("/");
  if (parts?.length !== 2) return undefined;
  const [sessionId, rest] = parts;
  const toolCallId = decode(rest ?? "");
  return !isId(sessionId) || toolCallId === undefined || toolCallId === "" ? undefined : { sessionId, toolCallId };
}

/** The fleet channel of a session. */
export function fleetSessionUri(sessionId: string): string {
  return `x-fleet-session:/${sessionId}`;
}

export function parseFleetSessionUri(uri: string): string | undefined {
  const id = after(uri, "x-fleet-session:/");
  return isId(id) ? id : undefined;
}

/**
 * The conflict forecast of a repository. Spellings of one address (`.git` or not, ssh or https, upper case in the host)
 * name the same channel; `repository` is what the channel's state calls it.
 */
export function fleetConflictsUri(repository: string): string {
  return `x-fleet-conflicts:/${textToBase64Url(repositoryKey(repository))}`;
}

export function parseFleetConflictsUri(uri: string): string | undefined {
  const encoded = after(uri, "x-fleet-conflicts:/");
  const key = encoded === undefined ? undefined : base64UrlToText(encoded);
  return key === "" ? undefined : key;
}

/** What people have decided for all sessions of a repository; its spellings as with `fleetConflictsUri`. */
export function fleetRepositoryUri(repository: string): string {
  return `x-fleet-repository:/${textToBase64Url(repositoryKey(repository))}`;
}

/** Host and path of a repository's address, or the path of a local one. */
export function repositoryKey(repository: string): string {
  const [, host, path] =
    /^(?:https?|ssh):\/\/(?:[^/@]*@)?([^/]+)\/+([^/].*)$/i.exec(repository) ??
    /^(?:[^/@:]+@)?([^/@:]+):(?!\/\/)\/*(.+)$/.exec(repository) ??
    [];
  const trimmed = (path ?? repository.replace(/^file:\/\//i, "")).replace(/(?<!\/)\/+$/, "").replace(/\.git$/, "");
  return host === undefined ? trimmed : `${host.toLowerCase()}/${trimmed}`;
}

/** The host's ledger of one UTC day, `2026-11-23`; what was added to the budgets of a day or of a month, `2026-11`. */
export function fleetSpendUri(period: string): string {
  return `x-fleet-spend:/${period}`;
}

/** The period. */
export function parseFleetSpendUri(uri: string): string | undefined {
  const period = after(uri, "x-fleet-spend:/");
  return period !== undefined && /^\d{4}-\d{2}(?:-\d{2})?$/.test(period) ? period : undefined;
}

/** Immutable content: a git blob of the session's trusted git directory. */
export function blobUri(sessionId: string, oid: string): string {
  return `x-fleet-blob:/${sessionId}/${oid}`;
}

export function parseBlobUri(uri: string): { readonly sessionId: string; readonly oid: string } | undefined {
  const parts = after(uri, "x-fleet-blob:/")?.split("/");
  if (parts?.length !== 2) return undefined;
  const [sessionId, oid] = parts;
  return isId(sessionId) && oid !== undefined && oidPattern.test(oid) ? { sessionId, oid } : undefined;
}

/** The identity of a file in a session's edits. `path` is relative to the repository, with `/` between segments. */
export function fileUri(sessionId: string, path: string): string {
  return `x-fleet-file:/${sessionId}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** The path never is absolute and never climbs. */
export function parseFileUri(uri: string): { readonly sessionId: string; readonly path: string } | undefined {
  const [sessionId, ...encoded] = after(uri, "x-fleet-file:/")?.split("/") ?? [];
  if (!isId(sessionId) || encoded.length === 0) return undefined;
  const segments = encoded.map(decode);
  const isSafe = segments.every(
    (segment) =>
      segment !== undefined && segment !== "" && segment !== "." && segment !== ".." && !segment.includes("/"),
  );
  return isSafe ? { sessionId, path: segments.join("/") } : undefined;
}
