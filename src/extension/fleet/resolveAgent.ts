import type { AgentTarget } from "../ids.ts";
import type { FleetAgent } from "./fleetAgent.ts";

/**
 * The agent that a command is meant for: its argument, else the active panel's, else the person is asked with
 * `placeholder` for one that `fits`. `undefined` if there is none, or if the person names none.
 */
export type ResolveAgent = (
  target: AgentTarget | undefined,
  placeholder: string,
  fits: (agent: FleetAgent) => boolean,
) => Promise<AgentTarget | undefined>;
