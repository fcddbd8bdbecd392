import * as z from "zod/mini";
import { assertNever } from "../base/appError.ts";
import { type ActionOf, compact, defineActions, loose, openEnum, opt, set, Timestamp, upsert } from "./schema.ts";

/**
 * What agents cost, in two kinds that are never added up: *coordination*, the tokens and US dollars of models, and
 * *infrastructure*, the time and memory of the host's machine. What is not known is absent, never 0.
 */

/** Each kind apart: what came from or went into a cache is not in the input, thinking is not in the output. */
const tokens = {
  inputTokens: opt(z.number()),
  outputTokens: opt(z.number()),
  cachedReadTokens: opt(z.number()),
  cachedWriteTokens: opt(z.number()),
  thoughtTokens: opt(z.number()),
};
export const TokenCounts = loose(tokens);
export type TokenCounts = z.infer<typeof TokenCounts>;
export const tokenKinds = Object.keys(tokens) as readonly (keyof TokenCounts)[];

/** Who says what it costs: the agent itself, or the prices in the host's configuration. */
export const CostSource = openEnum(["agent", "prices"]);
export type CostSource = z.infer<typeof CostSource>;

/**
 * How the machine was measured: by the session's control group, which misses nothing, or by looking at its processes
 * now and then, which misses what a process did in its last seconds before it ended on its own.
 */
export const MachineSource = openEnum(["cgroup", "processes"]);
export type MachineSource = z.infer<typeof MachineSource>;

export const infrastructureMembers = {
  /** Of all processes of the session, those that have ended included. */
  cpuMs: opt(z.number()),
  /** How long it was at work. */
  wallMs: opt(z.number()),
  /** The most that all its processes held at one time. */
  peakMemoryBytes: opt(z.number()),
};

export const coordinationMembers = {
  turns: opt(z.number()),
  ...tokens,
  /** What is known of the cost in US dollars; absent while nothing is. */
  costUsd: opt(z.number()),
  /** The part of it that was computed from prices. */
  computedUsd: opt(z.number()),
  /** Turns whose cost nobody knows: the sums lack them. */
  unpricedTurns: opt(z.number()),
  /** Turns of which the agent tells the tokens of its last request alone: the sums of tokens lack the rest. */
  partialTurns: opt(z.number()),
};

export const Coordination = loose(coordinationMembers);
export type Coordination = z.infer<typeof Coordination>;
export const Infrastructure = loose(infrastructureMembers);
export type Infrastructure = z.infer<typeof Infrastructure>;

/** Totals of a session. */
export const FleetUsage = loose({ ...coordinationMembers, inputTokens: z.number(), outputTokens: z.number() });
export type FleetUsage = z.infer<typeof FleetUsage>;

/** What one turn cost, of both kinds. */
export const TurnSpend = loose({
  turnId: z.string(),
  model: opt(z.string()),
  ...tokens,
  costUsd: opt(z.number()),
  costSource: opt(CostSource),
  isPartial: opt(z.boolean()),
  ...infrastructureMembers,
  machineSource: opt(MachineSource),
  /** It has ended, and nobody knows what it cost. */
  isUnpriced: opt(z.boolean()),
});
export type TurnSpend = z.infer<typeof TurnSpend>;

export const BudgetScope = openEnum(["session", "repository", "user", "fleet"]);
export type BudgetScope = z.infer<typeof BudgetScope>;

const budget = {
  scope: BudgetScope,
  limitUsd: z.number(),
  spentUsd: z.number(),
  /** `2026-11-23` or `2026-11` (UTC); absent for a budget without an end. */
  period: opt(z.string()),
};

/** A budget that the session comes under, as it was when the session was last told of it. */
export const BudgetShare = loose({ ...budget, /** 50, 80 or 100. */ percent: z.number() });
export type BudgetShare = z.infer<typeof BudgetShare>;

/** The session waits for a person to say how it goes on; the question is `requestId` in its running turn. */
export const FleetPause = loose({ ...budget, turnId: z.string(), requestId: z.string(), at: Timestamp });
export type FleetPause = z.infer<typeof FleetPause>;

const FleetSpend = loose({
  machine: opt(Infrastructure),
  /** The latest turns, oldest first. */
  turns: z.array(TurnSpend),
  /** What the agent last said that its conversation has cost altogether: the next such number is held against it. */
  conversationCostUsd: opt(z.number()),
  /** The session's own budget, where a person has set one; else the host's configuration decides. */
  budgetUsd: opt(z.number()),
  budgets: z.array(BudgetShare),
  paused: opt(FleetPause),
  /** This turn may go past the budget. */
  onceMoreTurn: opt(z.string()),
});
export type FleetSpend = z.infer<typeof FleetSpend>;

/** Members of `FleetSessionState`. */
export const spendMembers = { usage: FleetUsage, spend: opt(FleetSpend) };

export const spendActions = defineActions({
  /** What was used since the last such action, to be added to the turn's and the session's totals. */
  "x-fleet/usageAdded": {
    turnId: opt(z.string()),
    model: opt(z.string()),
    ...tokens,
    costUsd: opt(z.number()),
    costSource: opt(CostSource),
    isPartial: opt(z.boolean()),
    conversationCostUsd: opt(z.number()),
  },
  /** `cpuMs` and `wallMs` since the last such action; the peak of memory as such. `endsTurn`: the turn is over. */
  "x-fleet/machineUsed": {
    turnId: opt(z.string()),
    ...infrastructureMembers,
    source: opt(MachineSource),
    endsTurn: opt(z.boolean()),
  },
  /** Without `usd` the host's configuration decides again. */
  "x-fleet/budgetSet": { usd: opt(z.number()) },
  /** The session was told how much of a budget is used. */
  "x-fleet/budgetReached": { ...budget, percent: z.number() },
  "x-fleet/paused": { ...budget, turnId: z.string(), requestId: z.string(), at: Timestamp },
  /** `once`: this turn may end, whatever it costs. */
  "x-fleet/resumed": { decision: openEnum(["raise", "once", "stop"]) },
});
export type SpendAction = ActionOf<typeof spendActions>;

/** Older turns are in the log, and their sums in the totals. */
export const maxTurnsKept = 200;

export interface SpendState {
  usage: FleetUsage;
  spend?: FleetSpend | undefined;
}

export function reduceSpend<S extends SpendState>(state: S, action: SpendAction): S {
  return set<SpendState>(state, changes(state, action)) as S;
}

/** A conversation of its own starts at nothing. */
export function forgetConversationCost<S extends SpendState>(state: S): S {
  return state.spend
    ? (set<SpendState>(state, { spend: set(state.spend, { conversationCostUsd: undefined }) }) as S)
    : state;
}

export const noSpend: FleetSpend = { turns: [], budgets: [] };

function changes(state: SpendState, action: SpendAction): Partial<SpendState> {
  const spend = state.spend ?? noSpend;
  switch (action.type) {
    case "x-fleet/usageAdded":
      return addUsage(state, action);
    case "x-fleet/machineUsed":
      return addMachine(state, action);
    case "x-fleet/budgetSet":
      return { spend: set(spend, { budgetUsd: action.usd }) };
    case "x-fleet/budgetReached": {
      const { type: _type, ...share } = action;
      return { spend: set(spend, { budgets: upsert(spend.budgets, compact(share), ({ scope }) => scope) }) };
    }
    case "x-fleet/paused": {
      const { type: _type, ...pause } = action;
      return { spend: set(spend, { paused: compact(pause), onceMoreTurn: undefined }) };
    }
    case "x-fleet/resumed": {
      const onceMoreTurn = action.decision === "once" ? spend.paused?.turnId : undefined;
      return { spend: set(spend, { paused: undefined, onceMoreTurn }) };
    }
    default:
      return assertNever(action);
  }
}

function addUsage(
  state: SpendState,
  action: Extract<SpendAction, { type: "x-fleet/usageAdded" }>,
): Partial<SpendState> {
  const { turnId, model, costUsd, costSource, isPartial, conversationCostUsd } = action;
  const { turn, isNew } = turnOf(state, turnId);
  const isPriced = costUsd !== undefined && turn?.isUnpriced === true;
  const isNewlyPartial = isPartial === true && turn?.isPartial !== true;
  const changed =
    turn &&
    set(turn, {
      ...addTokens(turn, action),
      model: model ?? turn.model,
      costUsd: plus(turn.costUsd, costUsd),
      costSource: costSource ?? turn.costSource,
      isPartial: isPartial ?? turn.isPartial,
      isUnpriced: isPriced ? undefined : turn.isUnpriced,
    });
  const { usage } = state;
  return {
    usage: set(usage, {
      ...addTokens(usage, action),
      inputTokens: usage.inputTokens + (action.inputTokens ?? 0),
      outputTokens: usage.outputTokens + (action.outputTokens ?? 0),
      turns: plus(usage.turns, isNew ? 1 : undefined),
      costUsd: plus(usage.costUsd, costUsd),
      computedUsd: plus(usage.computedUsd, costSource === "prices" ? costUsd : undefined),
      unpricedTurns: plus(usage.unpricedTurns, isPriced ? -1 : undefined),
      partialTurns: plus(usage.partialTurns, isNewlyPartial ? 1 : undefined),
    }),
    spend: withTurn(
      set(state.spend ?? noSpend, {
        conversationCostUsd: conversationCostUsd ?? state.spend?.conversationCostUsd,
      }),
      changed,
    ),
  };
}

function addMachine(
  state: SpendState,
  action: Extract<SpendAction, { type: "x-fleet/machineUsed" }>,
): Partial<SpendState> {
  const { turnId, source, endsTurn } = action;
  const { turn, isNew } = turnOf(state, turnId);
  const isUnpriced = endsTurn === true && turn !== undefined && turn.costUsd === undefined;
  const changed =
    turn &&
    set(turn, {
      ...addInfrastructure(turn, action),
      machineSource: source ?? turn.machineSource,
      isUnpriced: isUnpriced || turn.isUnpriced,
    });
  const { usage } = state;
  const spend = state.spend ?? noSpend;
  return {
    usage: set(usage, {
      turns: plus(usage.turns, isNew ? 1 : undefined),
      unpricedTurns: plus(usage.unpricedTurns, isUnpriced && turn.isUnpriced !== true ? 1 : undefined),
    }),
    spend: withTurn(
      set(spend, { machine: set(spend.machine ?? {}, addInfrastructure(spend.machine ?? {}, action)) }),
      changed,
    ),
  };
}

function turnOf(
  { spend }: SpendState,
  turnId: string | undefined,
): { readonly turn: TurnSpend | undefined; readonly isNew: boolean } {
  if (turnId === undefined) return { turn: undefined, isNew: false };
  const known = spend?.turns.findLast((turn) => turn.turnId === turnId);
  return { turn: known ?? { turnId }, isNew: known === undefined };
}

function withTurn(spend: FleetSpend, turn: TurnSpend | undefined): FleetSpend {
  if (turn === undefined) return spend;
  return set(spend, { turns: upsert(spend.turns, turn, ({ turnId }) => turnId).slice(-maxTurnsKept) });
}

/** The sum of what is known; `undefined` if neither is. */
function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a + b;
}

function addTokens(a: TokenCounts, b: TokenCounts): TokenCounts {
  return Object.fromEntries(tokenKinds.map((kind) => [kind, plus(a[kind], b[kind])]));
}

function addInfrastructure(a: Infrastructure, b: Infrastructure): Infrastructure {
  const peaks = [a.peakMemoryBytes, b.peakMemoryBytes].filter((peak) => peak !== undefined);
  return {
    cpuMs: plus(a.cpuMs, b.cpuMs),
    wallMs: plus(a.wallMs, b.wallMs),
    peakMemoryBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
  };
}

/** Everything of both kinds that `b` adds to `a`. */
export function addSpend<T extends Coordination & Infrastructure>(a: T, b: Coordination & Infrastructure): T {
  return set<Coordination & Infrastructure>(a, {
    ...addTokens(a, b),
    ...addInfrastructure(a, b),
    turns: plus(a.turns, b.turns),
    costUsd: plus(a.costUsd, b.costUsd),
    computedUsd: plus(a.computedUsd, b.computedUsd),
    unpricedTurns: plus(a.unpricedTurns, b.unpricedTurns),
    partialTurns: plus(a.partialTurns, b.partialTurns),
  }) as T;
}

const sumKeys = Object.keys(coordinationMembers) as readonly (keyof Coordination)[];
const timeKeys = ["cpuMs", "wallMs"] as const;

/** What the totals of a session have grown by, but for the peak of memory, which does not grow; `undefined` for nothing. */
export function spendGrowth(before: SpendState, after: SpendState): (Coordination & Infrastructure) | undefined {
  const machineBefore = before.spend?.machine ?? {};
  const machineAfter = after.spend?.machine ?? {};
  const grown = [
    ...sumKeys.map((key) => [key, difference(before.usage[key], after.usage[key])] as const),
    ...timeKeys.map((key) => [key, difference(machineBefore[key], machineAfter[key])] as const),
  ].filter(([, value]) => value !== undefined);
  return grown.length === 0 ? undefined : Object.fromEntries(grown);
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return after === undefined || after === before ? undefined : after - (before ?? 0);
}
