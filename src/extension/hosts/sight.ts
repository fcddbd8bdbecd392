import type { ConnectionState } from "../../client/connectionState.ts";

/** Whether a host's agents can be seen. */
export type Sight = "live" | "connecting" | "offline";

export function sightOf({ kind }: ConnectionState): Sight {
  switch (kind) {
    case "live":
      return "live";
    case "opening":
    case "handshaking":
    case "resuming":
      return "connecting";
    case "waiting":
    case "refused":
    case "offline":
    default:
      return "offline";
  }
}
