import { AppError } from "../../base/appError.ts";
import { compact } from "../../protocol/schema.ts";
import type { SpendItem, SpendKind, SpendRow } from "../../protocol/fleetLedger.ts";
import { addSpend, type Coordination, type Infrastructure } from "../../protocol/fleetSpend.ts";
import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import { repositoryKey } from "../../protocol/uris.ts";
import { periodOf } from "./budgets.ts";

const maxItems = 500;

type Sums = Coordination & Infrastructure;

export interface Days {
  readonly from: string;
  readonly to: string;
}

/** Both days are in it; without them it is this month until today (UTC). Throws `request.invalid`. */
export function daysAsked({ from, to }: Partial<Record<"from" | "to", string | undefined>>, nowMs: number): Days {
  const today = periodOf(nowMs, "day");
  const days = { from: from ?? `${today.slice(0, 7)}-01`, to: to ?? today };
  if (isDay(days.from) && isDay(days.to)) return days;
  throw new AppError("request.invalid", "Name days as in 2026-11-23.");
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

/** The channels of the ledger that hold these days, in their order. */
export function ledgerDays(periods: Iterable<string>, { from, to }: Days): readonly string[] {
  return Array.from(periods)
    .filter((period) => isDay(period) && period >= from && period <= to)
    .toSorted();
}

/** One page of a report over rows of the ledger. */
export function spendReport(
  rows: readonly { readonly day: string; readonly row: SpendRow }[],
  params: Omit<ParamsOf<"x-fleet/spend">, "channel"> & Days,
): ResultOf<"x-fleet/spend"> {
  const { by, from, to, session, user, repository, cursor } = params;
  const wanted = repository === undefined ? undefined : repositoryKey(repository);
  const groups = new Map<string, Sums>();
  let total: Sums = {};
  for (const { day, row } of rows) {
    if (session !== undefined && row.session !== session) continue;
    if (user !== undefined && row.user !== user) continue;
    if (wanted !== undefined && repositoryKey(row.repository) !== wanted) continue;
    const key = keyOf(by, day, row);
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

function keyOf(by: SpendKind, day: string, row: SpendRow): string {
  switch (by) {
    case "day":
      return day;
    case "repository":
      return repositoryKey(row.repository);
    case "agent":
      return row.provider ?? "";
    default:
      return row[by] ?? "";
  }
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
