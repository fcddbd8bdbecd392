import * as vscode from "vscode";
import { AppError } from "../../base/appError.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { conflictsIn, resolveConflicts } from "./resolveConflicts.ts";
import { nameOf, tellUpdated, type UpdatePorts } from "./updateNotice.ts";
import { runTrain } from "./updateTrain.ts";

/**
 * Updates agents from their base branches; the host records their files as they are first. Several of one repository are
 * their host's to update, one after the other. Rejects when it can't be done; of a single agent that git can't bring onto
 * its base it is offered to have the agent do it.
 */
export async function updateAgents(agents: readonly FleetAgent[], ports: UpdatePorts): Promise<void> {
  const [only] = agents;
  if (only !== undefined && agents.length === 1) return updateAgent(only, ports);
  const together = ({ hostId, repository = "" }: FleetAgent) => `${hostId}|${fleetConflictsUri(repository)}`;
  const trains = Array.from(Map.groupBy(agents, together).values());
  await Promise.all(trains.map((train) => runTrain(train, ports)));
}

async function updateAgent(agent: FleetAgent, ports: UpdatePorts): Promise<void> {
  const { connections, dialogs } = ports;
  try {
    const title = vscode.l10n.t("Updating {0} from its base", nameOf(agent));
    const { commits, safety } = await dialogs.progress(title, () =>
      connections.client(agent.hostId).request("x-fleet/updateFromBase", { channel: agent.session }),
    );
    // Not awaited: a notification may stay for as long as the person likes.
    void tellUpdated([{ agent, safety, commits }], [], ports);
  } catch (error) {
    const files = conflictsIn(error);
    if (files === undefined) throw AppError.from(error, "Couldn't update the agent from its base");
    await resolveConflicts(agent, files, ports);
  }
}
