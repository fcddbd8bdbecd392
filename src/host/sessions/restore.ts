import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { parseFleetSessionUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import { withdraw } from "./presence.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import { failureOfTurn, interruption } from "./turnEnds.ts";

export interface RestoredSession {
  readonly refs: SessionRefs;
  /** The turn that ran when the host ended. */
  readonly interruptedTurn?: string;
  /** It waited for a slot, or for its workspace, and waits again. */
  readonly isWaiting: boolean;
}

/**
 * The sessions in the log, those that wait first and in the order of the queue. A turn that was with its agent ends as a
 * failure that can be resumed: nothing is run again without a person. One that never began simply waits again.
 */
export async function restoreSessions(channels: Channels, clock: Clock): Promise<readonly RestoredSession[]> {
  const found: { readonly fleet: FleetSessionState; readonly restored: RestoredSession }[] = [];
  for (const uri of await channels.known()) {
    if (parseFleetSessionUri(uri) === undefined) continue;
    const fleet = await loadSession(channels, uri);
    if (!fleet) continue;
    const refs = refsOf(fleet.session);
    // Whoever was present in the session has to say so again.
    withdraw(channels, refs.session, () => true);
    found.push({ fleet, restored: settle(channels, clock, refs, fleet) });
  }
  const byQueue = found.toSorted(
    (a, b) =>
      (a.fleet.queue?.position ?? 0) - (b.fleet.queue?.position ?? 0) ||
      Date.parse(a.fleet.createdAt) - Date.parse(b.fleet.createdAt),
  );
  return byQueue.map((each) => each.restored);
}

/** Undefined for a session that is over, and for one that is damaged: the others are served without it. */
async function loadSession(channels: Channels, uri: string): Promise<FleetSessionState | undefined> {
  try {
    if (!(await channels.load(uri))) return undefined;
    const fleet = channels.state("fleetSession", uri);
    if (!fleet || fleet.phase === "disposed") return undefined;
    const refs = refsOf(fleet.session);
    const others = [refs.session, refs.chat, refs.branchChanges];
    const loaded = await Promise.all(others.map((each) => channels.load(each)));
    return loaded.includes(false) ? undefined : fleet;
  } catch (error) {
    // `channels` has told the log which one and why; its readers are told when they ask for it.
    if (AppError.is(error, "request.rejected")) return undefined;
    throw error;
  }
}

function settle(channels: Channels, clock: Clock, refs: SessionRefs, fleet: FleetSessionState): RestoredSession {
  const turn = channels.state("chat", refs.chat)?.activeTurn;
  if (fleet.phase !== "working")
    return { refs, isWaiting: fleet.phase === "queued" || fleet.phase === "provisioning" || turn !== undefined };
  channels.dispatch(refs.fleet, { type: "x-fleet/phaseChanged", phase: "ready" });
  if (channels.state("session", refs.session)?.activity !== undefined) {
    channels.dispatch(refs.session, { type: "session/activityChanged", activity: undefined });
  }
  if (!turn) return { refs, isWaiting: false };
  const duration = Math.max(0, clock.now() - Date.parse(turn.startedAt)) || 0;
  channels.dispatch(refs.chat, failureOfTurn(turn.id, duration, interruption));
  return { refs, interruptedTurn: turn.id, isWaiting: false };
}
