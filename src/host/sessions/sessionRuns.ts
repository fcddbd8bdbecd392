import type { SessionRefs } from "./sessionRefs.ts";
import type { SessionRun } from "./sessionRun.ts";

/**
 * The sessions of this host, by id and by each of their channels. What runs a session is made when something is first
 * asked of it: most of thousands of sessions lie there for nobody.
 */
export class SessionRuns {
  readonly #make: (refs: SessionRefs) => SessionRun;
  readonly #refs = new Map<string, SessionRefs>();
  readonly #made = new Map<string, SessionRun>();
  /** The session of each of its channels. */
  readonly #ids = new Map<string, string>();

  constructor(make: (refs: SessionRefs) => SessionRun) {
    this.#make = make;
  }

  add(refs: SessionRefs): void {
    this.#refs.set(refs.id, refs);
    for (const uri of channelsOf(refs)) this.#ids.set(uri, refs.id);
  }

  remove(refs: SessionRefs): void {
    this.#refs.delete(refs.id);
    this.#made.delete(refs.id);
    for (const uri of channelsOf(refs)) this.#ids.delete(uri);
  }

  has(id: string): boolean {
    return this.#refs.has(id);
  }

  get(id: string): SessionRun | undefined {
    const made = this.#made.get(id);
    const refs = this.#refs.get(id);
    if (made || !refs) return made;
    const run = this.#make(refs);
    this.#made.set(id, run);
    return run;
  }

  /** The id of the session that has this channel. */
  idOf(channel: string): string | undefined {
    return this.#ids.get(channel);
  }

  /** Of the session that has this channel. */
  of(channel: string): SessionRun | undefined {
    return this.get(this.#ids.get(channel) ?? "");
  }

  /** Does nothing of the session work? Undefined for one that is not here. */
  isAtRest(id: string): boolean | undefined {
    return this.#refs.has(id) ? (this.#made.get(id)?.isAtRest ?? true) : undefined;
  }

  /** Of those of which something was asked. */
  get made(): readonly SessionRun[] {
    return Array.from(this.#made.values());
  }

  get all(): readonly SessionRefs[] {
    return Array.from(this.#refs.values());
  }
}

function channelsOf({ session, chat, fleet, branchChanges }: SessionRefs): readonly string[] {
  return [session, chat, fleet, branchChanges];
}
