import type { Clock } from "../../base/clock.ts";
import { fleetRepositoryUri, repositoryKey } from "../../protocol/uris.ts";
import type { Audit } from "../access/audit.ts";
import type { Channels } from "../channels/channels.ts";

export interface RepositoryServersPorts {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly audit: Pick<Audit, "record">;
}

/** The servers that people have allowed for every session of a repository: for good, until somebody takes it back. */
export class RepositoryServers {
  readonly #ports: RepositoryServersPorts;

  constructor(ports: RepositoryServersPorts) {
    this.#ports = ports;
  }

  /** From here on what was decided is in memory. */
  async restore(): Promise<void> {
    const { channels } = this.#ports;
    for (const uri of await channels.known(fleetRepositoryUri(""))) await channels.load(uri).catch(() => false);
  }

  allows(repository: string, server: string): boolean {
    const state = this.#ports.channels.state("fleetRepository", fleetRepositoryUri(repository));
    return state?.servers.some((each) => each.server === server) ?? false;
  }

  allow(repository: string, server: string, by: string): void {
    if (this.allows(repository, server)) return;
    const { channels } = this.#ports;
    const uri = fleetRepositoryUri(repository);
    if (!channels.isLoaded(uri)) {
      channels.create(uri, "fleetRepository", { repository: repositoryKey(repository), servers: [] });
    }
    this.#change("x-fleet/serverAllowed", uri, server, by);
  }

  revoke(repository: string, server: string, by: string): void {
    if (this.allows(repository, server)) {
      this.#change("x-fleet/serverRevoked", fleetRepositoryUri(repository), server, by);
    }
  }

  #change(type: "x-fleet/serverAllowed" | "x-fleet/serverRevoked", uri: string, server: string, by: string): void {
    const { channels, clock, audit } = this.#ports;
    channels.dispatch(uri, { type, server, by, at: new Date(clock.now()).toISOString() });
    audit.record({ user: by, what: type, channel: uri });
  }
}
