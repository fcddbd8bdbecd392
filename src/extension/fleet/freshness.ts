import type { Client } from "../../client/client.ts";
import type { Freshness } from "./fleetAgent.ts";

const liveFreshness: Freshness = { live: true, heardAt: undefined };

/** What we see of a host is live when its sessions were listed over the present connection. */
export function freshnessOf(client: Client): Freshness {
  if (client.state.kind === "live" && client.sessions.isLive) return liveFreshness;
  return { live: false, heardAt: client.sessions.asOf };
}
