import type { Translate } from "../../../base/l10n.ts";
import type { ChatState } from "../../../protocol/chatState.ts";
import type { FleetSessionState } from "../../../protocol/fleet.ts";
import type { PanelItem, TimelineEntry } from "../../../protocol/panel.ts";
import { turnsOf } from "../panelWindow.ts";
import { beginning, ofFleet } from "./fleetEntries.ts";
import { ofTurn } from "./turnEntries.ts";
import { tellerOf } from "./teller.ts";

/** Entries that a page is told of. */
const maxEntries = 300;

/**
 * What happened to an agent, newest first: turns with their cost, who let it do what, checkpoints, pushes, and what held it up.
 * @param user whose connection this is, as the host calls them; unknown for hosts that know no users
 */
export function toTimeline(
  chat: ChatState | undefined,
  fleet: FleetSessionState | undefined,
  user: string | undefined,
  t: Translate,
): Extract<PanelItem, { type: "timeline" }> {
  const turns = chat === undefined ? [] : turnsOf(chat);
  const spends = new Map(fleet?.spend?.turns.map((spend) => [spend.turnId, spend]));
  const tell = tellerOf(fleet, user, t);
  const entries = [
    ...(fleet === undefined ? [] : [beginning(fleet, tell)]),
    ...turns.flatMap((turn) => ofTurn(turn, spends.get(turn.id), tell)),
    ...(fleet === undefined ? [] : ofFleet(fleet, tell)),
  ];
  // What has no time of its own keeps its place after what it follows; how things stand is told last, so it comes first.
  let lastMs = Number.NEGATIVE_INFINITY;
  const timed = entries.map((entry, index) => {
    lastMs = entry.atMs ?? (entry.turnId === undefined ? Number.POSITIVE_INFINITY : lastMs);
    return { entry, index, atMs: lastMs };
  });
  const sorted: readonly TimelineEntry[] = timed
    .toSorted((a, b) => b.atMs - a.atMs || b.index - a.index)
    .map(({ entry }) => entry);
  return { type: "timeline", entries: sorted.slice(0, maxEntries), left: Math.max(0, sorted.length - maxEntries) };
}
