import { AppError } from "../../base/appError.ts";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Logger } from "../../base/logger.ts";
import type { Client } from "../../client/client.ts";
import type { HostConnection, HostConnectionsView, HostRecord, Hosts, HostsChange } from "./hosts.ts";

export interface HostConnectionsOptions {
  readonly hosts: Hosts;
  /** Makes the client of a host. It asks for the token each time it dials, so that a renewed one counts at once. */
  readonly newClient: (host: HostRecord, token: () => Promise<string | undefined>) => Client;
  readonly logger: Logger;
}

interface Entry {
  readonly client: Client;
  readonly owned: Disposables;
  connection: HostConnection;
}

/** Holds one client a configured host, connected as long as the host is configured. */
export class HostConnections implements HostConnectionsView, Disposable {
  readonly #options: HostConnectionsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #owned = new Disposables();
  readonly #changed: Emitter<HostsChange>;

  constructor(options: HostConnectionsOptions) {
    this.#options = options;
    this.#changed = this.#owned.add(
      new Emitter((error) => options.logger.error("connections listener failed", { error: String(error) })),
    );
    for (const host of options.hosts.all) this.#open(host).connect();
    this.#owned.add(options.hosts.onDidChange((change) => this.#follow(change)));
  }

  get all(): readonly HostConnection[] {
    return Array.from(this.#entries.values(), ({ connection }) => connection);
  }

  get(hostId: string): HostConnection | undefined {
    return this.#entries.get(hostId)?.connection;
  }

  client(hostId: string): Client {
    const client = this.#entries.get(hostId)?.client;
    if (client === undefined) throw new AppError("notFound", "This host is no longer configured.");
    return client;
  }

  get onDidChange() {
    return this.#changed.event;
  }

  reconnect(hostId: string): void {
    const client = this.client(hostId);
    client.disconnect();
    client.connect();
  }

  dispose(): void {
    for (const hostId of Array.from(this.#entries.keys())) this.#close(hostId);
    this.#owned.dispose();
  }

  #follow({ added, changed, removed }: HostsChange): void {
    for (const hostId of removed) this.#close(hostId);
    // Another address or certificate may be another host: nothing of the old one may be taken for it.
    const moved = changed.filter((hostId) => this.#hasMoved(hostId));
    for (const hostId of moved) this.#close(hostId);
    if (moved.length > 0) this.#changed.fire({ added: [], changed: [], removed: moved });
    const opened = [...added, ...moved].flatMap((hostId) => this.#options.hosts.get(hostId) ?? []);
    const clients = opened.map((host) => this.#open(host));
    const stayed = changed.filter((hostId) => !moved.includes(hostId));
    for (const hostId of stayed) this.#rename(hostId);
    this.#changed.fire({ added: opened.map(({ id }) => id), changed: stayed, removed });
    for (const client of clients) client.connect();
  }

  #hasMoved(hostId: string): boolean {
    const before = this.#entries.get(hostId)?.connection.host;
    const after = this.#options.hosts.get(hostId);
    return before?.url !== after?.url || before?.certificate !== after?.certificate;
  }

  /** The name or the token is another one. A connection that was refused for its token is tried again. */
  #rename(hostId: string): void {
    const entry = this.#entries.get(hostId);
    const host = this.#options.hosts.get(hostId);
    if (entry === undefined || host === undefined) return;
    entry.connection = { ...entry.connection, host };
    if (entry.client.state.kind === "refused") entry.client.connect();
  }

  #open(host: HostRecord): Client {
    const owned = new Disposables();
    const client = owned.add(this.#options.newClient(host, () => this.#options.hosts.token(host.id)));
    const entry: Entry = { client, owned, connection: { host, client, state: client.state } };
    this.#entries.set(host.id, entry);
    owned.add(
      client.onDidChangeState(() => {
        entry.connection = { ...entry.connection, state: client.state };
        this.#changed.fire({ added: [], changed: [host.id], removed: [] });
      }),
    );
    return client;
  }

  #close(hostId: string): void {
    this.#entries.get(hostId)?.owned.dispose();
    this.#entries.delete(hostId);
  }
}
