import { egressDecisions, type EgressAction } from "../../protocol/fleetEgress.ts";
import { isHostPattern } from "../isolation/egress/hostPattern.ts";

/** Why a client may not say this about a server that a session wants to reach; undefined if it may. */
export function refuseEgressDecision(
  action: Extract<EgressAction, { type: "x-fleet/egressDecided" | "x-fleet/egressRevoked" }>,
): string | undefined {
  const { server } = action;
  const isKnown = action.type === "x-fleet/egressRevoked" || egressDecisions.some((each) => each === action.decision);
  if (!isKnown) return `A decision is one of ${egressDecisions.join(", ")}.`;
  const isServer = server === server.toLowerCase() && !server.startsWith("*.") && isHostPattern(server);
  return isServer ? undefined : "A server is a host name, with a port where it is neither 443 nor 80.";
}
