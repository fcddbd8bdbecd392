import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import type {
  CoordinatedAgent,
  CoordinatedRepository,
  CoordinationState,
  PairDetails,
} from "../../protocol/coordinationReport.ts";
import type { FleetConflictsState, ForecastBranch } from "../../protocol/fleetConflicts.ts";
import type { FleetTrain } from "../../protocol/fleetTrain.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import { agentKey, type FleetAgent } from "../fleet/fleetAgent.ts";
import { wordsOf } from "../tree/agentNode.ts";

type Agents = ReadonlyMap<string, FleetAgent>;

/** @param forecast absent as long as the host has not told it */
export function toCoordinationState(
  of: CoordinatedRepository,
  forecast: FleetConflictsState | undefined,
  agents: Agents,
  shown: Pick<CoordinationState, "note"> & { readonly chosen: PairDetails | undefined },
): CoordinationState {
  const order = new Map(forecast?.mergeOrder.map((session, index) => [session, index]));
  const placeOf = ({ session }: ForecastBranch) => order.get(session) ?? order.size;
  const branches = (forecast?.branches ?? []).toSorted((a, b) => placeOf(a) - placeOf(b));
  const listed = new Set(branches.map(({ session }) => session));
  const isListed = (session: string) => session === "" || listed.has(session);
  const { chosen, note } = shown;
  return {
    view: "coordination",
    of,
    note,
    repository: toLine(repositoryName(of.repository), 100),
    isLoading: forecast === undefined && note === undefined,
    agents: branches.map((branch) => {
      const agent = agents.get(agentKey(of.hostId, branch.session));
      return { ...toAgent(branch, agent), update: updateOf(branch, forecast?.train) };
    }),
    train: goingOf(forecast?.train),
    pairs: forecast?.pairs.filter(({ first, second }) => listed.has(first) && listed.has(second)) ?? [],
    chosen: chosen && isListed(chosen.first) && isListed(chosen.second) ? chosen : undefined,
  };
}

function toAgent(branch: ForecastBranch, agent: FleetAgent | undefined): CoordinatedAgent {
  const { session, baseBranch, behind, overlap, files, fileCount } = branch;
  return {
    session,
    title: nameOf(agent) ?? toLine(branch.branch, 80),
    state: agent === undefined ? "" : wordsOf(agent),
    baseBranch,
    behind,
    overlap,
    files,
    fileCount,
    obstacle: obstacleOf(branch, agent),
  };
}

/** A train that is over is of interest only where it could not update what is behind. */
function updateOf({ session, behind }: ForecastBranch, train: FleetTrain | undefined): CoordinatedAgent["update"] {
  const stop = train?.stops.find((each) => each.session === session);
  if (stop === undefined || (train?.endedAt !== undefined && (stop.message === undefined || behind === 0)))
    return undefined;
  return { state: stop.state, message: stop.message === undefined ? undefined : toLine(stop.message, 300) };
}

function goingOf(train: FleetTrain | undefined): CoordinationState["train"] {
  if (train === undefined || train.endedAt !== undefined) return undefined;
  const isLeft = ({ state }: FleetTrain["stops"][number]) => state === "waiting" || state === "updating";
  return { done: train.stops.filter((stop) => !isLeft(stop)).length, count: train.stops.length };
}

/** What tells an agent from others: attempts at one prompt have the same title. */
export function nameOf(agent: FleetAgent | undefined): string | undefined {
  if (agent === undefined) return undefined;
  const title = toLine(agent.title, 80);
  return agent.group === undefined ? title : vscode.l10n.t("{0} (attempt {1})", title, agent.group.index);
}

/** Why a branch can't be updated from its base at this moment, if so. */
export function obstacleOf(
  { behind, overlap }: Pick<ForecastBranch, "behind" | "overlap">,
  agent: FleetAgent | undefined,
): CoordinatedAgent["obstacle"] {
  if (behind === 0) return "current";
  if (overlap === "conflict") return "conflict";
  const isAtRest = agent !== undefined && !["working", "queued", "needsYou"].includes(agent.attention);
  return isAtRest ? undefined : "working";
}

/** Repositories with a forecast to look at: those that at least two agents of a host work on, the most first. */
export function repositoriesOf(agents: Iterable<FleetAgent>): readonly (CoordinatedRepository & { count: number })[] {
  const found = new Map<string, CoordinatedRepository & { count: number }>();
  for (const { hostId, repository, isArchived, canShip } of agents) {
    if (repository === undefined || isArchived || !canShip) continue;
    const key = `${hostId}|${fleetConflictsUri(repository)}`;
    const known = found.get(key) ?? { hostId, repository, count: 0 };
    known.count += 1;
    found.set(key, known);
  }
  return Array.from(found.values()).toSorted((a, b) => b.count - a.count || (a.repository < b.repository ? -1 : 1));
}
