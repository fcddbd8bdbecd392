import type { Fleet } from "../../src/extension/fleet/fleet.ts";
import type { FleetAgent } from "../../src/extension/fleet/fleetAgent.ts";

/** Resolves when the agent fits; the fleet says when to look. */
export function untilAgent(fleet: Fleet, key: string, fits: (agent: FleetAgent) => boolean): Promise<FleetAgent> {
  return new Promise((resolve) => {
    const look = () => {
      const agent = fleet.get(key);
      if (agent === undefined || !fits(agent)) return;
      listening.dispose();
      resolve(agent);
    };
    const listening = fleet.onDidChange(look);
    look();
  });
}
