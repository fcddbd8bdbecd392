import { chatUri, parseChatUri } from "../../protocol/uris.ts";

/**
 * VS Code takes the scheme of a session's URI for the agent behind it: it shows `sample:/<id>` as a session of the agent
 * "sample" and an `ahp-session:/<id>` not at all. So to VS Code every session is `<provider>:/<id>`, also inside the
 * URIs that are derived from it (chats, changesets, annotations), while the host keeps the URI that a session was made
 * with. Pure, both ways; what names no session of this host passes unchanged.
 */

/** A session as its id finds it. */
export interface SessionAddress {
  /** The URI that the session was made with. */
  readonly session: string;
  readonly provider: string;
}

export type FindSession = (id: string) => SessionAddress | undefined;

const ownScheme = "ahp-session";
const sessionPattern = /^([A-Za-z0-9][\w.+-]*):\/([^/?#]+)(.*)$/s;

/** A URI of the host as VS Code shall see it. */
export function toVsCodeUri(uri: string, find: FindSession): string {
  return convert(uri, (scheme, id) => {
    const found = scheme === ownScheme ? find(id) : undefined;
    return found && `${found.provider}:/${id}`;
  });
}

/** A URI of VS Code as the host knows it. */
export function fromVsCodeUri(uri: string, find: FindSession): string {
  return convert(uri, (scheme, id) => {
    const found = find(id);
    return found?.provider === scheme ? found.session : undefined;
  });
}

function convert(uri: string, rename: (scheme: string, id: string) => string | undefined): string {
  const chat = parseChatUri(uri);
  if (chat) {
    const session = convert(chat.session, rename);
    return session === chat.session ? uri : chatUri(session, chat.chatId);
  }
  const [, scheme, id, rest] = sessionPattern.exec(uri) ?? [];
  const renamed = scheme !== undefined && id !== undefined ? rename(scheme, id) : undefined;
  return renamed === undefined ? uri : `${renamed}${rest}`;
}

/** Members that hold the URI of a channel, wherever they stand in a message. */
const channelKeys = new Set([
  "channel",
  "chat",
  "defaultChat",
  "initialSubscriptions",
  "missing",
  "resource",
  "session",
  "subscriptions",
  "uriTemplate",
]);

export interface UriRules {
  readonly channel: (uri: string) => string;
  /** A file that a message refers to. */
  readonly reference: (uri: string) => string;
  /** One side of an edit: the URI of the file and of its content. */
  readonly side: (file: string, content: string) => { readonly file: string; readonly content: string };
}

/** The message with its URIs replaced; the same object where nothing changed. */
export function mapUris<T>(message: T, rules: UriRules): T {
  return visit(message, false, rules) as T;
}

function visit(value: unknown, isChannel: boolean, rules: UriRules): unknown {
  if (typeof value === "string") return isChannel ? rules.channel(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const mapped = value.map((member: unknown) => visit(member, isChannel, rules));
    return mapped.every((member, index) => member === value[index]) ? value : mapped;
  }
  if (isSide(value)) {
    const { file, content } = rules.side(value.uri, value.content.uri);
    return { ...value, uri: file, content: { ...value.content, uri: content } };
  }
  const isReference = "type" in value && value.type === "resource";
  let copy: Record<string, unknown> | undefined;
  for (const [key, member] of Object.entries(value)) {
    const isFile = isReference && key === "uri" && typeof member === "string";
    const mapped = isFile ? rules.reference(member) : visit(member, channelKeys.has(key), rules);
    if (mapped === member) continue;
    copy ??= { ...value };
    copy[key] = mapped;
  }
  return copy ?? value;
}

function isSide(value: object): value is { readonly uri: string; readonly content: { readonly uri: string } } {
  if (!("uri" in value) || typeof value.uri !== "string" || !("content" in value)) return false;
  const { content } = value;
  return typeof content === "object" && content !== null && "uri" in content && typeof content.uri === "string";
}
