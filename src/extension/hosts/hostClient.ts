import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { AhpClient } from "../../client/ahpClient.ts";
import { hostDial } from "./hostDial.ts";
import type { HostRecord } from "./hosts.ts";

export interface HostClientPorts {
  readonly clock: Clock;
  /** The host's own. */
  readonly logger: Logger;
  /** Of the extension, as hosts may show it. */
  readonly version: string;
  /** Throws while nothing may be dialled. */
  readonly mayDial?: () => void;
}

/** The client of a host: a WebSocket, the token as it is stored at each attempt, an id of this window's own. */
export function newHostClient(
  { name, url, certificate }: HostRecord,
  token: () => Promise<string | undefined>,
  { clock, logger, version, mayDial = () => undefined }: HostClientPorts,
): AhpClient {
  const dial = hostDial({ url, token, certificate, logger });
  return new AhpClient({
    dial: async (attempt) => {
      mayDial();
      return dial(attempt);
    },
    clientId: randomUUID(),
    clientInfo: { name: "muster", version },
    hostName: name,
    clock,
    random: Math.random,
    logger,
  });
}
