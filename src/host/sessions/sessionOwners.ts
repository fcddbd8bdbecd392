import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { parseChatUri, ROOT_URI } from "../../protocol/uris.ts";
import { type Owners, sessionIdIn } from "../access/sight.ts";
import type { Channels } from "../channels/channels.ts";

/** The owners of this host's sessions by session id. A draft that an earlier start left behind is in the log only. */
export class SessionOwners implements Owners {
  readonly #channels: Channels;
  readonly #owners = new Map<string, string>();

  constructor(channels: Channels) {
    this.#channels = channels;
  }

  add(id: string, owner: string): void {
    this.#owners.set(id, owner);
  }

  remove(id: string): void {
    this.#owners.delete(id);
  }

  of(uri: string): string | undefined {
    return this.#owners.get(sessionIdIn(uri) ?? "") ?? this.#ofTerminal(uri);
  }

  async find(uri: string): Promise<string | undefined> {
    const known = this.of(uri);
    if (known !== undefined) return known;
    const named = parseChatUri(uri)?.session ?? uri;
    const id = sessionIdIn(named);
    if (id === undefined) return undefined;
    const session = `${named.slice(0, named.indexOf(":"))}:/${id}`;
    if (!(await this.#channels.load(session).catch(() => false))) return undefined;
    return fleetMeta("session", this.#channels.state("session", session))?.owner;
  }

  /** A terminal may have any address; the list says whose it is. */
  #ofTerminal(uri: string): string | undefined {
    const info = this.#channels.state("root", ROOT_URI)?.terminals?.find(({ resource }) => resource === uri);
    const session = info && fleetMeta("terminal", info)?.session;
    return session === undefined ? undefined : this.#owners.get(sessionIdIn(session) ?? "");
  }
}
