import { findAct, type FleetAct } from "../../protocol/fleetActs.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import type { ClientOrigin } from "../channels/storedRecord.ts";

type What = Pick<FleetAct, "act" | "on" | "turnId">;

/** Which act of a person an action is; undefined for one that nobody has to answer for. */
export function actOf(
  action: StateAction,
  origin: ClientOrigin | undefined,
  fleet: FleetSessionState | undefined,
): Pick<FleetAct, "act" | "on" | "turnId" | "by"> | undefined {
  const what = whatOf(action);
  const by =
    origin?.principal ?? (action.type === "chat/turnStarted" ? sender(action.queuedMessageId, fleet) : undefined);
  return what && by !== undefined ? { ...what, by } : undefined;
}

/** A message that waited is started by the host, for whom it was that wrote it. */
function sender(queuedMessageId: string | undefined, fleet: FleetSessionState | undefined): string | undefined {
  if (fleet === undefined || queuedMessageId === undefined) return undefined;
  return findAct(fleet, { act: "queued", on: queuedMessageId })?.by;
}

function whatOf(action: StateAction): What | undefined {
  switch (action.type) {
    case "chat/turnStarted":
      return { act: "prompted", on: action.turnId };
    case "chat/pendingMessageSet":
      return { act: "queued", on: action.id };
    case "chat/turnCancelled":
      return { act: "stopped", on: action.turnId };
    case "chat/toolCallConfirmed":
      return { act: "answered", on: action.toolCallId, turnId: action.turnId };
    case "chat/inputCompleted":
      return { act: "answered", on: action.requestId };
    case "x-fleet/egressDecided":
      return { act: "decided", on: action.server };
    default:
      return undefined;
  }
}
