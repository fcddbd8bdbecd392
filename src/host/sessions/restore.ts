import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { FleetSessionState } from "../../protocol/fleet.ts";
import { annotationsUri } from "../../protocol/uris.ts";
import type { Channels } from "../channels/channels.ts";
import { isPushing } from "./branchPush.ts";
import { withdraw } from "./presence.ts";
import type { EarlierPlace } from "./scheduler.ts";
import { refsOf, type SessionRefs } from "./sessionRefs.ts";
import { failureOfTurn, interruption } from "./turnEnds.ts";

export interface RestoredSession {
  readonly refs: SessionRefs;
  /** The turn that ran when the host ended. */
  readonly interruptedTurn?: string;
  /** It waited for a slot, or for its workspace, and waits again at this place. */
  readonly earlier?: EarlierPlace;
}

/**
 * Reads the sessions whose fleet channels these are, those that wait first and in the order of the queue. A turn that was
 * with its agent ends as a failure that can be resumed: nothing is run again without a person. One that never began simply
 * waits again.
 */
export async function restoreSessions(
  channels: Channels,
  clock: Clock,
  uris: readonly string[],
): Promise<readonly RestoredSession[]> {
  const found: { readonly fleet: FleetSessionState; readonly settled: Settled }[] = [];
  for (const uri of uris) {
    const fleet = await loadSession(channels, uri);
    if (!fleet) continue;
    const refs = refsOf(fleet.session);
    // Whoever was present in the session has to say so again.
    withdraw(channels, refs.session, () => true);
    found.push({ fleet, settled: settle(channels, clock, refs, fleet) });
  }
  const byQueue = found.toSorted(
    (a, b) =>
      placeOf(a.fleet) - placeOf(b.fleet) ||
      (a.fleet.queue?.ticket ?? lastPlace) - (b.fleet.queue?.ticket ?? lastPlace) ||
      Date.parse(a.fleet.createdAt) - Date.parse(b.fleet.createdAt),
  );
  return byQueue.map(({ fleet, settled: { isWaiting, ...restored } }, index) => {
    return isWaiting ? { ...restored, earlier: { index, ticket: fleet.queue?.ticket } } : restored;
  });
}

const lastPlace = Number.MAX_SAFE_INTEGER;

/** One that had its turn already is before those that waited for it; one that had asked for nothing yet behind them. */
function placeOf({ phase, queue }: FleetSessionState): number {
  return phase === "queued" ? (queue?.position ?? lastPlace) : 0;
}

/** Undefined for a session that is over, and for one that is damaged: the others are served without it. */
async function loadSession(channels: Channels, uri: string): Promise<FleetSessionState | undefined> {
  try {
    if (!(await channels.load(uri))) return undefined;
    const fleet = channels.state("fleetSession", uri);
    if (!fleet || fleet.phase === "disposed") return undefined;
    const refs = refsOf(fleet.session);
    const others = [refs.session, refs.branchChanges, ...((await isOver(channels, fleet, refs)) ? [] : [refs.chat])];
    const loaded = await Promise.all(others.map((each) => channels.load(each)));
    if (loaded.includes(false)) return undefined;
    await loadComments(channels, annotationsUri(refs.session));
    return fleet;
  } catch (error) {
    // `channels` has told the log which one and why; its readers are told when they ask for it.
    if (AppError.is(error, "request.rejected")) return undefined;
    throw error;
  }
}

/** Its row counts them. Damaged ones are told to whoever asks for them. */
async function loadComments(channels: Channels, uri: string): Promise<void> {
  if (await channels.isTaken(uri)) await channels.load(uri).catch(() => false);
}

/** A conversation that stands still is read when somebody asks for it: it is most of what there is of a session. */
async function isOver(channels: Channels, { phase }: FleetSessionState, refs: SessionRefs): Promise<boolean> {
  if (phase !== "ready" && phase !== "failed") return false;
  const last = await channels.lastAction(refs.chat);
  return last === "chat/turnComplete" || last === "chat/turnCancelled" || last === "chat/error";
}

/**
 * Would a start leave the session as it is, if it read it? Then it does not have to. Of its channels only the conversation
 * may be absent from the memory.
 */
export function isSettled(channels: Channels, refs: SessionRefs): boolean {
  const fleet = channels.state("fleetSession", refs.fleet);
  const session = channels.state("session", refs.session);
  if (!fleet || !session || isPushing(channels, refs)) return false;
  const isQuiet = (fleet.phase === "ready" || fleet.phase === "failed") && fleet.agent !== "awake" && !fleet.restoring;
  const isAlone = session.activeClients.length === 0 && channels.state("chat", refs.chat)?.activeTurn === undefined;
  return isQuiet && isAlone;
}

type Settled = Omit<RestoredSession, "earlier"> & { readonly isWaiting: boolean };

function settle(channels: Channels, clock: Clock, refs: SessionRefs, fleet: FleetSessionState): Settled {
  const turn = channels.state("chat", refs.chat)?.activeTurn;
  if (fleet.agent === "awake") channels.dispatch(refs.fleet, { type: "x-fleet/agentChanged", agent: "asleep" });
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
