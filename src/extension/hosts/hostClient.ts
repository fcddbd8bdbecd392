import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { AhpClient } from "../../client/ahpClient.ts";
import type { HostRecord } from "./hosts.ts";
import { dialWebSocket } from "./wsTransport.ts";

export interface HostClientPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the extension, as hosts may show it. */
  readonly version: string;
}

/** The client of a configured host: a WebSocket, the token as it is stored at each attempt, an id of this window's own. */
export function newHostClient(
  host: HostRecord,
  token: () => Promise<string | undefined>,
  { clock, logger, version }: HostClientPorts,
): AhpClient {
  const own = logger.child(host.name);
  return new AhpClient({
    dial: async (attempt) => dialWebSocket(host.url, await token(), attempt, own),
    clientId: randomUUID(),
    clientInfo: { name: "Muster", version },
    clock,
    random: Math.random,
    logger: own,
  });
}
