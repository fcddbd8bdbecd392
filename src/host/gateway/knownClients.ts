import type { Clock } from "../../base/clock.ts";

interface Client {
  readonly principal: string;
  connections: number;
  leftAt: number;
}

const rememberedMs = 60 * 60 * 1000;

/** Clients that may resume. A client id belongs to whoever used it first, for as long as it is remembered. */
export class KnownClients {
  readonly #clients = new Map<string, Client>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isKnown(principal: string, clientId: string): boolean {
    this.#forgetOld();
    return this.#clients.get(clientId)?.principal === principal;
  }

  /** False when the id is somebody else's. */
  joined(principal: string, clientId: string): boolean {
    this.#forgetOld();
    const client = this.#clients.get(clientId) ?? { principal, connections: 0, leftAt: 0 };
    if (client.principal !== principal) return false;
    client.connections += 1;
    this.#clients.set(clientId, client);
    return true;
  }

  left(principal: string, clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client?.principal !== principal) return;
    client.connections -= 1;
    client.leftAt = this.#clock.now();
  }

  #forgetOld(): void {
    const before = this.#clock.now() - rememberedMs;
    for (const [id, client] of this.#clients)
      if (client.connections <= 0 && client.leftAt < before) this.#clients.delete(id);
  }
}
