import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { AhpClient } from "../../client/ahpClient.ts";
import { hostDial } from "./hostDial.ts";
import type { HostRecord } from "./hosts.ts";

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
    dial: hostDial({ url: host.url, token, logger: own }),
    clientId: randomUUID(),
    clientInfo: { name: "Muster", version },
    hostName: host.name,
    clock,
    random: Math.random,
    logger: own,
  });
}
