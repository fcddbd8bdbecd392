import type { SpendPeriod } from "../../protocol/report.ts";
import { dayOf, type Days } from "../hosts/hostSpend.ts";

const dayMs = 86_400_000;

export function daysOf(period: SpendPeriod, nowMs: number): Days {
  const to = dayOf(nowMs);
  const back = (days: number) => ({ from: dayOf(nowMs - (days - 1) * dayMs), to });
  switch (period) {
    case "week":
      return back(7);
    case "days30":
      return back(30);
    case "days90":
      return back(90);
    case "lastMonth": {
      const now = new Date(nowMs);
      const first = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
      const last = dayOf(first - dayMs);
      return { from: `${last.slice(0, 7)}-01`, to: last };
    }
    default:
      return { from: `${to.slice(0, 7)}-01`, to };
  }
}

/** Every day of it, in order. */
export function eachDay({ from, to }: Days): readonly string[] {
  const first = Date.parse(from);
  const count = Math.round((Date.parse(to) - first) / dayMs) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => dayOf(first + index * dayMs));
}
