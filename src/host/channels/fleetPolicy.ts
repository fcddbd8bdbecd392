import type { StateAction } from "../../protocol/actions.ts";
import { budgetRule, isBudget } from "../spend/budgets.ts";
import { refuseEgressDecision } from "./egressPolicy.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { priorities } from "../../protocol/fleetQueue.ts";

const maxMinutes = 60 * 24 * 365;

/** How long people may let a session work. */
export function isTimeLimit(minutes: number): boolean {
  return minutes >= 1 && minutes <= maxMinutes;
}
export const timeLimitRule = `A time limit is a number of minutes from 1 to ${maxMinutes}.`;

/** Why a client may not set this on a session's fleet channel, as a sentence; undefined if it may. */
export function refuseFleetAction(state: FleetSessionState, action: StateAction): string | undefined {
  if (state.phase === "disposed") return "The session was removed.";
  switch (action.type) {
    case "x-fleet/priorityChanged":
      return priorities.some((priority) => priority === action.priority)
        ? undefined
        : `A priority is one of ${priorities.join(", ")}.`;
    case "x-fleet/timeLimitChanged":
      return action.minutes === undefined || isTimeLimit(action.minutes) ? undefined : timeLimitRule;
    case "x-fleet/budgetSet":
      return action.usd === undefined || isBudget(action.usd) ? undefined : budgetRule;
    case "x-fleet/egressDecided":
    case "x-fleet/egressRevoked":
      return refuseEgressDecision(action);
    default:
      return "This host does not offer that.";
  }
}
