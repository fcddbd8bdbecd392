import { toLine } from "../../base/visibleText.ts";
import type { Clock } from "../../base/clock.ts";
import type { Client } from "../../client/client.ts";
import type { SpendItem, SpendKind } from "../../protocol/fleetLedger.ts";
import type { SpendChoice, SpendState } from "../../protocol/report.ts";
import { ROOT_URI } from "../../protocol/uris.ts";
import { repositoryName } from "../fleet/agentRow.ts";
import type { HostConnection, HostConnectionsView } from "../hosts/hosts.ts";
import { sentenceOf } from "../platform/presentError.ts";
import { type HostSpend, spendLines } from "./spendLines.ts";
import { type Days, daysOf } from "./spendPeriods.ts";

export interface SpendReaderOptions {
  readonly connections: Pick<HostConnectionsView, "all">;
  readonly clock: Clock;
  /** The title of an agent that is listed still. */
  readonly titleOf: (hostId: string, session: string) => string | undefined;
}

/** A page of a report has at most 500 lines; nobody reads more than these. */
const maxPages = 4;

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
    notes: answers.flatMap((answer) => (typeof answer === "string" ? [answer] : [])),
    ...spendLines(
      answers.filter((answer) => typeof answer !== "string"),
      asked,
      labelOf,
    ),
  };
}

/** Hosts that keep accounts, as far as they have said so. */
function accountants(connections: Pick<HostConnectionsView, "all">): readonly HostConnection[] {
  return connections.all.filter(({ client }) => client.hostInfo?.fleet?.methods.includes("x-fleet/spend") === true);
}

function named({ host }: HostConnection): { id: string; name: string } {
  return { id: host.id, name: toLine(host.name, 60) };
}

/** The answer, or a sentence that says why there is none. */
async function ask(connection: HostConnection, asked: Days & { by: SpendKind }): Promise<HostSpend | string> {
  const { host, client, state } = connection;
  const name = toLine(host.name, 60);
  if (state.kind !== "live") return `${name} is not connected: what its agents cost is not counted.`;
  if (client.hostInfo?.fleet?.methods.includes("x-fleet/spend") !== true) return `${name} keeps no accounts.`;
  try {
    return { hostId: host.id, ...(await pages(client, asked)) };
  } catch (error) {
    return `${name} did not tell what its agents cost: ${sentenceOf(error)}`;
  }
}

async function pages(client: Client, asked: Days & { by: SpendKind }): Promise<Omit<HostSpend, "hostId">> {
  const items: SpendItem[] = [];
  let page = await client.request("x-fleet/spend", { channel: ROOT_URI, ...asked });
  items.push(...page.items);
  for (let count = 1; count < maxPages && page.nextCursor !== undefined; count++) {
    page = await client.request("x-fleet/spend", { channel: ROOT_URI, ...asked, cursor: page.nextCursor });
    items.push(...page.items);
  }
  return { items, total: page.total };
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
      return titleOf(key) ?? `deleted agent ${key.split("/").at(-1)?.slice(0, 8) ?? ""}`;
    case "agent": {
      const agents = connection?.client.root.state?.agents ?? [];
      return agents.find(({ provider }) => provider === key)?.displayName ?? (key || "unknown agent");
    }
    case "repository":
      return repositoryName(key);
    case "model":
      return key || "unknown model";
    default:
      return key || "unknown";
  }
}
