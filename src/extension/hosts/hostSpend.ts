import type { Client } from "../../client/client.ts";
import type { SpendItem, SpendKind } from "../../protocol/fleetLedger.ts";
import { ROOT_URI } from "../../protocol/uris.ts";

/** Days in UTC, as hosts keep their accounts; both are in it. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** What a host answered, all pages of it. */
export interface HostSpend {
  readonly items: readonly SpendItem[];
  readonly total: SpendItem;
}

/** A page of a report has at most 500 lines; nobody reads more than these. */
const maxPages = 4;

/** "2026-11-23", in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** As far as the host has said so. */
export function keepsAccounts({ hostInfo }: Pick<Client, "hostInfo">): boolean {
  return hostInfo?.fleet?.methods.includes("x-fleet/spend") === true;
}

/** What a host's agents cost in these days. */
export async function readHostSpend(
  client: Pick<Client, "request">,
  asked: Days & { readonly by: SpendKind },
): Promise<HostSpend> {
  const items: SpendItem[] = [];
  let page = await client.request("x-fleet/spend", { channel: ROOT_URI, ...asked });
  items.push(...page.items);
  for (let count = 1; count < maxPages && page.nextCursor !== undefined; count++) {
    page = await client.request("x-fleet/spend", { channel: ROOT_URI, ...asked, cursor: page.nextCursor });
    items.push(...page.items);
  }
  return { items, total: page.total };
}
