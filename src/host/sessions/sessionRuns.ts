import { sessionIdIn } from "../access/sight.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";

/**
 * The sessions of this host, by id and by each of their channels. What runs a session is made when something is first
 * asked of it, and so are the names of its channels: most of thousands of sessions lie there for nobody.
 */
export class SessionRuns {
  readonly #make: (refs: SessionRefs) => SessionRun | undefined;
  /** The URI of each session. */
  readonly #uris = new Map<string, string>();
  readonly #refs = new Map<string, SessionRefs>();
  readonly #made = new Map<string, SessionRun>();
  /** The session of each channel of those whose channels were named. */
  readonly #ids = new Map<string, string>();

  /** @param make undefined for a session that is not in memory */
  constructor(make: (refs: SessionRefs) => SessionRun | undefined) {
    this.#make = make;
  }

  add(id: string, session: string): void {
    this.#uris.set(id, session);
  }

  remove(refs: SessionRefs): void {
    this.#uris.delete(refs.id);
    this.#refs.delete(refs.id);
    this.#made.delete(refs.id);
    for (const uri of channelsOf(refs)) this.#ids.delete(uri);
  }

  has(id: string): boolean {
    return this.#uris.has(id);
  }

  refs(id: string): SessionRefs | undefined {
    const session = this.#uris.get(id);
    const known = this.#refs.get(id);
    if (known || session === undefined) return known;
    const refs = refsOf(session);
    this.#refs.set(id, refs);
    for (const uri of channelsOf(refs)) this.#ids.set(uri, id);
    return refs;
  }

  get(id: string): SessionRun | undefined {
    const made = this.#made.get(id);
    const refs = made ? undefined : this.refs(id);
    if (!refs) return made;
    const run = this.#make(refs);
    if (run) this.#made.set(id, run);
    return run;
  }

  /** The id of the session that has this channel. */
  idOf(channel: string): string | undefined {
    const known = this.#ids.get(channel);
    if (known !== undefined) return known;
    this.refs(sessionIdIn(channel) ?? "");
    return this.#ids.get(channel);
  }

  /** Of the session that has this channel. */
  of(channel: string): SessionRun | undefined {
    return this.get(this.idOf(channel) ?? "");
  }

  /** Does nothing of the session work? Undefined for one that is not here. */
  isAtRest(id: string): boolean | undefined {
    return this.#uris.has(id) ? (this.#made.get(id)?.isAtRest ?? true) : undefined;
  }

  /** Of those of which something was asked. */
  get made(): readonly SessionRun[] {
    return Array.from(this.#made.values());
  }
}

function channelsOf({ session, chat, fleet, branchChanges }: SessionRefs): readonly string[] {
  return [session, chat, fleet, branchChanges];
}
