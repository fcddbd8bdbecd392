import type { Clock } from "../../base/clock.ts";
import type { Implementation } from "../../protocol/methods.ts";

interface Client {
  readonly principal: string;
  /** What it called itself when it was initialized last. */
  info: Implementation | undefined;
  connections: number;
  leftAt: number;
}

const rememberedMs = 60 * 60 * 1000;
/** A window that is reloaded, or a network that changes, takes less. */
const goneAfterMs = 30_000;

/** Clients that may resume. A client id belongs to whoever used it first, for as long as it is remembered. */
export class KnownClients {
  readonly #clients = new Map<string, Client>();
  readonly #clock: Clock;
  readonly #onGone: (clientId: string) => void;

  /** @param onGone is told of a client that left and has not come back for 30 seconds */
  constructor(clock: Clock, onGone: (clientId: string) => void = () => {}) {
    this.#clock = clock;
    this.#onGone = onGone;
  }

  isKnown(principal: string, clientId: string): boolean {
    this.#forgetOld();
    return this.#clients.get(clientId)?.principal === principal;
  }

  infoOf(principal: string, clientId: string): Implementation | undefined {
    const client = this.#clients.get(clientId);
    return client?.principal === principal ? client.info : undefined;
  }

  /** False when the id is somebody else's. */
  joined(principal: string, clientId: string, info?: Implementation): boolean {
    this.#forgetOld();
    const client = this.#clients.get(clientId) ?? { principal, info, connections: 0, leftAt: 0 };
    if (client.principal !== principal) return false;
    client.info = info ?? client.info;
    client.connections += 1;
    this.#clients.set(clientId, client);
    return true;
  }

  left(principal: string, clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client?.principal !== principal) return;
    client.connections -= 1;
    client.leftAt = this.#clock.elapsed();
    if (client.connections > 0) return;
    const { leftAt } = client;
    this.#clock.setTimeout(() => {
      if (client.connections <= 0 && client.leftAt === leftAt) this.#onGone(clientId);
    }, goneAfterMs);
  }

  #forgetOld(): void {
    const before = this.#clock.elapsed() - rememberedMs;
    for (const [id, client] of this.#clients)
      if (client.connections <= 0 && client.leftAt < before) this.#clients.delete(id);
  }
}
