import type { BudgetShare, FleetSpend } from "../../protocol/fleetSpend.ts";
import { repositoryKey } from "../../protocol/uris.ts";
import type { BudgetConfig, SpendConfig } from "./spendConfig.ts";

export type Scope = "session" | "repository" | "user" | "fleet";

/** Whose money it is. */
export interface Spender {
  readonly session: string;
  readonly repository: string;
  readonly user: string;
}

export interface Budget {
  readonly scope: Scope;
  /** The session, the repository (`repositoryKey`) or the user; empty for the fleet. */
  readonly key: string;
  readonly limitUsd: number;
  /** `2026-11-23` or `2026-11`; absent for a session's, which has no end. */
  readonly period?: string;
}

/** A budget with what is spent of it. */
export interface BudgetUse extends Budget {
  readonly spentUsd: number;
}

/** What has been added to a budget for its period. */
export type RaisedBy = (budget: Budget) => number;

/**
 * The budgets that a session comes under, the narrowest first.
 * @param own the session's own state, where a person may have set another budget than the configuration's
 */
export function budgetsOf(
  config: SpendConfig["budgets"],
  spender: Spender,
  own: Pick<FleetSpend, "budgetUsd"> | undefined,
  nowMs: number,
  raisedBy: RaisedBy,
): readonly Budget[] {
  const repository = repositoryKey(spender.repository);
  const named = Object.entries(config.repositories).find(([address]) => repositoryKey(address) === repository)?.[1];
  const ofUser = Object.hasOwn(config.users, spender.user) ? config.users[spender.user] : undefined;
  const sessionUsd = own?.budgetUsd ?? config.session?.usd;
  const periodic = (scope: Scope, key: string, budget: BudgetConfig | undefined): Budget[] => {
    if (budget === undefined) return [];
    const asConfigured = { scope, key, limitUsd: budget.usd, period: periodOf(nowMs, budget.per) };
    return [{ ...asConfigured, limitUsd: budget.usd + raisedBy(asConfigured) }];
  };
  return [
    ...(sessionUsd === undefined ? [] : [{ scope: "session" as const, key: spender.session, limitUsd: sessionUsd }]),
    ...periodic("repository", repository, named ?? config.repository),
    ...periodic("user", spender.user, ofUser ?? config.user),
    ...periodic("fleet", "", config.fleet),
  ];
}

/** What people may set as the budget of a session. */
export function isBudget(usd: number): boolean {
  return usd > 0 && usd <= 1_000_000;
}
export const budgetRule = "A budget is more than $0, and at most $1,000,000.";

/** In UTC. */
export function periodOf(nowMs: number, per: "day" | "month"): string {
  return new Date(nowMs).toISOString().slice(0, per === "day" ? 10 : 7);
}

export const thresholds = [100, 80, 50] as const;

/** The highest of 50, 80 and 100 % that is reached; 0 for less. */
export function percentOf({ spentUsd, limitUsd }: Pick<BudgetUse, "spentUsd" | "limitUsd">): number {
  // A sum of many small ones may miss the limit by less than anybody pays.
  return thresholds.find((percent) => spentUsd >= (limitUsd * percent) / 100 - 1e-9) ?? 0;
}

/** Which of the budgets have come to a share that the session was not told of, and to which. */
export function newlyReached(
  uses: readonly BudgetUse[],
  told: readonly BudgetShare[],
): readonly { readonly use: BudgetUse; readonly percent: number }[] {
  return uses.flatMap((use) => {
    const percent = percentOf(use);
    const before = told.find(
      (share) => share.scope === use.scope && share.period === use.period && share.limitUsd === use.limitUsd,
    );
    return percent > (before?.percent ?? 0) ? [{ use, percent }] : [];
  });
}

/** The first that is used up. */
export function exhausted(uses: readonly BudgetUse[]): BudgetUse | undefined {
  return uses.find((use) => percentOf(use) === 100);
}
