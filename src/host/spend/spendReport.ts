import { AppError } from "../../base/appError.ts";
import { compact } from "../../protocol/schema.ts";
import type { SpendItem, SpendRow } from "../../protocol/fleetLedger.ts";
import { addSpend, type Coordination, type Infrastructure } from "../../protocol/fleetSpend.ts";
import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import { repositoryKey } from "../../protocol/uris.ts";

const maxItems = 500;

type Sums = Coordination & Infrastructure;

/** One page of a report over rows of the ledger. */
export function spendReport(
  rows: readonly { readonly day: string; readonly row: SpendRow }[],
  params: ParamsOf<"x-fleet/spend"> & { readonly from: string; readonly to: string },
): ResultOf<"x-fleet/spend"> {
  const { by, from, to, session, user, repository, cursor } = params;
  const wanted = repository === undefined ? undefined : repositoryKey(repository);
  const groups = new Map<string, Sums>();
  let total: Sums = {};
  for (const { day, row } of rows) {
    if (session !== undefined && row.session !== session) continue;
    if (user !== undefined && row.user !== user) continue;
    if (wanted !== undefined && repositoryKey(row.repository) !== wanted) continue;
    const key = by === "day" ? day : by === "repository" ? repositoryKey(row.repository) : (row[by] ?? "");
    groups.set(key, addSpend(groups.get(key) ?? {}, row));
    total = addSpend(total, row);
  }
  const items = Array.from(groups, ([key, sums]) => toItem(key, sums)).toSorted(by === "day" ? byKey : byCost);
  const start = cursor === undefined ? 0 : startOf(cursor);
  const end = start + Math.min(maxItems, Math.max(1, params.limit ?? maxItems));
  return {
    from,
    to,
    items: items.slice(start, end),
    total: toItem("", total),
    ...(end < items.length && { nextCursor: String(end) }),
  };
}

function startOf(cursor: string): number {
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new AppError("request.invalid", "That is no place in a report. Ask without a cursor.");
}

function byKey(a: SpendItem, b: SpendItem): number {
  return a.key < b.key ? -1 : 1;
}

function byCost(a: SpendItem, b: SpendItem): number {
  return (b.coordination.costUsd ?? -1) - (a.coordination.costUsd ?? -1) || byKey(a, b);
}

function toItem(key: string, sums: Sums): SpendItem {
  const { cpuMs, wallMs, peakMemoryBytes, ...rest } = sums;
  const infrastructure = compact({ cpuMs, wallMs, peakMemoryBytes });
  return { key, coordination: rest, infrastructure };
}
