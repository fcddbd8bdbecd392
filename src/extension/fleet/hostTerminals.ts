import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter, type Event } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { Client } from "../../client/client.ts";
import type { TerminalInfo } from "../../protocol/root.ts";
import type { HostConnectionsView, HostsChange } from "../hosts/hosts.ts";

export interface HostTerminalsOptions {
  readonly connections: Pick<HostConnectionsView, "all" | "get" | "onDidChange">;
  readonly logger: Logger;
}

interface Followed {
  readonly client: Client;
  readonly owned: Disposables;
  terminals: readonly TerminalInfo[];
}

const none: readonly TerminalInfo[] = [];

/** What runs in a terminal, in a word: shells are often titled by their whole path. */
export function terminalName({ title }: Pick<TerminalInfo, "title">): string {
  const program = /^(?:\/|[a-z]:\\)\S*[/\\]([^/\\\s]+)$/i.exec(title.trim())?.[1];
  return program ?? (title.trim() || "terminal");
}

/** The terminals that connected hosts have open, as their root channels list them. */
export class HostTerminals implements Disposable {
  readonly #options: HostTerminalsOptions;
  readonly #owned = new Disposables();
  readonly #changed: Emitter<{ readonly hostId: string }>;
  readonly #followed = new Map<string, Followed>();

  constructor(options: HostTerminalsOptions) {
    this.#options = options;
    const { connections, logger } = options;
    this.#changed = this.#owned.add(
      new Emitter((error) => logger.error("terminals listener failed", { reason: String(error) })),
    );
    this.#owned.add(connections.onDidChange((change) => this.#follow(change)));
    this.#follow({ added: connections.all.map(({ host }) => host.id), changed: [], removed: [] });
  }

  /** Those of one host, while it is connected: of a host out of sight nobody knows. */
  of(hostId: string): readonly TerminalInfo[] {
    return this.#followed.get(hostId)?.terminals ?? none;
  }

  /** Those that were opened for one session, by the agent or by people. */
  ofSession(hostId: string, session: string): readonly TerminalInfo[] {
    return this.of(hostId).filter(({ claim }) => claim.kind === "session" && claim.session === session);
  }

  /** Every terminal of every connected host. */
  get all(): readonly { readonly hostId: string; readonly info: TerminalInfo }[] {
    return Array.from(this.#followed, ([hostId, { terminals }]) => terminals.map((info) => ({ hostId, info }))).flat();
  }

  get onDidChange(): Event<{ readonly hostId: string }> {
    return this.#changed.event;
  }

  dispose(): void {
    for (const { owned } of this.#followed.values()) owned.dispose();
    this.#followed.clear();
    this.#owned.dispose();
  }

  #follow({ added, changed, removed }: HostsChange): void {
    for (const hostId of removed) this.#forget(hostId);
    for (const hostId of added) {
      const client = this.#options.connections.get(hostId)?.client;
      if (client === undefined) continue;
      this.#forget(hostId);
      const followed: Followed = { client, owned: new Disposables(), terminals: none };
      this.#followed.set(hostId, followed);
      followed.owned.add(client.root.onDidChange(() => this.#look(hostId, followed)));
      this.#look(hostId, followed);
    }
    for (const hostId of changed) {
      const followed = this.#followed.get(hostId);
      if (followed !== undefined) this.#look(hostId, followed);
    }
  }

  #forget(hostId: string): void {
    this.#followed.get(hostId)?.owned.dispose();
    this.#followed.delete(hostId);
  }

  #look(hostId: string, followed: Followed): void {
    const { client } = followed;
    const terminals = (client.state.kind === "live" ? client.root.state?.terminals : undefined) ?? none;
    if (terminals === followed.terminals) return;
    followed.terminals = terminals;
    this.#changed.fire({ hostId });
  }
}
