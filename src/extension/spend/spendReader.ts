import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import type { Clock } from "../../base/clock.ts";
import type { SpendKind } from "../../protocol/fleetLedger.ts";
import type { ReportNote, SpendChoice, SpendState } from "../../protocol/report.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { HostConnection, HostConnectionsView } from "../hosts/hosts.ts";
import { hostNote } from "../platform/hostNote.ts";
import { type Days, keepsAccounts, readHostSpend } from "../hosts/hostSpend.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { type SpendOfHost, spendLines } from "./spendLines.ts";
import { daysOf } from "./spendPeriods.ts";

export interface SpendReaderOptions {
  readonly connections: Pick<HostConnectionsView, "all">;
  readonly clock: Clock;
  /** The title of an agent that is listed still. */
  readonly titleOf: (hostId: string, session: string) => string | undefined;
}

export const firstChoice: SpendChoice = { period: "month", by: "day", hostId: "", measure: "cost" };

/** Before any host has answered. */
export function loadingSpend({ connections, clock }: SpendReaderOptions, choice: SpendChoice): SpendState {
  return {
    view: "spend",
    choice,
    isLoading: true,
    ...daysOf(choice.period, clock.now()),
    hosts: accountants(connections).map(named),
    notes: [],
    lines: [],
    total: { coordination: {}, infrastructure: {} },
  };
}

/** Asks every chosen host. One that does not answer is told as such, and the sums are those of the others. */
export async function readSpend(options: SpendReaderOptions, choice: SpendChoice): Promise<SpendState> {
  const { connections, titleOf } = options;
  const loading = loadingSpend(options, choice);
  const { hostId } = choice;
  const wanted = connections.all.filter(({ host }) => hostId === "" || host.id === hostId);
  const asked = { from: loading.from, to: loading.to, by: choice.by };
  const answers = await Promise.all(wanted.map((connection) => ask(connection, asked)));
  const labelOf = (key: string, id: string) => {
    const connection = wanted.find(({ host }) => host.id === id);
    return toLine(
      nameOf(choice.by, key, connection, (session) => titleOf(id, session)),
      120,
    );
  };
  return {
    ...loading,
    isLoading: false,
    notes: answers.filter((answer) => "text" in answer),
    ...spendLines(
      answers.filter((answer) => "items" in answer),
      asked,
      labelOf,
    ),
  };
}

/** Hosts that keep accounts, as far as they have said so. */
function accountants(connections: Pick<HostConnectionsView, "all">): readonly HostConnection[] {
  return connections.all.filter(({ client }) => keepsAccounts(client));
}

function named({ host }: HostConnection): { id: string; name: string } {
  return { id: host.id, name: toLine(host.name, 60) };
}

/** The answer, or why there is none. */
async function ask(connection: HostConnection, asked: Days & { by: SpendKind }): Promise<SpendOfHost | ReportNote> {
  const away = hostNote(connection, false, (name) =>
    vscode.l10n.t("{0} is not connected: what its agents cost is not counted.", name),
  );
  if (away !== undefined) return away;
  const { host, client } = connection;
  const hostId = host.id;
  const name = toLine(host.name, 60);
  if (!keepsAccounts(client)) return { text: vscode.l10n.t("{0} keeps no accounts.", name) };
  try {
    return { hostId, ...(await readHostSpend(client, asked)) };
  } catch (error) {
    return {
      text: vscode.l10n.t("{0} did not tell what its agents cost: {1}", name, sentenceOf(error, vscode.l10n.t)),
    };
  }
}

/** What people call it. */
function nameOf(
  by: SpendKind,
  key: string,
  connection: HostConnection | undefined,
  titleOf: (session: string) => string | undefined,
): string {
  switch (by) {
    case "day":
      return key;
    case "session":
      return titleOf(key) ?? vscode.l10n.t("deleted agent {0}", key.split("/").at(-1)?.slice(0, 8) ?? "");
    case "agent": {
      const agents = connection?.client.root.state?.agents ?? [];
      return agents.find(({ provider }) => provider === key)?.displayName ?? (key || vscode.l10n.t("unknown agent"));
    }
    case "repository":
      return repositoryName(key);
    case "model":
      return key || vscode.l10n.t("unknown model");
    default:
      return key || vscode.l10n.t("unknown");
  }
}
