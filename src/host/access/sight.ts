import { randomUUID } from "node:crypto";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import type { RootState, TerminalInfo } from "../../protocol/root.ts";
import { chatUri, parseChatUri, ROOT_URI } from "../../protocol/uris.ts";
import type { Grant } from "./grant.ts";

/** Whose sessions somebody sees: `Caller` and `Grant` both say so. Without a viewer the host itself looks. */
export interface Viewer {
  readonly principal: string;
  readonly sessions: Grant["sessions"];
}

export function seesAll(viewer: Viewer | undefined): boolean {
  return viewer === undefined || viewer.sessions === "all";
}

export function maySee(viewer: Viewer | undefined, owner: string): boolean {
  return seesAll(viewer) || viewer?.principal === owner;
}

/** Which user's session something belongs to. */
export interface Owners {
  /** Of a channel or a file, by its URI; undefined for what belongs to no session that the host has in mind. */
  of(uri: string): string | undefined;
  /** As `of`, and looks into the log for sessions that were never begun. */
  find(uri: string): Promise<string | undefined>;
}

const sessionPattern = /^([A-Za-z0-9][\w.+-]*:\/)([A-Za-z0-9_-][A-Za-z0-9._-]{0,127})(?=$|[/?#])/;

/** The id of the session that a URI of this host is about, whichever of the session's things it names. */
export function sessionIdIn(uri: string): string | undefined {
  return sessionPattern.exec(parseChatUri(uri)?.session ?? uri)?.[2];
}

/** The ids of the sessions that any text of a JSON value names. */
export function* sessionIdsIn(value: unknown): Iterable<string> {
  if (typeof value === "string") {
    const id = sessionIdIn(value);
    if (id !== undefined) yield id;
  } else if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) yield* sessionIdsIn(member);
  }
}

/**
 * What one connection can know of. Sessions of others are not there for it: a channel of theirs is answered like one
 * that nobody has, because that is what it is made into before anything looks at it.
 */
export class Sight {
  readonly #viewer: Viewer;
  readonly #owners: Owners;

  constructor({ user, sessions }: Grant, owners: Owners) {
    this.#viewer = { principal: user, sessions };
    this.#owners = owners;
  }

  /** Nothing is hidden from this connection. */
  get isWhole(): boolean {
    return this.#viewer.sessions === "all";
  }

  sees(owner: string): boolean {
    return maySee(this.#viewer, owner);
  }

  /** As `reaches`, where the answer is at hand. */
  reachesAtOnce(uri: string): boolean {
    return this.isWhole || uri === ROOT_URI || this.#owners.of(uri) === this.#viewer.principal;
  }

  /** Fails closed: of what belongs to no session only the root channel is for everybody. */
  async reaches(uri: string): Promise<boolean> {
    return this.reachesAtOnce(uri) || (await this.#owners.find(uri)) === this.#viewer.principal;
  }

  /**
   * The params of a request, with an id that nobody has in the place of every one that is somebody else's. If there was
   * one, what is answered goes through `unblind`, so that it speaks of what was asked.
   */
  async blind(params: unknown): Promise<{ readonly params: unknown; readonly unblind?: <T>(told: T) => T }> {
    if (this.isWhole) return { params };
    const asked = new Map<string, string>();
    const blinded = await this.#blind(params, asked);
    return asked.size === 0 ? { params } : { params: blinded, unblind: (told) => replaceAll(told, asked) };
  }

  /** A message of the root channel, without what it says of the sessions of others. */
  narrow(frame: string): string {
    if (this.isWhole || !frame.includes('"root/terminalsChanged"')) return frame;
    const message = JSON.parse(frame) as { params?: { action?: { terminals?: TerminalInfo[] } } };
    const action = message.params?.action;
    if (action?.terminals) action.terminals = this.#own(action.terminals);
    return JSON.stringify(message);
  }

  narrowRoot(state: RootState): RootState {
    if (this.isWhole || state.terminals === undefined) return state;
    return { ...state, terminals: this.#own(state.terminals) };
  }

  #own(terminals: readonly TerminalInfo[]): TerminalInfo[] {
    return terminals.filter((info) => {
      const session = fleetMeta("terminal", info)?.session;
      return session !== undefined && this.#owners.of(session) === this.#viewer.principal;
    });
  }

  async #blind(value: unknown, asked: Map<string, string>): Promise<unknown> {
    if (typeof value === "string") return this.#blindUri(value, asked);
    if (typeof value !== "object" || value === null) return value;
    const blindMember = (member: unknown) => this.#blind(member, asked);
    if (Array.isArray(value)) return Promise.all(value.map(blindMember));
    const members = Object.entries(value).map(async ([key, member]) => [key, await blindMember(member)] as const);
    return Object.fromEntries(await Promise.all(members));
  }

  async #blindUri(uri: string, asked: Map<string, string>): Promise<string> {
    const id = sessionIdIn(uri);
    const owner = id === undefined ? undefined : await this.#owners.find(uri);
    if (id === undefined || owner === undefined || this.sees(owner)) return uri;
    const stranger = randomUUID();
    const blinded = withId(uri, stranger);
    asked.set(blinded, uri);
    asked.set(stranger, id);
    // Looking for what nobody has takes a moment.
    await this.#owners.find(blinded);
    return blinded;
  }
}

function withId(uri: string, id: string): string {
  const chat = parseChatUri(uri);
  if (chat) return chatUri(withId(chat.session, id), chat.chatId);
  return uri.replace(sessionPattern, (_, scheme: string) => `${scheme}${id}`);
}

/** In all texts of a JSON value. */
function replaceAll<T>(value: T, asked: ReadonlyMap<string, string>): T {
  if (value === undefined) return value;
  let text = JSON.stringify(value);
  for (const [stranger, uri] of asked) text = text.replaceAll(stranger, uri);
  return JSON.parse(text) as T;
}
