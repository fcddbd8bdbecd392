import * as vscode from "vscode";
import type { AppError } from "../../base/appError.ts";
import type { ChannelHandle } from "../../client/client.ts";
import type { ConnectionState } from "../../client/connectionState.ts";
import type { ChatState } from "../../protocol/chatState.ts";
import { fleetMeta } from "../../protocol/fleetMeta.ts";
import { FleetMethods, type FleetMethodName } from "../../protocol/fleetMethods.ts";
import type { PanelAbout, PanelFacts, PanelPullRequest, PullRequestAct } from "../../protocol/panel.ts";
import type { RootState } from "../../protocol/root.ts";
import { choicesOf } from "../../protocol/sessionChoices.ts";
import type { SessionState } from "../../protocol/sessionState.ts";
import type { SessionChangeset } from "../fleet/changesets.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { type PullRequestNeed, pullRequestNeed, pullRequestWords } from "../fleet/pullRequestNeed.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { sightOf } from "../hosts/sight.ts";
import { sentenceOf } from "../platform/presentError.ts";

export interface FactsSource {
  readonly connection: HostConnection | undefined;
  readonly agent: Pick<FleetAgent, "pullRequest" | "head"> | undefined;
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
    hostName: connection?.host.name ?? vscode.l10n.t("an unknown host"),
    connection: connection === undefined ? "offline" : sightOf(connection.state),
    heardAtMs: chat?.asOf ?? connection?.client.lastHeardAt,
    problem: problemOf(connection?.state, source.error),
    pullRequest: toPanelPullRequest(agent),
    hasOlder: source.hasOlder,
    canShip: fleet !== undefined,
    needsSignIn: source.needsSignIn,
    // Hosts of ours say no to it; others take it, as VS Code's own does.
    canSteer: connection?.client.hostInfo !== undefined && fleet === undefined,
    methods: fleetMethodNames.filter((method) => fleet?.methods.includes(method)),
    changes: changes?.label === undefined ? undefined : { label: changes.label, description: changes.description },
  };
}

const acts: Readonly<Partial<Record<PullRequestNeed, PullRequestAct>>> = {
  unshipped: "update",
  checksFailed: "fixChecks",
  changesRequested: "addressComments",
  mergeable: "merge",
};

function toPanelPullRequest(agent: FactsSource["agent"]): PanelPullRequest | undefined {
  if (agent?.pullRequest === undefined) return undefined;
  const { number, url } = agent.pullRequest;
  const need = pullRequestNeed(agent);
  return { number, url, words: pullRequestWords(agent, vscode.l10n.t), act: need && acts[need] };
}

const fleetMethodNames = Object.keys(FleetMethods) as readonly FleetMethodName[];

/** What the agent says of itself; its host's list of models where it leaves none to choose. */
export function toPanelAbout(session: SessionState | undefined, root: RootState | undefined): PanelAbout {
  const { plan, commands } = fleetMeta("session", session) ?? {};
  const choices = session === undefined ? [] : choicesOf(session);
  const listed = root?.agents.find(({ provider }) => provider === session?.provider)?.models ?? [];
  const isLeft = choices.some(({ id }) => id === "model");
  return { plan, commands, choices, models: isLeft ? [] : listed.map(({ id, name }) => ({ id, name })) };
}

function problemOf(state: ConnectionState | undefined, error: AppError | undefined): string | undefined {
  if (state === undefined)
    return vscode.l10n.t("The host of this agent is not configured any more. Add it again to see the agent.");
  if (state.kind === "refused") return sentenceOf(state.error, vscode.l10n.t);
  return error && sentenceOf(error, vscode.l10n.t);
}
