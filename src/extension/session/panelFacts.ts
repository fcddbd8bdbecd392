import type { AppError } from "../../base/appError.ts";
import type { ChannelHandle } from "../../client/client.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { FleetMethods, type FleetMethodName } from "../../protocol/fleetMethods.ts";
import type { PanelAbout, PanelFacts } from "../../protocol/panel.ts";
import type { RootState } from "../../protocol/root.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import type { SessionChangeset } from "../fleet/changesets.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { sentenceOf } from "../platform/presentError.ts";

export interface FactsSource {
  readonly connection: HostConnection | undefined;
  readonly agent: Pick<FleetAgent, "pullRequest"> | undefined;
  readonly chat: Pick<ChannelHandle<ChatState>, "asOf"> | undefined;
  /** Why the session or its chat cannot be shown. */
  readonly error: AppError | undefined;
  readonly hasOlder: boolean;
  readonly needsSignIn: boolean;
  readonly changes: SessionChangeset | undefined;
}

/** Whether we can see what the agent does, and what may be done from here. */
export function toPanelFacts(source: FactsSource): PanelFacts {
  const { connection, agent, chat, changes } = source;
  const fleet = connection?.client.hostInfo?.fleet;
  return {
    hostName: connection?.host.name ?? "an unknown host",
    connection: connection === undefined ? "offline" : sightOf(connection.state),
    heardAtMs: chat?.asOf ?? connection?.client.lastHeardAt,
    problem: problemOf(connection?.state, source.error),
    pullRequest: agent?.pullRequest && { number: agent.pullRequest.number, url: agent.pullRequest.url },
    hasOlder: source.hasOlder,
    canShip: fleet !== undefined,
    needsSignIn: source.needsSignIn,
    // Hosts of ours say no to it; others take it, as VS Code's own does.
    canSteer: connection?.client.hostInfo !== undefined && fleet === undefined,
    methods: fleetMethodNames.filter((method) => fleet?.methods.includes(method)),
    changes: changes?.label === undefined ? undefined : { label: changes.label, description: changes.description },
  };
}

const fleetMethodNames = Object.keys(FleetMethods) as readonly FleetMethodName[];

/** What the agent says of itself; its host's list of models where it tells none. */
export function toPanelAbout(session: SessionState | undefined, root: RootState | undefined): PanelAbout {
  const { plan, commands, modes, models } = fleetMeta("session", session) ?? {};
  const listed = root?.agents.find(({ provider }) => provider === session?.provider)?.models ?? [];
  const available = listed.map(({ id, name }) => ({ id, name }));
  return { plan, commands, modes, models: models ?? (available.length > 0 ? { available } : undefined) };
}

function sightOf({ kind }: ConnectionState): PanelFacts["connection"] {
  switch (kind) {
    case "live":
      return "live";
    case "opening":
    case "handshaking":
    case "resuming":
      return "connecting";
    case "waiting":
    case "refused":
    case "offline":
    default:
      return "offline";
  }
}

function problemOf(state: ConnectionState | undefined, error: AppError | undefined): string | undefined {
  if (state === undefined) return "The host of this agent is not configured any more. Add it again to see the agent.";
  if (state.kind === "refused") return sentenceOf(state.error);
  return error && sentenceOf(error);
}
