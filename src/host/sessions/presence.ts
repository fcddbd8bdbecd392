import type { Disposable } from "../../base/disposables.ts";
import type { Channels, CommittedAction } from "../channels/channels.ts";

/**
 * Which clients have announced themselves in which sessions. A client that went away for good withdraws from none: an
 * editor has a new client id in every window that it opens, so the host does it, or sessions would only ever grow.
 */
export class Presence implements Disposable {
  readonly #channels: Channels;
  readonly #sessionsOf = new Map<string, Set<string>>();
  readonly #committed: Disposable;

  constructor(channels: Channels) {
    this.#channels = channels;
    this.#committed = channels.onCommitted((batch) => {
      for (const committed of batch) this.#hear(committed);
    });
  }

  gone(clientId: string): void {
    const sessions = this.#sessionsOf.get(clientId) ?? [];
    this.#sessionsOf.delete(clientId);
    for (const session of sessions) withdraw(this.#channels, session, (present) => present === clientId);
  }

  dispose(): void {
    this.#committed.dispose();
    this.#sessionsOf.clear();
  }

  #hear({ channel, action, refused }: CommittedAction): void {
    if (refused !== undefined) return;
    if (action.type === "session/activeClientSet") {
      const { clientId } = action.activeClient;
      const sessions = this.#sessionsOf.get(clientId) ?? new Set();
      this.#sessionsOf.set(clientId, sessions.add(channel));
    } else if (action.type === "session/activeClientRemoved") {
      this.#sessionsOf.get(action.clientId)?.delete(channel);
    }
  }
}

/** Ends the presence of some clients in a session, if it is in memory. */
export function withdraw(channels: Channels, session: string, isMeant: (clientId: string) => boolean): void {
  for (const { clientId } of channels.state("session", session)?.activeClients ?? []) {
    if (isMeant(clientId)) channels.dispatch(session, { type: "session/activeClientRemoved", clientId });
  }
}
