import type { FleetOverlap, ForecastBranch, ForecastPair } from "../../protocol/fleetConflicts.ts";

/** How much work an overlap may become, against each other. */
const weights: Readonly<Record<Exclude<FleetOverlap, "(unknown)">, number>> = {
  none: 0,
  sameFile: 1,
  sameHunk: 10,
  conflict: 1_000,
};

/**
 * Sessions in the order in which to merge their branches: each time the one whose merge leaves the others the least to
 * mend; those that conflict with their base, or with what is merged before them, last. The same forecast gives the same order.
 */
export function mergeOrder(branches: readonly ForecastBranch[], pairs: readonly ForecastPair[]): string[] {
  const left = new Map(branches.map((branch) => [branch.session, weightOf(branch.overlap) * branches.length]));
  const met = new Map(branches.map(({ session }) => [session, new Map<string, number>()]));
  for (const { first, second, overlap } of pairs) {
    met.get(first)?.set(second, weightOf(overlap));
    met.get(second)?.set(first, weightOf(overlap));
  }
  const order: string[] = [];
  while (left.size > 0) {
    const costs = Array.from(left, ([session, own]) => {
      const others = Array.from(met.get(session) ?? []).filter(([other]) => left.has(other));
      return { session, cost: others.reduce((sum, [, weight]) => sum + weight, own) };
    });
    const next = costs.toSorted((a, b) => a.cost - b.cost || (a.session < b.session ? -1 : 1))[0];
    if (next === undefined) break;
    order.push(next.session);
    left.delete(next.session);
    // Whoever overlaps with it has that to mend already, and comes after those that have nothing.
    for (const [other, weight] of met.get(next.session) ?? []) {
      const own = left.get(other);
      if (own !== undefined) left.set(other, own + weight * branches.length);
    }
  }
  return order;
}

function weightOf(overlap: FleetOverlap): number {
  return overlap === "(unknown)" ? 0 : weights[overlap];
}
