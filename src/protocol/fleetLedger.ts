import * as z from "zod/mini";
import {
  addSpend,
  BudgetScope,
  Coordination,
  coordinationMembers,
  Infrastructure,
  infrastructureMembers,
} from "./fleetSpend.ts";
import {
  type ActionOf,
  compact,
  defineActions,
  loose,
  Meta,
  opt,
  set,
  type UnknownAction,
  upsert,
  Uri,
} from "./schema.ts";

/** What a session used of one model on one day. */
export const SpendRow = loose({
  session: Uri,
  /** Without credentials. */
  repository: z.string(),
  user: z.string(),
  /** The kind of agent. */
  provider: opt(z.string()),
  model: opt(z.string()),
  ...coordinationMembers,
  ...infrastructureMembers,
});
export type SpendRow = z.infer<typeof SpendRow>;

const raised = {
  scope: BudgetScope,
  /** The repository or the user; empty for the fleet. */ key: z.string(),
  usd: z.number(),
};

/**
 * Channel `x-fleet-spend:/<period>`: the host's ledger of one day, and what people have added to the budgets of that day or
 * month. It outlives the sessions. Clients do not follow it: they ask by `x-fleet/spend`.
 */
export const FleetSpendState = loose({ rows: z.array(SpendRow), raised: z.array(loose(raised)) });
export type FleetSpendState = z.infer<typeof FleetSpendState>;

export const fleetSpendActions = defineActions({
  /** To be added to the row of the same session and model. */
  "x-fleet/spent": { row: SpendRow },
  "x-fleet/budgetRaised": raised,
});
export type FleetSpendAction = ActionOf<typeof fleetSpendActions>;

export function reduceFleetSpend(state: FleetSpendState, action: FleetSpendAction | UnknownAction): FleetSpendState {
  switch (action.type) {
    case "x-fleet/spent": {
      const { row } = action;
      const known = state.rows.find((each) => rowKey(each) === rowKey(row));
      return set(state, { rows: upsert(state.rows, known ? addSpend(known, row) : compact(row), rowKey) });
    }
    case "x-fleet/budgetRaised": {
      const { type: _type, ...added } = action;
      return set(state, { raised: [...state.raised, added] });
    }
    case "(unknown)":
    default:
      return state;
  }
}

function rowKey({ session, model }: SpendRow): string {
  return `${session}\n${model ?? ""}`;
}

export const spendKinds = ["session", "repository", "user", "day", "agent", "model"] as const;
export type SpendKind = (typeof spendKinds)[number];

/** One line of a report: what it is of (empty where nobody knows), and what that cost. */
export const SpendItem = loose({ key: z.string(), coordination: Coordination, infrastructure: Infrastructure });
export type SpendItem = z.infer<typeof SpendItem>;

/** `x-fleet/spend`: what was spent from one day to another, both in it (UTC). Users see their own, admins everything. */
export const SpendReport = {
  params: loose({
    channel: Uri,
    _meta: opt(Meta),
    /** A day such as `2026-11-23`; without it, the first of the month. */
    from: opt(z.string()),
    /** Without it, today. */
    to: opt(z.string()),
    by: z.enum(spendKinds),
    /** Only these. */
    session: opt(Uri),
    repository: opt(z.string()),
    user: opt(z.string()),
    limit: opt(z.number()),
    cursor: opt(z.string()),
  }),
  /** Days in their order; everything else by cost, the dearest first. `total` is of all pages. */
  result: loose({
    from: z.string(),
    to: z.string(),
    items: z.array(SpendItem),
    total: SpendItem,
    nextCursor: opt(z.string()),
  }),
} as const;
