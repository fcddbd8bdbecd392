import * as z from "zod/mini";
import { type ActionOf, defineActions, loose, set, Timestamp, type UnknownAction, upsert } from "./schema.ts";

/** A server that the programs of every session of a repository may connect to, and who has said so. */
export const AllowedServer = loose({
  /** As in `RefusedConnection`. */
  server: z.string(),
  by: z.string(),
  at: Timestamp,
});
export type AllowedServer = z.infer<typeof AllowedServer>;

/**
 * Channel `x-fleet-repository:/<repository>`: what people have decided for all sessions of one repository. It outlives
 * them. Clients do not follow it: they decide and revoke on the channel of a session.
 */
export const FleetRepositoryState = loose({
  /** Host and path of the repository, as in the channel's address. */
  repository: z.string(),
  servers: z.array(AllowedServer),
});
export type FleetRepositoryState = z.infer<typeof FleetRepositoryState>;

const changed = { server: z.string(), by: z.string(), at: Timestamp };

export const fleetRepositoryActions = defineActions({
  "x-fleet/serverAllowed": changed,
  "x-fleet/serverRevoked": changed,
});
export type FleetRepositoryAction = ActionOf<typeof fleetRepositoryActions>;

export function reduceFleetRepository(
  state: FleetRepositoryState,
  action: FleetRepositoryAction | UnknownAction,
): FleetRepositoryState {
  switch (action.type) {
    case "x-fleet/serverAllowed": {
      const { type: _type, ...allowed } = action;
      return set(state, { servers: upsert(state.servers, allowed, ({ server }) => server) });
    }
    case "x-fleet/serverRevoked":
      return set(state, { servers: state.servers.filter(({ server }) => server !== action.server) });
    case "(unknown)":
    default:
      return state;
  }
}
