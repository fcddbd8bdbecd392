import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { FleetConflictsState } from "../../protocol/fleetConflicts.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { fleetConflictsUri, fleetSessionUri } from "../../protocol/uris.ts";
import { type AgentAddress, following } from "./agentCommands.ts";

/** What is asked of the host only when a person looks at one agent: too much for a list of thousands. */
export interface AgentDetails {
  /** What the agent was first asked to do; its beginning, if it is long. */
  readonly prompt: string | undefined;
  readonly model: string | undefined;
  /** `undefined` on a host without the fleet plane. */
  readonly fleet: FleetSessionState | undefined;
  /** Where its branch meets others, where the host tells that to this person. */
  readonly forecast: FleetConflictsState | undefined;
}

/** Asks the agent's host. Rejects when it cannot be asked. */
export async function readDetails({ client, session }: AgentAddress): Promise<AgentDetails> {
  const id = /:\/+([^/]+)$/.exec(session)?.[1];
  const hasFleet = client.hostInfo?.fleet !== undefined && id !== undefined;
  const [told, [fleet, forecast]] = await Promise.all([
    following(client, "session", session, async (state) => fleetMeta("session", state)),
    hasFleet ? readFleet(client, id) : [undefined, undefined],
  ]);
  return { prompt: told?.prompt, model: told?.model, fleet, forecast };
}

async function readFleet(client: AgentAddress["client"], id: string) {
  const fleet = await following(client, "fleetSession", fleetSessionUri(id), async (state) => state);
  if (fleet.head === undefined) return [fleet, undefined] as const;
  return [fleet, await readForecast(client, fleet.repository)] as const;
}

/** There is none before the first branch, and none for people who may not see everybody's agents. */
export function readForecast(
  client: AgentAddress["client"],
  repository: string,
): Promise<FleetConflictsState | undefined> {
  return following(client, "fleetConflicts", fleetConflictsUri(repository), async (state) => state).catch(
    () => undefined,
  );
}
