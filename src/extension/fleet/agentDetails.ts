import type { FleetSessionState } from "../../protocol/fleet.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { fleetSessionUri } from "../../protocol/uris.ts";
import { type AgentAddress, following } from "./agentCommands.ts";

/** What is asked of the host only when a person looks at one agent: too much for a list of thousands. */
export interface AgentDetails {
  /** What the agent was first asked to do; its beginning, if it is long. */
  readonly prompt: string | undefined;
  readonly model: string | undefined;
  /** `undefined` on a host without the fleet plane. */
  readonly fleet: FleetSessionState | undefined;
}

/** Asks the agent's host. Rejects when it cannot be asked. */
export async function readDetails({ client, session }: AgentAddress): Promise<AgentDetails> {
  const id = /:\/+([^/]+)$/.exec(session)?.[1];
  const hasFleet = client.hostInfo?.fleet !== undefined && id !== undefined;
  const [told, fleet] = await Promise.all([
    following(client, "session", session, async (state) => fleetMeta("session", state)),
    hasFleet ? following(client, "fleetSession", fleetSessionUri(id), async (state) => state) : undefined,
  ]);
  return { prompt: told?.prompt, model: told?.model, fleet };
}
