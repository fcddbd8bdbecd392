import type { SpendItem, SpendKind } from "../../protocol/fleetLedger.ts";
import { addSpend, type Coordination, type Infrastructure } from "../../protocol/fleetSpend.ts";
import type { SpendLine } from "../../protocol/report.ts";
import type { Days, HostSpend } from "../hosts/hostSpend.ts";
import { eachDay } from "./spendPeriods.ts";

/** What one host answered. */
export interface SpendOfHost extends HostSpend {
  readonly hostId: string;
}

type Sums = Coordination & Infrastructure;

interface Building {
  sums: Sums;
  parts: SpendLine["parts"][number][];
}

/**
 * All hosts' lines as one list; each keeps what it has from which host. Days are those of the calendar, so that one without
 * spending is a gap and not a jump.
 * @param labelOf what people call a key; nothing for a key that nobody knows
 */
export function spendLines(
  spends: readonly SpendOfHost[],
  asked: Days & { readonly by: SpendKind },
  labelOf: (key: string, hostId: string) => string,
): Pick<{ lines: readonly SpendLine[]; total: Pick<SpendLine, "coordination" | "infrastructure"> }, "lines" | "total"> {
  const byKey = new Map<string, Building>();
  if (asked.by === "day") for (const day of eachDay(asked)) byKey.set(day, { sums: {}, parts: [] });
  const labels = new Map<string, string>();
  for (const { hostId, items } of spends) {
    for (const item of items) {
      const { key } = item;
      const line = byKey.get(key) ?? { sums: {}, parts: [] };
      line.sums = addSpend(line.sums, flat(item));
      line.parts.push(partOf(hostId, item));
      byKey.set(key, line);
      labels.set(key, labels.get(key) || labelOf(key, hostId));
    }
  }
  const lines = Array.from(byKey, ([key, { sums, parts }]) => ({
    key,
    label: labels.get(key) ?? labelOf(key, ""),
    ...split(sums),
    parts,
  }));
  const total = spends.reduce<Sums>((sum, spend) => addSpend(sum, flat(spend.total)), {});
  return { lines: asked.by === "day" ? lines : lines.toSorted(byCost), total: split(total) };
}

function flat({ coordination, infrastructure }: SpendItem): Sums {
  return { ...coordination, ...infrastructure };
}

function partOf(hostId: string, { coordination, infrastructure }: SpendItem): SpendLine["parts"][number] {
  const { costUsd } = coordination;
  const { wallMs } = infrastructure;
  return { hostId, ...(costUsd !== undefined && { costUsd }), ...(wallMs !== undefined && { wallMs }) };
}

function split({
  cpuMs,
  wallMs,
  peakMemoryBytes,
  ...coordination
}: Sums): Pick<SpendLine, "coordination" | "infrastructure"> {
  const infrastructure = {
    ...(cpuMs !== undefined && { cpuMs }),
    ...(wallMs !== undefined && { wallMs }),
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
  };
  return { coordination, infrastructure };
}

function byCost(a: SpendLine, b: SpendLine): number {
  const usd = (b.coordination.costUsd ?? -1) - (a.coordination.costUsd ?? -1);
  return usd || (b.infrastructure.wallMs ?? 0) - (a.infrastructure.wallMs ?? 0) || (a.label < b.label ? -1 : 1);
}
