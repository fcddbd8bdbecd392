import * as z from "zod/mini";

const Usd = z.number().check(z.minimum(0), z.maximum(1_000_000));

/**
 * US dollars for a million tokens of each kind, for agents that tell tokens and no cost. The first entry that fits counts,
 * so the special ones go before the general ones.
 *
 *     { "agent": "codex", "model": "gpt-5*", "input": 1.25, "cachedRead": 0.125, "output": 10 }
 */
export const Price = z.looseObject({
  /** The agent's id in this configuration; without it, every agent. */
  agent: z.optional(z.string()),
  /** As the agent names it, with `*` for any characters; without it, every model. */
  model: z.optional(z.string()),
  input: Usd,
  output: Usd,
  /** Without it, as input. */
  cachedRead: z.optional(Usd),
  /** Without it, as input. */
  cachedWrite: z.optional(Usd),
  /** Without it, as output. */
  thought: z.optional(Usd),
});
export type Price = z.infer<typeof Price>;

const Budget = z.looseObject({
  usd: z.number().check(z.positive(), z.maximum(1_000_000)),
  /** A day or a month, in UTC. Default "month". */
  per: z._default(z.enum(["day", "month"]), "month"),
});
export type BudgetConfig = z.infer<typeof Budget>;

/** Prices and budgets. Without any nothing is computed and nothing is held back. */
export const SpendConfig = z._default(
  z.looseObject({
    prices: z._default(z.array(Price), []),
    budgets: z._default(
      z.looseObject({
        /** Of each session, in all, unless somebody has set another one. */
        session: z.optional(z.looseObject({ usd: z.number().check(z.positive(), z.maximum(1_000_000)) })),
        /** Of each repository that has no entry in `repositories`. */
        repository: z.optional(Budget),
        /** By address, in any spelling. */
        repositories: z._default(z.record(z.string(), Budget), {}),
        /** Of each user that has no entry in `users`. */
        user: z.optional(Budget),
        users: z._default(z.record(z.string(), Budget), {}),
        /** Of everything on this host. */
        fleet: z.optional(Budget),
      }),
      { repositories: {}, users: {} },
    ),
  }),
  { prices: [], budgets: { repositories: {}, users: {} } },
);
export type SpendConfig = z.infer<typeof SpendConfig>;
