import type { FleetSessionState } from "../../protocol/fleet.ts";
import { fleetSessionUri, parseSessionUri } from "../../protocol/uris.ts";
import type { HostConnectionsView } from "../hosts/hosts.ts";
import { following } from "./agentCommands.ts";

/** What the host's fleet plane says of an agent; `undefined` on a host that has none. */
export async function readFleet(
  hosts: Pick<HostConnectionsView, "client">,
  { hostId, session }: { readonly hostId: string; readonly session: string },
): Promise<FleetSessionState | undefined> {
  const client = hosts.client(hostId);
  const id = parseSessionUri(session);
  if (client.hostInfo?.fleet === undefined || id === undefined) return undefined;
  return following(client, "fleetSession", fleetSessionUri(id), async (state) => state);
}
