import * as vscode from "vscode";
import type { ChannelHandle, Client } from "../../client/client.ts";
import { toLine } from "../../base/visibleText.ts";
import type { FleetConflictsState } from "../../protocol/fleetConflicts.ts";
import type { FleetTrain } from "../../protocol/fleetTrain.ts";
import { fleetConflictsUri } from "../../protocol/uris.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { nameOf, tellUpdated, type Updated, type UpdatePorts } from "./updateNotice.ts";

/**
 * Has the host update agents of one repository one after the other, and shows how far it is. It goes on without this
 * window; cancelled, it ends before the next agent.
 */
export async function runTrain(agents: readonly FleetAgent[], ports: UpdatePorts): Promise<void> {
  const [first, ...others] = agents;
  if (first === undefined) return;
  const client = ports.connections.client(first.hostId);
  const request = { channel: first.session, others: others.map(({ session }) => session) };
  const { train } = await client.request("x-fleet/startTrain", request);
  const agentOf = (session: string) => agents.find((agent) => agent.session === session);
  const title = vscode.l10n.t("Updating {0} agents from their base", agents.length);
  const ended = await ports.dialogs.attempt(title, (signal, report) => {
    const shown = ({ stops }: FleetTrain) => {
      const at = stops.findIndex(({ state }) => state === "updating");
      if (at >= 0)
        report(vscode.l10n.t("{0} of {1}: {2}", at + 1, stops.length, nameOf(agentOf(stops[at]?.session ?? ""))));
    };
    const stop = () => client.request("x-fleet/stopTrain", { channel: first.session });
    return whenEnded(client, first, train, { signal, shown, stop });
  });
  // Not awaited: a notification may stay for as long as the person likes.
  if (ended === undefined)
    void ports.dialogs.tell(vscode.l10n.t("The host goes on by itself: the agents' rows tell how far it is."));
  else void tellEnded(ended, agentOf, ports);
}

interface Watching {
  readonly signal: AbortSignal;
  readonly shown: (train: FleetTrain) => void;
  readonly stop: () => Promise<unknown>;
}

/** As it ended; `undefined` where this window can't see that. */
async function whenEnded(
  client: Client,
  { repository = "" }: FleetAgent,
  { id }: FleetTrain,
  { signal, shown, stop }: Watching,
): Promise<FleetTrain | undefined> {
  const handle: ChannelHandle<FleetConflictsState> = client.subscribe("fleetConflicts", fleetConflictsUri(repository));
  const ended = Promise.withResolvers<FleetTrain | undefined>();
  const look = () => {
    const train = handle.state?.train;
    if (handle.status === "failed" || (train !== undefined && train.id !== id)) ended.resolve(undefined);
    else if (train?.endedAt !== undefined) ended.resolve(train);
    else if (train !== undefined) shown(train);
  };
  const listening = handle.onDidChange(look);
  const cancel = () => void stop().catch(() => ended.resolve(undefined));
  signal.addEventListener("abort", cancel);
  handle.ready.then(look, () => ended.resolve(undefined));
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", cancel);
    listening.dispose();
    handle.dispose();
  }
}

function tellEnded(
  { stops }: FleetTrain,
  agentOf: (session: string) => FleetAgent | undefined,
  ports: UpdatePorts,
): Promise<void> {
  const reached = stops.flatMap(({ session, state, safety = "", commits = 0 }): Updated[] => {
    const agent = agentOf(session);
    return agent !== undefined && (state === "updated" || state === "current") ? [{ agent, safety, commits }] : [];
  });
  const notes = stops.flatMap(({ session, message }) =>
    message === undefined ? [] : [`${nameOf(agentOf(session))}: ${toLine(message, 300)}`],
  );
  const left = stops.filter(({ state }) => state === "left").length;
  if (left === 1) notes.push(vscode.l10n.t("1 was left as it is."));
  if (left > 1) notes.push(vscode.l10n.t("{0} were left as they are.", left));
  return tellUpdated(reached, notes, ports);
}
