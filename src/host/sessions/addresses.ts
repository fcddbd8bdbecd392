import type { FindSession, SessionAddress } from "../gateway/vscodeUris.ts";

/** What is told of a removed session is still on its way when the session is gone. */
const maxRemoved = 1_000;

/** Sessions by id, with the latest of the removed ones. */
export class SessionAddresses {
  readonly #present = new Map<string, SessionAddress>();
  readonly #removed = new Map<string, SessionAddress>();

  readonly find: FindSession = (id) => this.#present.get(id) ?? this.#removed.get(id);

  add(id: string, address: SessionAddress): void {
    this.#present.set(id, address);
  }

  remove(id: string): void {
    const address = this.#present.get(id);
    if (!address) return;
    this.#present.delete(id);
    this.#removed.set(id, address);
    const oldest = this.#removed.size > maxRemoved ? this.#removed.keys().next().value : undefined;
    if (oldest !== undefined) this.#removed.delete(oldest);
  }
}
